"""Redactions: words are erased wherever they were kept, every proof stays, and everybody is told."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Text, cast, func, literal_column, select
from sqlmodel import SQLModel

from app.audit.checking import check_copy
from app.audit.following import audit
from app.audit.state import State
from app.catalogue import FEATURES
from app.cli.verify import verified
from app.database.engines import Database
from app.resources.blanking import ADDRESS, MARKER, blanked, redactable
from app.resources.kind import KINDS
from app.runtime import Runtime
from app.settings import Settings
from tests.databases import any_database
from tests.dresden import goal_id
from tests.factories import CARITAS, NOWHERE, body_of, delete, end_of_feed, errors_of, make, patch, rule_of
from tests.problems import problem_of

Callers = Mapping[str, httpx.AsyncClient]
KINDS_OF_PATHS = tuple(feature.kind.path for feature in FEATURES)
PERSON = "Erika Mustermann"
BASIS = "Art. 17 (1) (a) GDPR"


def goal(id: str, *fields: str, **more: Any) -> dict[str, Any]:
    """What erases fields of a goal."""
    return {"resource_type": "goal", "resource_id": id, "fields": fields, "legal_basis": BASIS, **more}


async def history_of(client: httpx.AsyncClient, path: str, id: str) -> list[dict[str, Any]]:
    """All entries about a resource."""
    answer = await client.get(f"/v1/{path}/{id}/history")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def traces(settings: Settings, database: Database, words: str) -> list[str]:
    """Where words are left: in which files of an SQLite database, in which tables of PostgreSQL."""
    if settings.database_file is not None:
        return in_files(Path(settings.database_file), words.encode())

    def work(connection: Connection) -> list[str]:
        rows = {table.name: cast(literal_column(f'"{table.name}"'), Text) for table in SQLModel.metadata.sorted_tables}
        found = {
            name: select(func.count()).select_from(SQLModel.metadata.tables[name]).where(text.contains(words))
            for name, text in rows.items()
        }
        return [name for name, counting in found.items() if connection.execute(counting).scalar_one()]

    return await database.read(work)


def in_files(file: Path, words: bytes) -> list[str]:
    """The files of an SQLite database in which these bytes are, beside each other."""
    return [each.name for each in file.parent.glob(f"{file.name}*") if words in each.read_bytes()]


def texts_of_goal(settings: Settings, id: str) -> list[bytes]:
    """The texts of a goal and of the log about it as SQLite keeps them, which are packed."""
    if settings.database_file is None:
        return []
    with closing(sqlite3.connect(settings.database_file)) as connection:
        wanted = "SELECT data FROM change WHERE resource_id = :id UNION SELECT representation FROM goal WHERE id = :id"
        return [text for (text,) in connection.execute(wanted, {"id": id.replace("-", "")})]


@pytest.fixture
def database(app: Any) -> Database:
    """The register's database."""
    runtime: Runtime = app.state.runtime
    return runtime.database


async def audited(client: httpx.AsyncClient, folder: Path) -> int:
    """Audit a register without a fault; returns how many entries are said to be redacted."""
    found = await audit(client, State(folder), KINDS_OF_PATHS)
    assert (found.faults, check_copy(State(folder)).faults) == ([], [])
    return found.redacted


