"""Who may do what: the one table that the tests try cell by cell and that docs/access.md shows.

A rule holds for a group of operations. It gives the answer to each caller for what is public, and for what is for
partners only; `own` stands for what belongs to the contributor's partner, and a coordinator of an umbrella association is
tried on what belongs to a member of it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from app.access.voices import Voice
from app.catalogue import FEATURES
from app.resources.words import BY_COORDINATORS, BY_OPERATORS, BY_OWNER_TOO, BY_PARTIES

CALLERS = (
    *("anonymous", "reader", "contributor", "contributor, own", "coordinator", "coordinator, umbrella"),
    *("admin", "operator"),
)
DOCUMENT = Path(__file__).parents[2] / "docs/access.md"

# What is put below another has rules of its own; the rest is whose its declaration says.
POSTED = tuple(feature for feature in FEATURES if feature.kind.within is None)
OWNED = tuple(each.kind.path for each in POSTED if each.kind.rights.by == BY_OWNER_TOO.by)
SHARED = tuple(each.kind.path for each in POSTED if each.kind.rights.by == BY_COORDINATORS.by)
KEPT = tuple(each.kind.path for each in POSTED if each.kind.rights.by == BY_OPERATORS.by)
OWN_WORDS = tuple(each.kind.path for each in POSTED if each.kind.rights.by == {Voice.partner})
OF_AUTHORITY = tuple(each.kind.path for each in POSTED if each.kind.rights.by == {Voice.authority})
OF_PARTIES = tuple(each.kind.path for each in POSTED if each.kind.rights.by == BY_PARTIES.by)
RESOURCES = (*OWNED, *SHARED, *KEPT, *OWN_WORDS, *OF_AUTHORITY, *OF_PARTIES)


class Rule(NamedTuple):
    """What a group of operations answers to each caller: first for what is public, then for what is for partners.

    `whose` are words that not every coordinator writes: it tells how others are refused.
    """

    name: str
    operations: tuple[str, ...]
    public: tuple[int, ...]
    partners_only: tuple[int, ...] = ()
    whose: Voice | None = None

    @property
    def partners(self) -> tuple[int, ...]:
        """The answers for what is for partners only, which can be the same."""
        return self.partners_only or self.public


def on(paths: tuple[str, ...], *operations: str) -> tuple[str, ...]:
    """The operations of some resources."""
    return tuple(
        f"{method} /{path}{rest}" for path in paths for method, _, rest in (each.partition(" ") for each in operations)
    )


def named(paths: tuple[str, ...]) -> str:
    """What people call these resources, in the middle of a sentence."""
    labels = [each.label.en[0].lower() + each.label.en[1:] for each in POSTED if each.kind.path in paths]
    return " and ".join(filter(None, (", ".join(labels[:-1]), labels[-1])))


STATEMENT = "/decisions/{id}/statements/{partner_id}"
OBSERVATION = "/indicators/{id}/observations/{on}"
PARTICIPANT = "/consultation-events/{id}/participants/{partner_id}"
REPORTS = (
    "progress",
    "progress/sub-measures",
    "early-involvement",
    "early-involvement/decisions",
    "early-involvement/partners",
    "indicators",
    "exchange",
    "upcoming",
)

ALL, ALL_BUT_ANONYMOUS = (200,) * 8, (404, *(200,) * 7)
EVENTS = ("consultation-events",)
PARTNER, AUTHORITY = Voice.partner, Voice.authority

RULES = (
    Rule("Read one, and its history", on(RESOURCES, "get /{id}", "get /{id}/history"), ALL, ALL_BUT_ANONYMOUS),
    Rule("Read lists: what one may not see is absent", on(RESOURCES, "get "), ALL),
    Rule(
        "Read a statement, an observation or their history",
        tuple(f"get {path}{rest}" for path in (STATEMENT, OBSERVATION) for rest in ("", "/history")),
        ALL,
        ALL_BUT_ANONYMOUS,
    ),
    Rule(
        "List statements and observations, read the involvement in a decision",
        ("get /decisions/{id}/statements", "get /indicators/{id}/observations", "get /decisions/{id}/involvement"),
        ALL,
        ALL_BUT_ANONYMOUS,
    ),
    Rule(
        "Read reports: what one may not see is not counted",
        tuple(f"get /reports/{report}{suffix}" for report in REPORTS for suffix in ("", ".{suffix}")),
        ALL,
    ),
    Rule(
        "Export lists as a whole: what one may not see is absent",
        tuple(f"get /exports/{feature.kind.path.rpartition('/')[2]}.{{suffix}}" for feature in FEATURES),
        ALL,
    ),
    Rule("Follow changes: what one may not see is absent", ("get /changes", "get /changes/stream"), ALL),
    Rule(f"Create {named(OWNED)}", on(OWNED, "post "), (401, 403, 403, 201, 201, 201, 201, 201)),
    Rule(f"Change {named(OWNED)}", on(OWNED, "patch /{id}"), (401, 403, 403, 200, 200, 200, 200, 200)),
    Rule(
        "Delete sub-measures",
        on(tuple(each for each in OWNED if each not in EVENTS), "delete /{id}"),
        (401, 403, 403, 204, 204, 204, 204, 204),
    ),
    Rule(
        "Delete an event that a partner organises",
        on(EVENTS, "delete /{id}"),
        (401, 403, 403, 204, 403, 403, 403, 403),
        whose=PARTNER,
    ),
    Rule("Set an observation", (f"put {OBSERVATION}",), (401, 403, 403, 200, 200, 200, 200, 200)),
    Rule("Delete an observation", (f"delete {OBSERVATION}",), (401, 403, 403, 204, 204, 204, 204, 204)),
    Rule(f"Create {named(OWN_WORDS)}", on(OWN_WORDS, "post "), (401, 403, 403, 201, 403, 403, 403, 403), whose=PARTNER),
    Rule(
        f"Change the words of {named(OWN_WORDS)}",
        on(OWN_WORDS, "patch /{id}"),
        (401, 403, 403, 200, 403, 403, 403, 403),
        whose=PARTNER,
    ),
    Rule(
        f"Delete {named(OWN_WORDS)} that nobody answered",
        on(OWN_WORDS, "delete /{id}"),
        (401, 403, 403, 204, 403, 403, 403, 403),
        whose=PARTNER,
    ),
    Rule(
        "Change the words of a statement, say whether one comes to an event",
        (f"put {STATEMENT}", f"patch {STATEMENT}", f"put {PARTICIPANT}"),
        (401, 403, 403, 200, 403, 403, 403, 403),
        whose=PARTNER,
    ),
    Rule(
        "Take back a statement, or that one comes",
        (f"delete {STATEMENT}", f"delete {PARTICIPANT}"),
        (401, 403, 403, 204, 403, 403, 403, 403),
        whose=PARTNER,
    ),
    Rule("Announce decisions", on(OF_AUTHORITY, "post "), (401, 403, 403, 403, 201, 403, 201, 201), whose=AUTHORITY),
    Rule(
        "Change decisions", on(OF_AUTHORITY, "patch /{id}"), (401, 403, 403, 403, 200, 403, 200, 200), whose=AUTHORITY
    ),
    Rule(
        "Delete decisions", on(OF_AUTHORITY, "delete /{id}"), (401, 403, 403, 403, 204, 403, 204, 204), whose=AUTHORITY
    ),
    Rule(f"Create {named(SHARED)}", on(SHARED, "post "), (401, 403, 403, 403, 201, 201, 201, 201)),
    Rule(f"Change {named(SHARED)}", on(SHARED, "patch /{id}"), (401, 403, 403, 403, 200, 200, 200, 200)),
    Rule(f"Delete {named(SHARED)}", on(SHARED, "delete /{id}"), (401, 403, 403, 403, 204, 204, 204, 204)),
    Rule(f"Create {named(KEPT)}", on(KEPT, "post "), (401, 403, 403, 403, 403, 403, 403, 201)),
    Rule(
        f"Change {named(KEPT)}; an admin does what its own partner says of itself",
        on(KEPT, "patch /{id}"),
        (401, 403, 403, 403, 403, 403, 403, 200),
    ),
    Rule(f"Delete {named(KEPT)}", on(KEPT, "delete /{id}"), (401, 403, 403, 403, 403, 403, 403, 204)),
    Rule("Raise an objection, make a proposal", on(OF_PARTIES, "post "), (401, 403, 201, 201, 201, 201, 201, 201)),
    Rule("Withdraw them: who said it", on(OF_PARTIES, "patch /{id}"), (401, 403, 403, 200, 403, 403, 403, 403)),
    Rule(
        "Get a receipt",
        (*on(("decisions", "progress-reports"), "get /{id}/receipt"), f"get {STATEMENT}/receipt"),
        ALL,
        ALL_BUT_ANONYMOUS,
    ),
    Rule(
        "Read what proves the log: it is one for all circles",
        (
            *(f"get /log/{part}" for part in ("key", "checkpoint", "leaves", "cosigners")),
            *(f"get /log/proofs/{part}" for part in ("inclusion", "consistency")),
        ),
        ALL,
    ),
    Rule(
        "Register a key of one's partner and cosign checkpoints with it",
        ("post /log/cosigners", "post /log/cosignatures"),
        (401, 403, 201, 201, 201, 201, 201, 201),
    ),
    Rule(
        "Subscribe to calendars: what one may not see is absent; at a secret address one reads as its partner does",
        ("get /calendar.ics", "get /calendar-feeds/{name}.ics"),
        ALL,
    ),
    Rule("Read what terms mean", ("get /vocabularies", "get /vocabularies/{name}"), ALL),
    Rule("List the secret addresses of one's own partner", ("get /calendar-feeds",), (401, 403, *(200,) * 6)),
    Rule("Make one", ("post /calendar-feeds",), (401, 403, *(201,) * 6)),
    Rule("Read about one", ("get /calendar-feeds/{id}",), (401, 403, 404, 200, 404, 404, 404, 404)),
    Rule("Revoke one", ("delete /calendar-feeds/{id}",), (401, 403, 404, 204, 404, 404, 404, 404)),
    Rule("Read the key that one has", ("get /keys/current",), (401, *(200,) * 7)),
    Rule("Replace it", ("post /keys/current/rotation",), (401, *(201,) * 7)),
    Rule("Revoke it", ("delete /keys/current",), (401, *(204,) * 7)),
    Rule("List keys: those of the own partner", ("get /keys",), (401, 403, 403, 403, 403, 403, 200, 200)),
    Rule("Read another partner's key", ("get /keys/{id}",), (401, 403, 403, 403, 403, 403, 404, 200)),
    Rule(
        "Make a key for another partner, which has none that keeps it",
        ("post /keys",),
        (401, 403, 403, 403, 403, 403, 403, 201),
    ),
    Rule(
        "Replace another partner's key",
        ("post /keys/{id}/rotation",),
        (401, 403, 403, 403, 403, 403, 404, 403),
    ),
    Rule("Revoke another partner's key", ("delete /keys/{id}",), (401, 403, 403, 403, 403, 403, 404, 204)),
    Rule("List what was redacted", ("get /redactions",), ALL),
    Rule(
        "Redact what no partner stands for; the rest is proposed",
        ("post /redactions",),
        (401, 403, 403, 403, 403, 403, 200, 200),
    ),
    Rule("List webhook endpoints: those of the own partner", ("get /webhook-endpoints",), (401, 403, *(200,) * 6)),
    Rule(
        "Read a webhook endpoint and its deliveries",
        ("get /webhook-endpoints/{id}", "get /webhook-endpoints/{id}/deliveries"),
        (401, 403, 404, 200, 404, 404, 404, 200),
    ),
    Rule("Have changes sent to an endpoint of the own partner", ("post /webhook-endpoints",), (401, 403, *(201,) * 6)),
    Rule(
        "Replace the secret of an endpoint",
        ("post /webhook-endpoints/{id}/secret",),
        (401, 403, 404, 201, 404, 404, 404, 201),
    ),
    Rule(
        "Have an endpoint pinged, or something delivered again",
        ("post /webhook-endpoints/{id}/ping", "post /webhook-endpoints/{id}/replay"),
        (401, 403, 404, 202, 404, 404, 404, 202),
    ),
    Rule("Change an endpoint", ("patch /webhook-endpoints/{id}",), (401, 403, 404, 200, 404, 404, 404, 200)),
    Rule("Delete an endpoint", ("delete /webhook-endpoints/{id}",), (401, 403, 404, 204, 404, 404, 404, 204)),
)

# What the same operations answer where they say something else: `SAID` is what is sent.
SAID: Mapping[str, Mapping[str, Any]] = {
    "patch /needs/{id}": {"status": "answered", "response": "Ja."},
    "patch /progress-reports/{id}": {"state": "returned", "return_reason": "Bitte genauer."},
    f"patch {STATEMENT}": {"taken_up": "adopted"},
    "patch /decisions/{id}": {"status": "refused", "refusal_reason": "Nein."},
    "post /decisions": {"title": "Haushalt", "kind": "financial", "status": "reported"},
    f"put {STATEMENT}": {"position": "support"},
    f"put {PARTICIPANT}": {"attendance": "attended"},
}
SAYING = (
    Rule(
        "Answer a need or a statement, accept or return a progress report",
        ("patch /needs/{id}", "patch /progress-reports/{id}", f"patch {STATEMENT}"),
        (401, 403, 403, 403, 200, 403, 200, 200),
        whose=AUTHORITY,
    ),
    Rule(
        "Take on or refuse a decision that was reported",
        ("patch /decisions/{id}",),
        (401, 403, 403, 403, 200, 403, 200, 200),
        whose=AUTHORITY,
    ),
    Rule(
        "Report a decision that the authority did not announce",
        ("post /decisions",),
        (401, 403, 201, 201, 403, 201, 403, 403),
        whose=Voice.associations,
    ),
    Rule(
        "Enter a statement that came on paper, where there is none",
        (f"put {STATEMENT}",),
        (401, 403, 403, 201, 201, 201, 201, 201),
        whose=PARTNER,
    ),
    Rule(
        "Say who was there, where another partner organises",
        (f"put {PARTICIPANT}",),
        (401, 403, 403, 403, 403, 403, 403, 403),
        whose=PARTNER,
    ),
)

# What even its owner may not change any more. Answers are the same for what is for partners.
FROZEN = (
    Rule(
        "Change a progress report that is accepted",
        ("patch /progress-reports/{id}",),
        (401, 403, 403, 409, 403, 403, 403, 403),
        whose=PARTNER,
    ),
    Rule(
        "Delete a progress report that is accepted",
        ("delete /progress-reports/{id}",),
        (401, 403, 403, 409, 409, 403, 409, 409),
        whose=AUTHORITY,
    ),
    Rule(
        "Change the words of a statement when its decision is made",
        (f"put {STATEMENT}",),
        (401, 403, 403, 409, 403, 403, 403, 403),
        whose=PARTNER,
    ),
    Rule(
        "Take back a statement when its decision is made",
        (f"delete {STATEMENT}",),
        (401, 403, 403, 409, 409, 409, 409, 409),
        whose=PARTNER,
    ),
    Rule(
        "Change what tells whether the partners were heard, when a decision is made",
        ("patch /decisions/{id}",),
        (401, 403, 403, 403, 409, 403, 409, 409),
        whose=AUTHORITY,
    ),
    Rule("Delete a decision that is made", ("delete /decisions/{id}",), (401, 403, 409, 409, 409, 409, 409, 409)),
)


# What belongs to an agreement that the partner of the key is no party of today: tests/access/test_agreements.py tries it.
BELONGING = (*OWNED, *SHARED)
WORDS = (*OWN_WORDS, *OF_AUTHORITY)
OUTSIDE = (
    Rule("Raise an objection, make a proposal there", on(OF_PARTIES, "post "), (401, *(403,) * 7)),
    Rule("Withdraw them there: who is no party any more", on(OF_PARTIES, "patch /{id}"), (401, *(403,) * 7)),
    Rule("Create in an agreement that one is no party of", on(BELONGING, "post "), (401, *(403,) * 7)),
    Rule("Change there", on(BELONGING, "patch /{id}"), (401, *(403,) * 7)),
    Rule("Delete there", on(BELONGING, "delete /{id}"), (401, *(403,) * 7)),
    Rule("Set an observation there", (f"put {OBSERVATION}",), (401, *(403,) * 7)),
    Rule("Delete an observation there", (f"delete {OBSERVATION}",), (401, *(403,) * 7)),
    Rule(
        "Say anything there: needs, progress reports, decisions, statements, participation",
        (
            *on(WORDS, "post ", "patch /{id}", "delete /{id}"),
            *(f"{method} {STATEMENT}" for method in ("put", "patch", "delete")),
            *(f"{method} {PARTICIPANT}" for method in ("put", "delete")),
        ),
        (401, *(403,) * 7),
    ),
)


class Cell(NamedTuple):
    """One cell of the table."""

    operation: str
    caller: str
    circle: str
    status: int
    whose: Voice | None


def cells(rules: tuple[Rule, ...]) -> Iterator[Cell]:
    """Every cell of these rules; a write that both circles are answered alike is of what fewer may see."""
    for rule in rules:
        for operation in rule.operations:
            is_alike = rule.public == rule.partners and not operation.startswith("get ")
            for circle, statuses in (("public", rule.public), ("partners", rule.partners))[is_alike:]:
                for caller, status in zip(CALLERS, statuses, strict=True):
                    yield Cell(operation, caller, circle, status, rule.whose)


MEANING: Mapping[int, str] = {
    401: "needs a key",
    403: "may see it, may not do it",
    404: "is not there for this caller",
    409: "is on record and frozen",
}


def rendered() -> str:
    """The table as a document."""
    lines = [
        "# Who may do what",
        "",
        "Every operation of the contract is in this table, and every cell of it is tried. Only what is written under ids of",
        "other systems, and each line of an import, is not: it is refused as the same write alone is.",
        "`own` means the partner of the key: it leads the sub-measure (also that of an indicator), organises the event, or",
        "it is the one that takes part, gives the statement, raises the need, reports, or reported the decision. Nothing is",
        "given away or taken. `coordinator`, `admin` and `operator` are the city's, on the side `authority`, tried on what is",
        "another partner's. `coordinator, umbrella` is an umbrella association's, tried on what is a member's: it has no more rights",
        "over its members' words than the city's has.",
        "",
        "Whoever is refused is told by which `rule` and who are the `writers`: `role` is too small, `ownership` means another",
        "partner's words, `side` those of another side of the agreement, `agreement` that the partner is no party of it on",
        "that day. The keys of admins and operators speak as their partner does, and for no other one. An admin keeps the keys",
        "of its own partner, and writes what that says of itself. An operator keeps partners and agreements, says on which day a",
        "statement came that was entered later, but for its own partner's, gives a partner its",
        "first keys, as long as that has none that gives out others, and revokes any. Nobody gives out a key that allows more",
        "than the own one. The last key of an operator that works cannot be revoked, and its partner not end: that is 409",
        "`last-operator`. Every key replaces and revokes itself.",
        "",
        "The register's own commands carry whatever is loaded by them. What is",
        "deleted is unsaid: who may not say all that it holds does not delete it. Keys of a partner whose `dissolved_on` has",
        "passed are expired. Objections and proposals are made by parties alone; what is proposed is confirmed or rejected,",
        "and objections are answered, by a party on another side: else the `rule` is `side`.",
        "",
        "Webhook endpoints are kept by their partner's own keys, contributors and above, and by operators; whoever else asks for one",
        "is told that there is none. What is sent to them is what the partner's keys see, and nothing while none of these works.",
        "",
        "A public resource is public in whole: there is one representation for everybody. What is not meant for all,",
        "such as a link to join online, belongs into an event whose visibility is `partners`. Statements and observations",
        "are never more visible than the decision or the indicator above them.",
        "",
        "Lists, totals, filters and reports count what the caller may see. There is one exception, on purpose: the",
        "involvement in a decision says that and when a partner was heard to everybody who may see the decision, also where",
        "the event or the statement is for partners only. What was said there stays with those who may see it.",
        "",
        *(f"- {status}: {meaning}" for status, meaning in MEANING.items()),
        "",
        f"| what | circle | {' | '.join(CALLERS)} |",
        f"|---|---|{'---|' * len(CALLERS)}",
    ]
    for rule in (*RULES, *SAYING, *FROZEN, *OUTSIDE):
        rows = {"public": rule.public, "partners": rule.partners}
        if rule.public == rule.partners:
            rows = {"both": rule.public}
        for circle, statuses in rows.items():
            lines.append(f"| {rule.name} | {circle} | {' | '.join(map(str, statuses))} |")
    lines += ["", "## Operations", ""]
    lines += [
        f"- {rule.name}: {', '.join(f'`{each.replace(chr(32), chr(32) + chr(47) + chr(118) + chr(49))}`' for each in rule.operations)}"
        for rule in RULES
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(rendered(), "utf-8")
