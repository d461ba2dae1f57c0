"""Who may do what: the one table that the tests try cell by cell and that docs/access.md shows.

A rule holds for a group of operations. It gives the answer to each caller for what is public, and for what is for
partners only; `own` stands for what belongs to the contributor's partner.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from app.access.roles import Role
from app.catalogue import FEATURES

CALLERS = ("anonymous", "reader", "contributor", "contributor, own", "coordinator", "admin")
CIRCLES = ("public", "partners")
DOCUMENT = Path(__file__).parents[2] / "docs/access.md"

# What is put below another has rules of its own; the rest is whose its declaration says.
POSTED = tuple(feature for feature in FEATURES if feature.kind.within is None)
OWNED = tuple(each.kind.path for each in POSTED if each.kind.owner)
SHARED = tuple(each.kind.path for each in POSTED if not each.kind.owner and each.kind.writer is Role.coordinator)
KEPT_BY_ADMINS = tuple(each.kind.path for each in POSTED if not each.kind.owner and each.kind.writer is Role.admin)
SAID = tuple(each.kind.path for each in POSTED if each.kind.kept)
RESOURCES = (*OWNED, *SHARED, *KEPT_BY_ADMINS, *SAID)


class Rule(NamedTuple):
    """What a group of operations answers to each caller: first for what is public, then for what is for partners."""

    name: str
    operations: tuple[str, ...]
    public: tuple[int, ...]
    partners_only: tuple[int, ...] = ()

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
    "indicators",
    "exchange",
    "upcoming",
)

RULES = (
    Rule("Read one, and its history", on(RESOURCES, "get /{id}", "get /{id}/history"), (200,) * 6, (404, *(200,) * 5)),
    Rule("Read lists: what one may not see is absent", on(RESOURCES, "get "), (200,) * 6),
    Rule(
        "Read a statement, an observation or their history",
        tuple(f"get {path}{rest}" for path in (STATEMENT, OBSERVATION) for rest in ("", "/history")),
        (200,) * 6,
        (404, *(200,) * 5),
    ),
    Rule(
        "List statements and observations, read the involvement in a decision",
        ("get /decisions/{id}/statements", "get /indicators/{id}/observations", "get /decisions/{id}/involvement"),
        (200,) * 6,
        (404, *(200,) * 5),
    ),
    Rule(
        "Read reports: what one may not see is not counted",
        tuple(f"get /reports/{report}" for report in REPORTS),
        (200,) * 6,
    ),
    Rule("Follow changes: what one may not see is absent", ("get /changes", "get /changes/stream"), (200,) * 6),
    Rule(
        f"Create {named(OWNED)}",
        on(OWNED, "post "),
        (401, 403, 403, 201, 201, 201),
    ),
    Rule(
        f"Change {named(OWNED)}",
        on(OWNED, "patch /{id}"),
        (401, 403, 403, 200, 200, 200),
    ),
    Rule(
        f"Delete {named(OWNED)}",
        on(OWNED, "delete /{id}"),
        (401, 403, 403, 204, 204, 204),
    ),
    Rule(
        "Give a statement, set an observation, take part in an event",
        tuple(f"put {path}" for path in (STATEMENT, OBSERVATION, PARTICIPANT)),
        (401, 403, 403, 200, 200, 200),
    ),
    Rule(
        "Take back a statement, an observation, a participation",
        tuple(f"delete {path}" for path in (STATEMENT, OBSERVATION, PARTICIPANT)),
        (401, 403, 403, 204, 204, 204),
    ),
    Rule(
        f"Create {named(SHARED)}",
        on(SHARED, "post "),
        (401, 403, 403, 403, 201, 201),
    ),
    Rule(
        f"Change {named(SHARED)}",
        on(SHARED, "patch /{id}"),
        (401, 403, 403, 403, 200, 200),
    ),
    Rule(
        f"Delete {named(SHARED)}",
        on(SHARED, "delete /{id}"),
        (401, 403, 403, 403, 204, 204),
    ),
    Rule(
        f"Create {named(KEPT_BY_ADMINS)}",
        on(KEPT_BY_ADMINS, "post "),
        (401, 403, 403, 403, 403, 201),
    ),
    Rule(
        f"Change {named(KEPT_BY_ADMINS)}",
        on(KEPT_BY_ADMINS, "patch /{id}"),
        (401, 403, 403, 403, 403, 200),
    ),
    Rule(
        f"Delete {named(KEPT_BY_ADMINS)}",
        on(KEPT_BY_ADMINS, "delete /{id}"),
        (401, 403, 403, 403, 403, 204),
    ),
    Rule(
        "List and read keys",
        ("get /keys", "get /keys/{id}"),
        (401, 403, 403, 403, 403, 200),
    ),
    Rule(
        "Make and replace keys",
        ("post /keys", "post /keys/{id}/rotation"),
        (401, 403, 403, 403, 403, 201),
    ),
    Rule("Raise an objection, make a proposal", on(SAID, "post "), (401, 403, 201, 201, 201, 201)),
    Rule("Withdraw them: who said it", on(SAID, "patch /{id}"), (401, 403, 403, 200, 403, 403)),
    Rule("Revoke keys", ("delete /keys/{id}",), (401, 403, 403, 403, 403, 204), (401, 403, 403, 403, 403, 204)),
)

# What even its owner may not change any more. Answers are the same for what is for partners.
FROZEN = (
    Rule(
        "Change and delete a progress report that is accepted",
        on(("progress-reports",), "patch /{id}", "delete /{id}"),
        (401, 403, 403, 409, 409, 409),
    ),
    Rule(
        "Change the words of a statement, or take it back, when its decision is made",
        (f"put {STATEMENT}", f"delete {STATEMENT}"),
        (401, 403, 403, 409, 409, 409),
    ),
    Rule(
        "Change what tells whether the partners were heard, or delete a decision, when it is made",
        on(("decisions",), "patch /{id}", "delete /{id}"),
        (401, 403, 403, 403, 409, 409),
    ),
)


# What belongs to an agreement that the partner of the key is no party of today: tests/access/test_agreements.py tries it.
BELONGING = (*OWNED, *SHARED)
OUTSIDE = (
    Rule("Raise an objection, make a proposal there", on(SAID, "post "), (401, 403, 403, 403, 403, 403)),
    Rule("Withdraw them there: who is no party any more", on(SAID, "patch /{id}"), (401, 403, 403, 403, 403, 403)),
    Rule("Create in an agreement that one is no party of", on(BELONGING, "post "), (401, 403, 403, 403, 403, 201)),
    Rule("Change there", on(BELONGING, "patch /{id}"), (401, 403, 403, 403, 403, 200)),
    Rule("Delete there", on(BELONGING, "delete /{id}"), (401, 403, 403, 403, 403, 204)),
    Rule(
        "Give a statement, set an observation, take part in an event there",
        tuple(f"put {path}" for path in (STATEMENT, OBSERVATION, PARTICIPANT)),
        (401, 403, 403, 403, 403, 200),
    ),
    Rule(
        "Take back a statement, an observation, a participation there",
        tuple(f"delete {path}" for path in (STATEMENT, OBSERVATION, PARTICIPANT)),
        (401, 403, 403, 403, 403, 204),
    ),
)


class Cell(NamedTuple):
    """One cell of the table."""

    operation: str
    caller: str
    circle: str
    status: int


def cells(rules: tuple[Rule, ...]) -> Iterator[Cell]:
    """Every cell of these rules."""
    for rule in rules:
        for operation in rule.operations:
            for circle, statuses in (("public", rule.public), ("partners", rule.partners)):
                for caller, status in zip(CALLERS, statuses, strict=True):
                    yield Cell(operation, caller, circle, status)


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
        "Every operation of the contract is in this table, and every cell of it is tried.",
        "`own` means the partner of the key: it leads the sub-measure (also that of an indicator), organises the event, or",
        "it is the one that takes part, gives the statement, raises the need or reports. Ownership cannot be given away or",
        "taken: a contributor's change that would do so is 403, and the problem's `rule` says `ownership`; where the role",
        "is too small, it says `role`. Within what is its own, a contributor leaves to coordinators what is theirs to say:",
        "the answers to needs and statements, and whether a report is accepted or returned.",
        "",
        "Contributors and coordinators write in an agreement on the days on which their partner is one of its `parties`;",
        "else the `rule` is `agreement`, whatever belongs to the agreement and by whatever way. Admins and the register's",
        "own commands write in all, but objections and proposals, which only parties make. What is proposed is confirmed or",
        "rejected, and objections are answered, by contributors and coordinators of a party on another side: else the `rule`",
        "is `side`. Keys of a partner whose `dissolved_on` has passed are expired.",
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
    for rule in (*RULES, *FROZEN, *OUTSIDE):
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
