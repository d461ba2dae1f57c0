"""Random histories of two agreements in one register: every write of the contract, by keys of every role and side."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.resources.ids import named_id
from tests.contract.reading import BESIDE, OPERATIONS, Operation
from tests.dresden import AGREEMENT, CARITAS, CITY, LIGA, goal_id, measure_id, topic_id
from tests.factories import body_of, changes_after
from tests.kinds import SAMPLES
from tests.proposals.evidence import others
from tests.schemas import resolved

SLUG = "berlin-rahmenfoerdervertrag-2021"
BERLIN = str(named_id("agreements", SLUG))
LAND, BERLIN_LIGA = (str(named_id("partners", slug)) for slug in ("land-berlin", "liga-berlin"))
DRK = str(named_id("partners", "drk-dresden"))

KEYS: Mapping[str, tuple[str, str]] = {
    "city": (CITY, "coordinator"),
    "office": (CITY, "contributor"),
    "city operator": (CITY, "operator"),
    "liga": (LIGA, "coordinator"),
    "liga admin": (LIGA, "admin"),
    "caritas": (CARITAS, "contributor"),
    "drk": (DRK, "coordinator"),
    "reader": (LIGA, "reader"),
    "land": (LAND, "coordinator"),
    "liga of berlin": (BERLIN_LIGA, "coordinator"),
}
"""Whose the keys are that write, and what they allow."""
PARTNERS = {AGREEMENT: (CITY, LIGA, CARITAS, DRK), BERLIN: (LAND, BERLIN_LIGA)}
GOALS = {AGREEMENT: goal_id(1), BERLIN: str(named_id("goals", SLUG, 3))}
MEASURES = {AGREEMENT: measure_id(1, 1), BERLIN: str(named_id("sub-measures", SLUG, 3, 1))}
TOPICS = {AGREEMENT: topic_id("health"), BERLIN: str(named_id("topics", SLUG, "isp"))}

# What is written under the ids of other systems is written otherwise, too; whose keys end themselves writes no more.
WRITES = tuple(
    each
    for each in OPERATIONS
    if each.method != "get" and "/external/" not in each.path and not each.path.startswith(("/keys/current", *BESIDE))
)
TYPES: Mapping[str, str] = {
    each.path.split("/")[1]: each.path.split("/")[1].replace("-", "_").removesuffix("s") for each in WRITES
} | {"sub-measures": "sub_measure"}
MAKING = ("post", "put")
OFTEN = ("Decision", "ConsultationEvent", "Participant", "Statement", "Need", "ProgressReport", "Proposal")
"""What the evidence consists of, and what corrects it."""
SPEAKERS = ("partner_id", "raised_by_id", "proposed_by_id", "organiser_id", "reported_by_id", "lead_partner_id")
TERMS = {"parties", "dissolved_on", "merged_into_id"}
"""What takes keys their agreement: operators keep it, and a history is about what keys can do."""

Body = dict[str, Any]
LIKELY: Mapping[str, Sequence[Body]] = {
    "decision": [
        {"status": "decided", "decided_on": "2025-06-28"},
        {"status": "decided", "decided_on": "2025-06-05"},
        {"status": "in_consultation"},
        {"status": "refused", "refusal_reason": "Nein."},
        {"decided_on": "2025-06-20"},
    ],
    "consultation_event": [{"status": "held"}, {"starts_at": "2025-06-10T09:00:00Z"}, {"status": "confirmed"}],
    "statement": [{"taken_up": "adopted"}, {"position": "support"}, {"text": "Anders."}],
    "need": [{"status": "answered", "response": "Ja."}, {"status": "closed"}, {"status": "open"}, {"title": "Anders"}],
    "progress_report": [
        {"state": "submitted"},
        {"state": "accepted"},
        {"state": "returned", "return_reason": "Zahlen fehlen."},
        {"summary": "Anders."},
    ],
    "observation": [{"value": 3}],
    "objection": [{"state": "withdrawn"}, {"state": "settled"}, {"answer": "Doch."}],
    "proposal": [
        {"state": "confirmed"},
        {"state": "confirmed"},
        {"state": "rejected", "answer": "Nein."},
        {"state": "withdrawn"},
    ],
}


@dataclass(frozen=True)
class Written:
    """One write: by whom, which, where, in which agreement if in one, and what was answered."""

    by: str
    operation: Operation
    address: str
    body: Any
    agreement: str | None
    answer: httpx.Response

    def __str__(self) -> str:
        return f"{self.by}: {self.operation.id} {self.address} {self.body} -> {self.answer.text}"


@dataclass
class History:
    """What is in the register, as the feed tells it, and what was tried; `reader` sees all of it."""

    choice: random.Random
    clients: Mapping[str, httpx.AsyncClient]
    reader: httpx.AsyncClient
    cursor: str | None = None
    there: dict[str, dict[str, Any]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    async def told(self) -> list[dict[str, Any]]:
        """What the feed tells since it was last asked."""
        changes, self.cursor = await changes_after(self.reader, self.cursor)
        return changes

    def learn(self, change: Mapping[str, Any]) -> None:
        """Note what a change made of a resource."""
        if change["data"] is None:
            del self.there[change["resource_id"]]
        else:
            self.there[change["resource_id"]] = change["data"]
            self.types[change["resource_id"]] = change["resource_type"]

    def steps(self, rounds: int, most: int) -> Iterator[Operation]:
        """Every write in random order, what evidence consists of more often; then what never succeeded, until it did.

        Something that it can be tried on is made before.
        """
        deck = [each for each in WRITES for _ in range(3 if each.id.endswith(OFTEN) else 1)]
        for _ in range(rounds):
            yield from self.choice.sample(deck, len(deck))
        for _ in range(most):
            for missing in [each for each in WRITES if not self.done[each.id]]:
                place = missing.path.split("/")[1]
                yield from (each for each in WRITES if each.path.split("/")[1] == place and each.method in MAKING)
                yield missing

    def of_type(self, type: str) -> list[dict[str, Any]]:
        """What there is of a kind."""
        return [each for id, each in self.there.items() if self.types[id] == type]

    def home_of(self, resource: Mapping[str, Any]) -> str | None:
        """The agreement that something belongs to."""
        if self.types.get(resource.get("id", "")) == "agreement":
            return str(resource["id"])
        for name in ("agreement_id", "decision_id", "goal_id", "sub_measure_id", "indicator_id"):
            above = resource.get(name)
            if above is not None:
                return str(above) if name == "agreement_id" else self.home_of(self.there[above])
        return None

    async def act(self, operation: Operation) -> Written:
        """Try a write somewhere."""
        type = TYPES[operation.path.split("/")[1]]
        agreement: str | None = self.choice.choice((AGREEMENT, AGREEMENT, AGREEMENT, BERLIN))
        by = self.caller(type, {}, agreement)
        if type == "key":
            agreement, address, body = None, *self.of_keys(operation)
        elif operation.method == "post":
            address, body = operation.path, self.new(operation, type, by, str(agreement))
            agreement = None if type in ("partner", "agreement") else agreement
        else:
            target = self.target(operation, type)
            agreement, address = self.home_of(target), self.address(operation, type, target)
            by = self.caller(type, target, agreement)
            body = self.changed(operation, type, target)
        headers = {} if operation.method in ("post", "put") else {"If-Match": "*"}
        answer = await self.clients[by].request(operation.method.upper(), f"/v1{address}", headers=headers, json=body)
        self.tried[operation.id] += 1
        self.done[operation.id] += answer.is_success
        if answer.is_success and type == "key":
            self.keys = [*self.keys, answer.json()["id"]] if operation.method == "post" else self.keys[:-1]
        return Written(by, operation, address, body, agreement, answer)

    def caller(self, type: str, target: Mapping[str, Any], agreement: str | None) -> str:
        """Whose key is used: often one that may be allowed to, else any."""
        if self.choice.random() < 0.4:
            return self.choice.choice(list(self.clients))
        if type in ("partner", "agreement", "key"):
            return "city operator"
        if agreement == BERLIN:
            return "land"
        said_by = next((target[name] for name in SPEAKERS if target.get(name)), None)
        owners = [name for name, (partner, role) in KEYS.items() if partner == said_by and role != "reader"]
        if type in ("proposal", "objection") and said_by is not None:
            owners = ["city"] if said_by != CITY else ["liga", "caritas"]
        return self.choice.choice([*owners, "city"])

    def of_keys(self, operation: Operation) -> tuple[str, Body | None]:
        """A write of keys: only those that the history made end."""
        address = operation.path.replace("{id}", self.keys[-1] if self.keys else LIGA)
        # An operator replaces only keys of its own partner.
        partner = self.choice.choice([CITY] * 5 + [*PARTNERS[AGREEMENT], *PARTNERS[BERLIN]])
        bodies: Mapping[str, Body] = {
            "createKey": {"partner_id": partner, "role": "contributor"},
            "rotateKey": {"overlap_hours": 1},
        }
        return address, bodies.get(operation.id)

    def target(self, operation: Operation, type: str) -> dict[str, Any]:
        """Something that a write can be tried on, the newest rather than others."""
        part = operation.path.split("/")[3:4]
        if part == ["statements"]:
            type = "statement" if operation.method != "put" or self.choice.random() < 0.3 else "decision"
        if part == ["observations"]:
            type = "observation" if operation.method != "put" or self.choice.random() < 0.3 else "indicator"
        found = self.of_type(type)
        if not found:
            return {"id": LIGA, "partner_id": LIGA, "on": "2025-02-01", "decision_id": LIGA, "indicator_id": LIGA}
        newest = 1 if operation.method == "delete" else 6
        return self.choice.choice(found[-newest:] if self.choice.random() < 0.7 else found)

    def address(self, operation: Operation, type: str, target: Mapping[str, Any]) -> str:
        """Where a write of a target goes."""
        home = self.home_of(target) if "id" in target and target["id"] in self.there else AGREEMENT
        partners = target.get("involved_partner_ids") or PARTNERS.get(str(home), PARTNERS[AGREEMENT])
        participants = [each["partner_id"] for each in target.get("participants", ())]
        return operation.path.format(
            id=target.get(f"{type}_id", target["id"]),
            partner_id=target.get("partner_id") or self.choice.choice(participants or [*partners]),
            on=target.get("on", "2025-02-01"),
        )

    def new(self, operation: Operation, type: str, by: str, agreement: str) -> Body:
        """Something new in an agreement, mostly the caller's own."""
        partners = PARTNERS[agreement]
        own = KEYS[by][0] if by in KEYS else CITY
        owner = own if self.choice.random() < 0.7 else self.choice.choice(partners)
        if type in ("proposal", "objection"):
            return self.said_about(type, agreement)
        body = body_of(operation.path.removeprefix("/")) | self.placed(type, agreement, owner)
        if type == "decision":
            body["involved_partner_ids"] = self.choice.sample(partners, 2)
            events = [each["id"] for each in self.of_type("consultation_event") if each["agreement_id"] == agreement]
            body["consultation_event_ids"] = events[-2:]
            if own == LIGA:
                body |= {"status": "reported", "decided_on": "2025-06-20"}
        if type == "consultation_event":
            body |= {"starts_at": self.choice.choice(["2025-06-10T09:00:00Z", "2025-07-20T09:00:00Z"])}
            body["participants"] = [{"partner_id": each} for each in self.choice.sample(partners, 2)]
        if type == "progress_report":
            body["state"] = self.choice.choice(["draft", "submitted"])
        return body

    def placed(self, type: str, agreement: str, owner: str) -> Body:
        """Where something new belongs, and to whom."""
        places: Mapping[str, Body] = {
            "topic": {"agreement_id": agreement},
            "goal": {"agreement_id": agreement, "topic_id": TOPICS[agreement]},
            "sub_measure": {"goal_id": GOALS[agreement], "lead_partner_id": owner},
            "consultation_event": {"agreement_id": agreement, "organiser_id": owner},
            "decision": {"agreement_id": agreement},
            "need": {"agreement_id": agreement, "raised_by_id": owner},
            "indicator": {"goal_id": GOALS[agreement]},
            "progress_report": {"sub_measure_id": MEASURES[agreement], "partner_id": owner},
        }
        return places.get(type, {})

    def said_about(self, type: str, agreement: str) -> Body:
        """A proposal or an objection about something in an agreement."""
        found = [
            (kind, each)
            for kind in LIKELY
            if kind not in ("proposal", "objection")
            for each in self.of_type(kind)[-6:]
            if self.home_of(each) == agreement
        ]
        kind, subject = self.choice.choice(found or [("sub_measure", self.there[MEASURES[agreement]])])
        about = {"subject_type": kind, "subject_id": subject["id"]}
        if type == "objection":
            return {**about, "text": "Das stimmt so nicht."}
        changes = self.choice.choice(LIKELY.get(kind, [{"summary": "Anders."}]))
        if kind == "consultation_event" and self.choice.random() < 0.6:
            changes = self.participants_of(subject)
        return {**about, "changes": changes, "reason": "Irrtum."}

    def participants_of(self, event: Mapping[str, Any]) -> Body:
        """The participants of an event, one of whom answers otherwise."""
        answers = ("invited", "accepted", "declined", "attended", "absent")
        number = self.choice.randrange(len(event["participants"]) or 1)
        return {
            "participants": [
                each | ({"attendance": self.choice.choice(answers)} if position == number else {})
                for position, each in enumerate(event["participants"])
            ]
        }

    def changed(self, operation: Operation, type: str, target: Mapping[str, Any]) -> Any:
        """What is sent to what is there: something likely, or any value in any field."""
        if not operation.bodies:
            return None
        media = operation.bodies["application/json"]
        schema = resolved(media["schema"])
        kind = "statement" if operation.path.split("/")[3:4] == ["statements"] else type
        if operation.method == "patch" and target.get("participants") and self.choice.random() < 0.3:
            return self.participants_of(target)
        if operation.method == "patch" and kind in LIKELY and self.choice.random() < 0.6:
            return self.choice.choice(LIKELY[kind])
        samples = SAMPLES.get(operation.path.split("/")[1])
        required = {name: value for name, value in media["example"].items() if name in schema.get("required", ())}
        name = self.choice.choice(sorted(schema["properties"].keys() - TERMS))
        values = [*others(schema["properties"][name])]
        if operation.method == "patch" and samples is not None:
            values += samples.changes.get(name, ())
        return {**required, name: self.choice.choice(values)}