async def test_erases_words_wherever_they_were_kept_and_breaks_no_proof(
    callers: Callers, settings: Settings, database: Database, tmp_path: Path
) -> None:
    admin, public = callers["admin"], callers["anonymous"]
    content = body_of("goals", number=77, title=f"Hilfe für {PERSON}")
    once: dict[str, Any] = {
        "json": content | {"description": f"{PERSON} fragt."},
        "headers": {"Idempotency-Key": '"once"'},
    }
    made = (await admin.post("/v1/goals", **once)).json()
    made = (await patch(admin, "goals", made, description=f"{PERSON}, Bahnhofstr. 7")).json()
    made = (await patch(admin, "goals", made, title=f"Rat für {PERSON}")).json()
    receipt_size = (await public.get("/v1/log/checkpoint")).text.split("\n")[1]
    kept = await public.get("/v1/log/proofs/inclusion", params={"position": 37, "size": receipt_size})
    followers = {name: tmp_path / name for name in ("anonymous", "reader")}
    for name, folder in followers.items():
        assert await audited(callers[name], folder) == 0
        assert PERSON in (folder / "changes.jsonl").read_text("utf-8")
    assert await traces(settings, database, PERSON)
    packed = texts_of_goal(settings, made["id"])
    assert all(in_files(Path(settings.database_file or ""), text) for text in packed)

    answer = await admin.post("/v1/redactions", json=goal(made["id"], "title", "description"))
    assert answer.status_code == 200, answer.text
    entries = await history_of(admin, "goals", made["id"])
    positions = [entry["position"] for entry in entries]
    (item,) = answer.json()["items"]
    assert item == {"resource_type": "goal", "resource_id": made["id"], "positions": positions[:3]}
    assert await traces(settings, database, PERSON) == []
    assert [text for text in packed if in_files(Path(settings.database_file or ""), text)] == []

    served = (await public.get(f"/v1/goals/{made['id']}")).json()
    assert (served["title"], served["description"], served["version"]) == (MARKER, MARKER, 4)
    assert [entry["action"] for entry in entries] == ["created", "updated", "updated", "redacted"]
    assert {entry["data"]["title"] for entry in entries} == {MARKER}
    assert [entry["redacted_by"] for entry in entries] == [*[positions[3]] * 3, None]
    said = entries[3]["leaf"]
    assert (said["reason"], said["changed_fields"]) == (BASIS, ["title", "description"])
    assert [each["position"] for each in said["redacts"]] == positions[:3]
    assert (await public.get("/v1/redactions")).json()["items"] == [entries[3]]
    for words in ("mustermann", "bahnhofstr"):
        assert (await public.get("/v1/goals", params={"q": words})).json()["items"] == []
    again = await admin.post("/v1/goals", **once)
    assert (again.status_code, again.json()["title"], again.headers["idempotent-replayed"]) == (201, MARKER, "true")

    found = await verified(database)
    assert (found.faults, found.redacted) == ([], 3)
    for name, folder in followers.items():
        assert await audited(callers[name], folder) == 3
        assert not [file for file in folder.iterdir() if PERSON.encode() in file.read_bytes()]
        assert await audited(callers[name], tmp_path / f"new {name}") == 3
    proof = await public.get("/v1/log/proofs/inclusion", params={"position": 37, "size": receipt_size})
    assert (proof.status_code, proof.json()) == (200, kept.json())


@any_database
async def test_what_is_erased_stays_so_and_more_can_be(callers: Callers, database: Database, tmp_path: Path) -> None:
    """Entries that say what was redacted are entries, too; of positions alone, those are meant and no others."""
    admin = callers["admin"]
    made = await make(admin, "goals", title=PERSON, description=PERSON)
    other = await make(admin, "goals", title="Ein anderes Ziel")
    for count in (1, 0):
        answer = await admin.post("/v1/redactions", json=goal(made["id"], "title"))
        assert (answer.status_code, len(answer.json()["items"])) == (200, count)
    answer = await admin.post("/v1/redactions", json=goal(made["id"], "description"))
    assert [len(each["positions"]) for each in answer.json()["items"]] == [2]
    served = (await admin.get(f"/v1/goals/{made['id']}")).json()
    assert (await patch(admin, "goals", served, title=f"Wieder {PERSON}")).status_code == 200
    assert await audited(callers["reader"], tmp_path) == 2
    last = (await history_of(admin, "goals", made["id"]))[-1]["position"]
    answer = await admin.post("/v1/redactions", json={"positions": [last], "fields": ["title"], "legal_basis": BASIS})
    assert [each["positions"] for each in answer.json()["items"]] == [[last]], answer.text
    found = await verified(database)
    assert (found.faults, found.redacted) == ([], 3)
    assert await audited(callers["reader"], tmp_path) == 1
    untouched = (await history_of(admin, "goals", other["id"]))[0]
    assert (untouched["data"]["title"], untouched["redacted_by"]) == ("Ein anderes Ziel", None)


