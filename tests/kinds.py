"""What tests know of each kind beside what its declaration says: one entry a kind.

Whose it is, who writes it, what it stands below, what its states can become and how people call it is read from FEATURES;
fields, bounds and defaults are read from the contract.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalogue import FEATURES
from app.database.tables import table_of
from app.resources.examples import given_example
from app.resources.kind import KINDS as BY_TYPE
from app.resources.kind import Kind
from tests.dresden import AGREEMENT, CARITAS, CITY, LIGA, goal_id, measure_id, topic_id

Body = Mapping[str, Any]
Values = Mapping[str, Sequence[Any]]

MARKER = "qqxvz"
DAYS = (None, "1999-12-31", "2024-02-29", "2024-03-01")


@dataclass(frozen=True)
class Sample:
    """What a kind is tried with; a plain kind needs none of it.

    `body` is what a POST sends beside a slug and a number, which differ from one to the next; without it, what is
    required stands in the example of the contract. `changes` are values that fields can be set to at any time. `sorted`
    are values for what lists are sorted by, with ties, and `together` those that go together. `hidden` is what the
    resource has, beside its text, by which somebody could find it who must not see it. `allowed` are the values that
    rules leave of a field, and `given` names fields that get a value when null is sent.
    """

    body: Body = field(default_factory=dict)
    changes: Values = field(default_factory=dict)
    sorted: Values = field(default_factory=dict)
    together: Sequence[Body] = ({},)
    hidden: Body = field(default_factory=dict)
    allowed: Values = field(default_factory=dict)
    given: frozenset[str] = frozenset()


SAMPLES: Mapping[str, Sample] = {
    "partners": Sample(
        {"name": "Verband", "kind": "other"},
        changes={
            "name": ["Verband", "Bund"],
            "staff_count": [None, 0, 8600],
            "memberships": [
                [],
                [{"umbrella_id": LIGA}, {"umbrella_id": CITY, "from": "2020-01-01", "until": "2024-12-31"}],
            ],
            "former_names": [[], [{"name": "Bund", "until": "1999-12-31"}]],
            "service_fields": [[], ["nursing", "daycare"], ["daycare", "nursing", "other"]],
        },
        sorted={
            "kind": ["municipality", "umbrella_association", "member_association", "other"],
            "staff_count": [None, 0, 9, 10, 1_000_000],
            "founded_on": DAYS,
        },
        hidden={
            "service_fields": ["nursing"],
            "staff_count": 4321,
            "founded_on": "1987-06-05",
            "memberships": [{"umbrella_id": LIGA}],
            "former_names": [{"name": MARKER, "until": "1999-12-31"}],
        },
        allowed={"merged_into_id": []},
    ),
    "agreements": Sample(
        {"title": "Kooperationsvereinbarung"},
        changes={
            "title": ["Vereinbarung", "Ä"],
            "signed_on": [None, "2024-08-29"],
            "parties": [[], [{"partner_id": LIGA, "side": "associations", "until": "2025-12-31"}]],
            "hearing": [None, {"source": "agreement", "minimum_lead_days": 14}],
            "exchange": [[], [{"level": "strategic"}, {"format": "talk", "description": "Text"}]],
            "signatories": [[], [{"name": "A"}, {"name": "B", "function": "C", "partner_id": LIGA}]],
        },
        sorted={"signed_on": DAYS},
    ),
    "topics": Sample(
        {"agreement_id": AGREEMENT, "name": "Sport"},
        changes={"name": ["Sport", "Kultur"], "translations": [{}, {"en": "Sports", "fr": "Sport"}]},
        hidden={"translations": {"en": MARKER}},
    ),
    "goals": Sample(
        {"agreement_id": AGREEMENT, "topic_id": topic_id("health"), "title": "Ziel"},
        changes={"title": ["Ziel", "Z"], "description": [None, "a\nb\t„c“"], "topic_id": [topic_id("health")]},
    ),
    "sub-measures": Sample(
        {"goal_id": goal_id(1), "title": "Teilmaßnahme"},
        changes={
            "supporting_partner_ids": [[], [CARITAS, LIGA], [LIGA]],
            "districts": [[], ["Prohlis", "Gorbitz"]],
            "sdgs": [[], [17, 1]],
            "milestones": [[], [{"title": "x", "due_on": "2025-01-01"}]],
            "progress_percent": [None, 0, 100],
        },
        sorted={
            "status": ["proposed", "cancelled"],
            "status_reason": ["Grund"],
            "progress_percent": [None, 0, 9, 10, 100],
            "starts_on": DAYS,
            "ends_on": [None, "2024-03-02", "2025-01-01"],
        },
        hidden={
            "status": "cancelled",
            "level": "strategic",
            "lead_partner_id": CARITAS,
            "supporting_partner_ids": [LIGA],
            "districts": [MARKER],
            "sdgs": [13],
            "progress_percent": 47,
            "starts_on": "2031-02-03",
            "ends_on": "2031-02-04",
            "milestones": [{"title": MARKER}],
            "links": [{"title": MARKER, "url": f"https://{MARKER}.example/"}],
        },
        # What was agreed is frozen, and so is what was answered.
        allowed={"status": ["proposed", "cancelled"], "continues_id": []},
        given=frozenset({"number"}),
    ),
    "consultation-events": Sample(
        {
            "agreement_id": AGREEMENT,
            "title": "Gespräch",
            "format": "talk",
            "level": "operational",
            "starts_at": "2025-03-12T09:00:00Z",
        },
        changes={
            "starts_at": ["2025-03-12T09:00:00+01:00", "2025-03-12T09:00:00.123456789Z"],
            "participants": [[], [{"partner_id": LIGA}, {"partner_id": CITY, "role": "host", "delegates": 3}]],
            "agenda_items": [[], [{"title": "b"}, {"title": "a", "sub_measure_id": measure_id(1, 1)}]],
            "topic_ids": [[], [topic_id("work"), topic_id("health")]],
            "documents": [[], [{"title": "x", "url": "https://example.org/x"}]],
        },
        sorted={"starts_at": ["2024-02-29T23:30:00-01:00", "2024-03-01T00:00:00Z", "2024-03-01T00:00:00.000001Z"]},
        hidden={
            "status": "postponed",
            "organiser_id": CARITAS,
            "topic_ids": [topic_id("health")],
            "goal_ids": [goal_id(1)],
            "participants": [{"partner_id": LIGA}],
            "agenda_items": [{"title": MARKER, "outcome": MARKER}],
            "documents": [{"title": MARKER, "url": f"https://{MARKER}.example/"}],
        },
        given=frozenset({"agreement_id"}),
    ),
    "decisions": Sample(
        {"agreement_id": AGREEMENT, "title": "Entscheidung", "kind": "sectoral"},
        changes={
            "title": ["Haushalt", "Ä"],
            "involved_partner_ids": [[], [LIGA, CARITAS]],
            "topic_ids": [[], [topic_id("work")]],
            "decides_on": [None, "2025-05-15"],
        },
        sorted={
            "announced_on": [None, "1999-12-31", "2000-01-01"],
            "statements_due_on": [None, "2000-01-01", "2000-02-29"],
            "decides_on": [None, "2024-02-29", "2024-03-01"],
        },
        together=[
            {"status": "decided", "decided_on": "2024-05-01"},
            {"status": "decided", "decided_on": "2024-06-01"},
            {"status": "in_consultation"},
        ],
        hidden={"topic_ids": [topic_id("health")], "goal_ids": [goal_id(1)], "decides_on": "2031-02-04"},
        allowed={
            "status": ["announced", "in_consultation", "withdrawn"],
            "decided_on": [],
            "involvement_required": [True],
        },
        given=frozenset({"agreement_id", "involved_partner_ids"}),
    ),
    "needs": Sample(
        {"agreement_id": AGREEMENT, "title": "Bedarf", "raised_by_id": LIGA, "visibility": "public"},
        changes={"title": ["Bedarf", "Not"], "urgency": ["urgent"], "districts": [[], ["Prohlis", "Gorbitz"]]},
        sorted={"urgency": ["normal", "urgent"]},
        together=[{"status": "answered", "response": "Antwort"}, {"status": "open"}],
        hidden={"topic_id": topic_id("health"), "urgency": "urgent", "districts": [MARKER], "response": None},
        allowed={"status": ["open", "acknowledged", "in_discussion", "closed"], "response": [None]},
        given=frozenset({"agreement_id"}),
    ),
    "indicators": Sample(
        {"name": "Kennzahl", "unit": "Plätze", "goal_id": goal_id(1)},
        changes={"name": ["Zahl", "Z"], "target_value": [None, 0, -1.5], "baseline_value": [1e15]},
        sorted={"target_on": DAYS},
        hidden={"level": "strategic", "target_on": "2031-02-04"},
        allowed={"sub_measure_id": []},
        given=frozenset({"goal_id"}),
    ),
    "progress-reports": Sample(
        {
            "sub_measure_id": measure_id(1, 1),
            "partner_id": LIGA,
            "period_from": "2025-01-01",
            "period_to": "2025-06-30",
            "summary": "Es geht voran.",
            "visibility": "public",
        },
        changes={"summary": ["Bericht", "B"], "progress_percent": [None, 0, 100]},
        sorted={
            "period_from": ["2023-01-01", "2023-07-01", "2024-01-01"],
            "period_to": ["2024-02-29", "2024-03-01", "2024-06-30"],
        },
        together=[{"state": "submitted"}, {"state": "draft"}],
        hidden={"status": "in_progress", "progress_percent": 47},
        allowed={"state": ["draft", "submitted"]},
        given=frozenset({"visibility", "visibility_once_submitted"}),
    ),
}


@dataclass(frozen=True)
class Put:
    """What is put at an address of its own below a resource: its place, the last segment of its address, what is sent."""

    above: str
    part: str
    at: str
    body: Body


PUTS = (
    Put("decisions", "statements", LIGA, {"position": "object", "text": "Nein"}),
    Put("indicators", "observations", "2025-02-28", {"value": 1.5}),
    Put("consultation-events", "participants", LIGA, {"attendance": "accepted"}),
)

# The kinds that are made by POST; those that are put at an address below another, and those that are kept, have tests of
# their own.
POSTED: Mapping[str, Kind[Any]] = {
    each.kind.path: each.kind for each in FEATURES if each.kind.within is None and not each.kind.kept
}


def sample_of(path: str) -> Sample:
    """What a kind is tried with."""
    return SAMPLES.get(path, Sample())


def required_of(path: str) -> Body:
    """What a POST must send, as the example of the contract does."""
    create = POSTED[path].create
    example = given_example(create)
    differs = ("slug", "number")
    return {
        name: example[name] for name, each in create.model_fields.items() if each.is_required() and name not in differs
    }


def changes_of(path: str) -> Values:
    """The values that fields of a kind can be set to at any time."""
    return sample_of(path).changes or {POSTED[path].named_by: ["Anders", "Ä"]}


def references() -> Iterator[tuple[str, str]]:
    """Each field, also of entries in lists, that refers to something, with the path of what it refers to."""
    for kind in POSTED.values():
        for column in table_of(kind.table).c:
            yield from ((column.name, BY_TYPE[key.column.table.name].path) for key in column.foreign_keys)
        for name, child in kind.lists.items():
            for column in table_of(child.table).c:
                field_name = name if child.value == column.name else column.name
                yield from ((field_name, BY_TYPE[key.column.table.name].path) for key in column.foreign_keys)


REFERENCES: Mapping[str, str] = dict(references())
# One of each kind that Dresden's agreement brings.
THERE: Mapping[str, str] = {
    "partners": CITY,
    "agreements": AGREEMENT,
    "topics": topic_id("health"),
    "goals": goal_id(1),
    "sub-measures": measure_id(1, 1),
}