async def test_history_of_what_was_deleted_is_redacted_too_and_not_told_to_the_public(
    callers: Callers, settings: Settings, database: Database, tmp_path: Path
) -> None:
    admin, public = callers["admin"], callers["anonymous"]
    start = await end_of_feed(public)
    made = await make(admin, "goals", title=f"Hilfe für {PERSON}")
    assert await audited(public, tmp_path / "public") == 0
    assert (await delete(admin, "goals", made)).status_code == 204
    for entries in (
        await history_of(public, "goals", made["id"]),
        (await public.get("/v1/changes", params={"cursor": start})).json()["items"],
    ):
        assert [(each["action"], each["data"], each["salt"]) for each in entries] == [
            ("created", None, None),
            ("deleted", None, None),
        ]
        assert entries[0]["leaf"] is not None
    assert PERSON in str(await history_of(callers["reader"], "goals", made["id"]))
    answer = await admin.post("/v1/redactions", json=goal(made["id"], "title"))
    assert [len(each["positions"]) for each in answer.json()["items"]] == [1], answer.text
    assert await traces(settings, database, PERSON) == []
    entries = await history_of(public, "goals", made["id"])
    assert [(each["action"], each["version"], each["data"]) for each in entries] == [
        ("created", 1, None),
        ("deleted", 2, None),
        ("redacted", 3, None),
    ]
    assert (await public.get(f"/v1/goals/{made['id']}")).status_code == 410
    assert (await verified(database)).faults == []
    await audited(public, tmp_path / "public")
    assert PERSON not in (tmp_path / "public/changes.jsonl").read_text("utf-8")
    assert await audited(callers["reader"], tmp_path / "reader") == 1


async def test_words_of_a_partner_are_redacted_by_two_sides(callers: Callers, database: Database) -> None:
    admin, caritas, umbrella = callers["admin"], callers["contributor"], callers["umbrella"]
    decision = await make(callers["operator"], "decisions", title="Haushalt")
    address = f"/v1/decisions/{decision['id']}/statements/{CARITAS}"
    said = await caritas.put(address, json={"position": "object", "text": f"{PERSON} hat recht."})
    assert said.status_code == 201, said.text
    statement = {
        "resource_type": "statement",
        "resource_id": said.json()["id"],
        "fields": ["text"],
        "legal_basis": BASIS,
    }
    assert rule_of(await admin.post("/v1/redactions", json=statement)) == "ownership"
    proposed = {
        "subject_type": "statement",
        "subject_id": said.json()["id"],
        "reason": "Name einer Privatperson",
        "redaction": {"fields": ["text"], "legal_basis": BASIS},
    }
    wrong = {**proposed, "redaction": {"fields": ["text", "position"], "legal_basis": BASIS}}
    assert errors_of(await caritas.post("/v1/proposals", json=wrong)) == [("#/redaction/fields/1", "not_redactable")]
    for changes in ({"changes": {"text": "x"}}, {"redaction": None}):
        answer = await caritas.post("/v1/proposals", json={**proposed, **changes})
        assert ("#/changes", "changes_or_redaction") in errors_of(answer)
    made = await caritas.post("/v1/proposals", json=proposed)
    assert made.status_code == 201, made.text
    assert rule_of(await patch(umbrella, "proposals", made.json(), state="confirmed")) == "side"
    answer = await patch(admin, "proposals", made.json(), state="confirmed")
    assert answer.status_code == 200, answer.text
    served = (await admin.get(address)).json()
    assert (served["text"], served["position"]) == (MARKER, "object")
    entries = (await admin.get(f"{address}/history")).json()["items"]
    assert [(each["action"], each["proposal_id"]) for each in entries] == [
        ("created", None),
        ("redacted", made.json()["id"]),
    ]
    found = await verified(database)
    assert (found.faults, found.redacted) == ([], 1)


async def proposed(client: httpx.AsyncClient, kind: str, id: str, *fields: str, **more: Any) -> dict[str, Any]:
    """A proposal to erase fields."""
    redaction = {"fields": fields, "legal_basis": BASIS, **more}
    body = {"subject_type": kind, "subject_id": id, "reason": "Name einer Privatperson", "redaction": redaction}
    answer = await client.post("/v1/proposals", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_words_in_proposals_and_objections_are_erased_by_two_sides_with_who_said_them(
    callers: Callers, settings: Settings, database: Database
) -> None:
    admin, caritas, umbrella = callers["admin"], callers["contributor"], callers["umbrella"]
    said = {"subject_type": "goal", "subject_id": goal_id(1), "text": f"{PERSON} sagt, es ist nicht so."}
    objection = (await caritas.post("/v1/objections", json=said)).json()
    direct = {"resource_type": "objection", "resource_id": objection["id"], "fields": ["text"], "legal_basis": BASIS}
    assert rule_of(await admin.post("/v1/redactions", json=direct)) == "ownership"
    # What one partner said is not erased by two others, on whichever sides; where it is on theirs, nobody could confirm.
    erasing = {"subject_type": "objection", "subject_id": objection["id"], "reason": "Name einer Privatperson"}
    by_umbrella = {**erasing, "redaction": {"fields": ["text"], "legal_basis": BASIS}}
    assert rule_of(await umbrella.post("/v1/proposals", json=by_umbrella)) == "ownership"
    others = await proposed(admin, "objection", objection["id"], "text")
    assert rule_of(await patch(umbrella, "proposals", others, state="confirmed")) == "ownership"
    own = await proposed(caritas, "objection", objection["id"], "text")
    assert (await patch(admin, "proposals", own, state="confirmed")).status_code == 200
    assert (await admin.get(f"/v1/objections/{objection['id']}")).json()["text"] == MARKER

    content = {"subject_type": "goal", "subject_id": goal_id(2), "changes": {"title": PERSON}, "reason": PERSON}
    proposal = (await caritas.post("/v1/proposals", json=content)).json()
    erasing = await proposed(admin, "proposal", proposal["id"], "changes", "reason")
    assert (await patch(caritas, "proposals", erasing, state="confirmed")).status_code == 200
    assert await traces(settings, database, PERSON) == []
    erased = (await admin.get(f"/v1/proposals/{proposal['id']}")).json()
    assert (erased["changes"], erased["reason"], erased["state"]) == ({"title": None}, MARKER, "open")
    answer = await patch(admin, "proposals", erased, state="confirmed")
    assert errors_of(answer) == [("#/state", "redacted_proposal")], "what was erased is not what was proposed"
    assert (await verified(database)).faults == []


async def test_words_of_a_partner_in_what_was_deleted_are_erased_by_two_sides(
    callers: Callers, settings: Settings, database: Database
) -> None:
    admin, caritas, umbrella = callers["admin"], callers["contributor"], callers["umbrella"]
    need = await make(caritas, "needs", raised_by_id=CARITAS, title="Beratung", description=f"{PERSON} wartet.")
    need = (await patch(caritas, "needs", need, description="Jemand wartet.")).json()
    first = (await history_of(caritas, "needs", need["id"]))[0]["position"]
    wrong = {"fields": ["title"], "legal_basis": BASIS, "positions": [1]}
    body = {"subject_type": "need", "subject_id": need["id"], "reason": "Name", "redaction": wrong}
    assert errors_of(await caritas.post("/v1/proposals", json=body)) == [
        ("#/redaction/positions/0", "unknown_position")
    ]
    assert (await delete(caritas, "needs", need)).status_code == 204
    assert errors_of(
        await caritas.post("/v1/proposals", json={**body, "visibility": "public", "redaction": wrong})
    ) == [("#/visibility", "too_visible")]
    change = {**body, "redaction": None, "changes": {"title": "Neu"}}
    assert errors_of(await caritas.post("/v1/proposals", json=change)) == [("#/subject_id", "unknown_reference")]
    erasing = {**body, "redaction": {"fields": ["description"], "legal_basis": BASIS}}
    assert rule_of(await umbrella.post("/v1/proposals", json=erasing)) == "ownership", "nobody on another side said it"
    made = await proposed(caritas, "need", need["id"], "description", positions=[first])
    assert (made["visibility"], made["based_on_version"]) == ("partners", 3)
    assert (await patch(admin, "proposals", made, state="confirmed")).status_code == 200
    assert await traces(settings, database, PERSON) == []
    entries = await history_of(caritas, "needs", need["id"])
    assert [(each["action"], (each["data"] or {}).get("description")) for each in entries] == [
        ("created", MARKER),
        ("updated", "Jemand wartet."),
        ("deleted", None),
        ("redacted", None),
    ]
    assert (await verified(database)).faults == []


@any_database
async def test_refuses_what_cannot_be_redacted(callers: Callers) -> None:
    admin = callers["admin"]
    id = goal_id(1)
    elsewhere = (await history_of(admin, "goals", goal_id(2)))[0]["position"]
    cases: tuple[tuple[dict[str, Any], list[tuple[str, str]]], ...] = (
        (goal(id, "number"), [("#/fields/0", "not_redactable")]),
        (goal(id, "title", "no_such"), [("#/fields/1", "not_redactable")]),
        (goal(id, "title", positions=[elsewhere]), [("#/positions/0", "unknown_position")]),
        (
            {"fields": ["title"], "legal_basis": BASIS, "positions": [1_000_000]},
            [("#/positions/0", "unknown_position")],
        ),
        ({"fields": ["title"], "legal_basis": BASIS}, [("#/resource_id", "resource_required")]),
        (goal(NOWHERE, "title"), [("#/resource_id", "unknown_reference")]),
        (goal(id, "title") | {"resource_type": "key"}, [("#/resource_type", "unknown_reference")]),
        (goal(id, "title") | {"resource_type": None}, [("#/resource_type", "resource_required")]),
    )
    for content, errors in cases:
        assert errors_of(await admin.post("/v1/redactions", json=content)) == errors, content
    assert rule_of(await callers["coordinator"].post("/v1/redactions", json=goal(id, "title"))) == "role"
    for name in ("reader", "contributor", "umbrella"):
        assert rule_of(await callers[name].post("/v1/redactions", json=goal(id, "title"))) == "role"
    problem_of(await callers["anonymous"].post("/v1/redactions", json=goal(id, "title")), 401, "unauthorized")
    assert (await admin.get("/v1/redactions")).json()["items"] == []


FULL: Mapping[str, Any] = {
    "area_code": {"scheme": "ags", "code": PERSON},
    "exchange": [{"level": None, "format": None, "description": PERSON}],
    "hearing": {"text": PERSON, "source": "agreement", "said_by": PERSON, "decision_kinds": [], "minimum_lead_days": 5},
    "signatories": [{"name": PERSON, "function": PERSON, "partner_id": CARITAS}],
    "milestones": [{"title": PERSON, "due_on": "2026-01-31", "reached_on": None}],
    "former_names": [{"name": PERSON, "until": "2020-01-31"}],
    "documents": [{"title": PERSON, "url": f"https://example.org/{PERSON[:5]}", "media_type": None}],
    "links": [{"title": PERSON, "url": f"https://example.org/{PERSON[:5]}"}],
    "agenda_items": [{"title": PERSON, "description": None, "duration_minutes": 5, "decision_id": CARITAS}],
    "districts": [PERSON, "Gorbitz"],
    "email": "erika@example.org",
    "website": "https://example.org/erika",
    "evidence_url": "https://example.org/erika",
    "source_url": "https://example.org/erika",
    "online_url": "https://example.org/erika",
    "external_ids": [{"system": "crm", "id": PERSON}],
    "changes": {"title": PERSON},
    "redaction": {"fields": ["text", "reason"], "legal_basis": PERSON},
    "translations": {"en": PERSON},
}
LEFT: Mapping[str, Any] = {
    "area_code": {"scheme": "ags", "code": MARKER},
    "exchange": [{"level": None, "format": None, "description": MARKER}],
    "hearing": {"text": MARKER, "source": "agreement", "said_by": MARKER, "decision_kinds": [], "minimum_lead_days": 5},
    "signatories": [{"name": MARKER, "function": MARKER, "partner_id": CARITAS}],
    "milestones": [{"title": MARKER, "due_on": "2026-01-31", "reached_on": None}],
    "former_names": [{"name": MARKER, "until": "2020-01-31"}],
    "documents": [{"title": MARKER, "url": ADDRESS, "media_type": None}],
    "links": [{"title": MARKER, "url": ADDRESS}],
    "agenda_items": [{"title": MARKER, "description": None, "duration_minutes": 5, "decision_id": CARITAS}],
    "districts": [MARKER],
    **dict.fromkeys(("email", "website", "evidence_url", "source_url", "online_url")),
    "external_ids": [],
    "changes": {"title": None},
    "redaction": {"fields": ["text", "reason"], "legal_basis": MARKER},
    "translations": {"en": MARKER},
}
"""What is left of fields that are no plain text."""


def test_of_each_kind_no_words_are_left_and_all_that_counts_stays() -> None:
    for kind in KINDS.values():
        assert "external_ids" in redactable(kind)
        for name in redactable(kind):
            data = {name: FULL.get(name, PERSON)}
            left = blanked(kind, [name], data)
            assert left == {name: LEFT.get(name, MARKER)}, kind.type
            assert blanked(kind, [name], left) == {}, "once is enough"
    assert {*FULL} <= {name for kind in KINDS.values() for name in redactable(kind)}


@any_database
async def test_in_the_middle_of_a_random_history_every_proof_stays(
    callers: Callers, database: Database, tmp_path: Path
) -> None:
    admin, random = callers["admin"], Random(25)  # noqa: S311 (the same history each time)
    there = [await make(admin, "goals", title=PERSON) for _ in range(2)]
    size = 1
    for step in range(30):
        match random.choice(("make", "change", "change", "hide", "delete", "redact", "redact")):
            case "make":
                there.append(await make(admin, "goals", title=f"{PERSON} {step}", description=PERSON))
            case "delete" if there:
                each = there.pop(random.randrange(len(there)))
                assert (await delete(admin, "goals", each)).status_code == 204
            case "redact" if there:
                each = random.choice(there)
                fields = random.choice((("title",), ("description",), ("title", "description")))
                answer = await admin.post("/v1/redactions", json=goal(each["id"], *fields))
                assert answer.status_code == 200, answer.text
                each |= (await admin.get(f"/v1/goals/{each['id']}")).json()
            case "hide" if there:
                each = random.choice(there)
                circle = random.choice(("public", "partners"))
                each |= (await patch(admin, "goals", each, visibility=circle)).json()
            case "change" if there:
                each = random.choice(there)
                each |= (await patch(admin, "goals", each, title=f"{PERSON} {step}")).json()
        if step % 15 == 14:
            for name in ("anonymous", "reader"):
                await audited(callers[name], tmp_path / name)
            later = (await callers["anonymous"].get("/v1/log/checkpoint")).text.split("\n")[1]
            proof = await callers["anonymous"].get("/v1/log/proofs/consistency", params={"from": size, "to": later})
            assert proof.status_code == 200
            size = int(later)
    found = await verified(database)
    assert found.faults == []
    assert found.redacted > 2
    assert await audited(callers["reader"], tmp_path / "new") == found.redacted
    said = [each["leaf"]["redacts"] for each in (await admin.get("/v1/redactions?limit=500")).json()["items"]]
    assert len({each["position"] for redacts in said for each in redacts}) == found.redacted
