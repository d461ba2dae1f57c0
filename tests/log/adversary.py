"""What somebody with SQL could do to the record: rewrites in a table, in the log, or in both and hashed anew.

Each begins with a register that `history` has filled. `finds` is what `register verify` says of it; where a rewrite is
followed by `rehash`, verify can find nothing any more, and only who kept an earlier checkpoint does.
"""
# ruff: noqa: S608 (statements of an attacker are what this is about)

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import httpx

from app.database.packing import pack, unpack
from app.proofs.leaves import digest_of, leaf_hash, leaf_of, new_salt, salted
from tests.factories import CARITAS, make, patch


class Rewrite(NamedTuple):
    """A rewrite, and what verify says of it."""

    name: str
    statements: Sequence[str]
    finds: str


async def history(operator: httpx.AsyncClient, caritas: httpx.AsyncClient) -> None:
    """Fill the register with what is worth rewriting."""
    decision = await make(operator, "decisions", title="Haushalt")
    said = {"position": "object", "text": "Das reicht nicht."}
    answer = await caritas.put(f"/v1/decisions/{decision['id']}/statements/{CARITAS}", json=said)
    assert answer.status_code == 201, answer.text
    hidden = await make(operator, "needs", title="Nur für Partner", visibility="partners")
    assert (await patch(operator, "needs", hidden, description="Vertraulich")).status_code == 200
    gone = await make(operator, "goals", title="Wird gelöscht")
    answer = await operator.delete(f"/v1/goals/{gone['id']}", headers={"If-Match": "*"})
    assert answer.status_code == 204
    key = (await operator.post("/v1/keys", json={"partner_id": CARITAS, "role": "reader"})).json()
    assert (await operator.delete(f"/v1/keys/{key['id']}")).status_code == 204
    await make(operator, "consultation-events", title="Gespräch", participants=[{"partner_id": CARITAS}])
    await make(operator, "sub-measures", title="Kurs", districts=["Prohlis", "Gorbitz"], status="agreed")


# Where the log and a table are rewritten alike, but nothing is hashed anew.
BOTH = (
    "UPDATE statement SET search_text = replace(search_text, 'nicht', 'gut')",
    "UPDATE statement SET text = replace(text, 'nicht', 'gut')",
    "UPDATE statement SET representation = pack(replace(unpack(representation), 'reicht nicht', 'reicht gut'))",
    "UPDATE change SET data = pack(replace(unpack(data), 'reicht nicht', 'reicht gut'))",
)
LAST = "(SELECT max(position) FROM change)"
STATEMENT_POSITION = "(SELECT position FROM change WHERE resource_type = 'statement')"
NEED_ID = "(SELECT id FROM need)"

TABLES = (
    Rewrite("a statement is said otherwise", ["UPDATE statement SET text = 'Sehr gut.'"], "(text"),
    Rewrite("its position is turned round", ["UPDATE statement SET position = 'support'"], "(position"),
    Rewrite(
        "what is served of it is another text",
        ["UPDATE statement SET representation = pack(replace(unpack(representation), 'object', 'support'))"],
        "(representation)",
    ),
    Rewrite("it was said on another day", ["UPDATE statement SET submitted_on = '2020-01-01'"], "(submitted_on)"),
    Rewrite("all statements are deleted", ["DELETE FROM statement"], "in the log and not in its table"),
    Rewrite(
        "they are deleted with their subjects",
        ["DELETE FROM statement", "DELETE FROM subject WHERE kind = 'statement'"],
        "in the log and not among the subjects: statement",
    ),
    Rewrite("a decision is of an earlier day", ["UPDATE decision SET announced_on = '2020-01-01'"], "(announced_on"),
    Rewrite(
        "an event took place on another day", ["UPDATE consultation_event SET starts_on = '2020-01-01'"], "(starts_on)"
    ),
    Rewrite("who was there was not", ["DELETE FROM event_participant"], "(participants)"),
    Rewrite("somebody came who did not", ["UPDATE event_participant SET attendance = 'attended'"], "(participants)"),
    Rewrite(
        "a district is another one",
        ["UPDATE sub_measure_district SET district = 'Laubegast' WHERE position = 0"],
        "(districts)",
    ),
    Rewrite("what was hidden is public in its table", ["UPDATE need SET visibility = 'public'"], "(visibility)"),
    Rewrite(
        "what was hidden is public among the subjects",
        ["UPDATE subject SET visibility = 'public' WHERE kind = 'need'"],
        "the subject is not as in the log: need",
    ),
    Rewrite("its text leads nowhere", ["DELETE FROM searched WHERE number = 1"], "not searched: "),
    Rewrite(
        "no text leads anywhere",
        ["INSERT INTO searched_text (searched_text) VALUES ('delete-all')"],
        "searched is something else",
    ),
    Rewrite("nobody finds it any more", ["UPDATE need SET search_text = 'x'"], "(search_text)"),
    Rewrite("it stands at the end of each list", ["UPDATE need SET sort_name = 'zzz'"], "(sort_name)"),
    Rewrite("it was never agreed", ["UPDATE sub_measure SET was_agreed = 0 WHERE title = 'Kurs'"], "(was_agreed)"),
    Rewrite(
        "an earlier version is the newest",
        [
            f"UPDATE need SET version = 1, representation = (SELECT data FROM change WHERE resource_id = {NEED_ID} AND version = 1)"
        ],
        "(representation, version",
    ),
    Rewrite(
        "what was deleted is there again",
        ["UPDATE subject SET deleted_at = NULL WHERE deleted_at IS NOT NULL"],
        "(deleted_at)",
    ),
    Rewrite(
        "a goal is planted",
        [
            "CREATE TEMP TABLE planted AS SELECT * FROM goal LIMIT 1",
            "UPDATE planted SET id = '0123456789abcdef0123456789abcdef', number = 99",
            "INSERT INTO goal SELECT * FROM planted",
        ],
        "in a table and not in the log: goal",
    ),
    Rewrite(
        "a subject is planted",
        ["INSERT INTO subject VALUES ('0123456789abcdef0123456789abcdef', 'goal', 1, 'public', NULL, NULL, 0)"],
        "in a table and not in the log: subject",
    ),
    Rewrite(
        "what it belongs to is another agreement",
        ["UPDATE subject SET agreement_id = '0123456789abcdef0123456789abcdef' WHERE kind = 'need'"],
        "(agreement_id)",
    ),
    Rewrite(
        "what it is about is something else",
        ["DELETE FROM subject_about WHERE subject_id IN (SELECT id FROM subject WHERE kind = 'sub_measure')"],
        "(about)",
    ),
    Rewrite(
        "a list does not find something",
        ["DELETE FROM finding WHERE resource_id IN (SELECT id FROM sub_measure)"],
        "(what its lists find it by)",
    ),
    Rewrite(
        "a list finds what is not there",
        ["INSERT INTO finding VALUES ('0123456789abcdef0123456789abcdef', '~', '0123456789abcdef0123456789abcdef')"],
        "in a table and not in the log: finding",
    ),
    Rewrite(
        "a report counts a meeting that was not held",
        [
            "INSERT INTO tally SELECT 'need', '', '', '2025-01-01', 'held', 'public', id, 1 FROM agreement LIMIT 1",
        ],
        "are tallied on 2025-01-01",
    ),
)
A_KEY = "id = (SELECT min(id) FROM api_key)"
KEYS = (
    Rewrite(
        "a key is planted",
        [
            "CREATE TEMP TABLE planted AS SELECT * FROM api_key LIMIT 1",
            "UPDATE planted SET id = '0123456789abcdef0123456789abcdef', digest = 'x'",
            "INSERT INTO api_key SELECT * FROM planted",
        ],
        "in a table and not in the log: key",
    ),
    Rewrite(
        "a key is planted with its subject",
        [
            "CREATE TEMP TABLE planted AS SELECT * FROM api_key LIMIT 1",
            "UPDATE planted SET id = '0123456789abcdef0123456789abcdef', digest = 'x'",
            "INSERT INTO api_key SELECT * FROM planted",
            "INSERT INTO subject VALUES ('0123456789abcdef0123456789abcdef', 'key', 1, 'partners', NULL, NULL, 0)",
        ],
        "in a table and not in the log: subject",
    ),
    Rewrite("a key allows more", [f"UPDATE api_key SET role = 'admin' WHERE {A_KEY}"], "(role)"),
    Rewrite(
        "it is another partner's",
        [f"UPDATE api_key SET partner_id = (SELECT id FROM partner WHERE kind = 'municipality') WHERE {A_KEY}"],
        "(partner_id)",
    ),
    Rewrite(
        "what was revoked works again",
        ["UPDATE api_key SET revoked_at = NULL WHERE revoked_at IS NOT NULL"],
        "(revoked_at)",
    ),
    Rewrite(
        "it works for longer",
        ["UPDATE api_key SET expires_at = '2999-01-01 00:00:00.000000' WHERE revoked_at IS NOT NULL"],
        "(expires_at)",
    ),
    Rewrite(
        "somebody else's secret opens it",
        [f"UPDATE api_key SET digest = '{'a' * 64}' WHERE {A_KEY}"],
        "(digest_hash)",
    ),
    Rewrite("it was never there", [f"DELETE FROM api_key WHERE {A_KEY}"], "in the log and not in its table"),
)
LOG = (
    Rewrite(
        "an entry says other words",
        [
            f"UPDATE change SET data = pack(replace(unpack(data), 'object', 'support')) WHERE position = {STATEMENT_POSITION}"
        ],
        "its data has another digest",
    ),
    Rewrite(
        "it is by another partner",
        [f"UPDATE change SET by_partner_id = NULL WHERE position = {STATEMENT_POSITION}"],
        "its leaf has another hash",
    ),
    Rewrite(
        "it is by another key",
        [f"UPDATE change SET by_key_id = resource_id WHERE position = {STATEMENT_POSITION}"],
        "it names another key",
    ),
    Rewrite(
        "it is of another time",
        [f"UPDATE change SET at = '2020-01-01 00:00:00.000000' WHERE position = {STATEMENT_POSITION}"],
        "its leaf has another hash",
    ),
    Rewrite("it is gone", [f"DELETE FROM change WHERE position = {STATEMENT_POSITION}"], "are missing"),
    Rewrite("the end is cut off", [f"DELETE FROM change WHERE position = {LAST}"], "its counter says"),
    Rewrite(
        "the end is cut off with the counter",
        [f"DELETE FROM change WHERE position = {LAST}", "UPDATE feed SET position = position - 1"],
        "in a table and not in the log",
    ),
    Rewrite(
        "its salt is gone",
        [f"UPDATE change SET salt = NULL WHERE position = {STATEMENT_POSITION}"],
        "its salt is missing",
    ),
    Rewrite("both say other words", BOTH, "its data has another digest"),
)


def learn_to_pack(connection: sqlite3.Connection) -> None:
    """Let statements read and write texts that are packed, as whoever has the code can."""
    connection.create_function("pack", 1, lambda text: None if text is None else pack(text))
    connection.create_function("unpack", 1, lambda stored: None if stored is None else unpack(stored))


def rehash(connection: sqlite3.Connection) -> None:
    """Hash every entry anew, as whoever has the code and the database can, and let the tree be computed again."""
    connection.row_factory = sqlite3.Row
    for row in connection.execute("SELECT * FROM change ORDER BY position").fetchall():
        salt = row["salt"] or new_salt()
        entry = {**dict(row), **typed(row)}
        entry["key_ref"] = None if row["by_key_id"] is None else salted(salt, spelt(row["by_key_id"]))
        entry["data_digest"] = digest_of(salt, None if row["data"] is None else json.loads(unpack(row["data"])))
        values = (salt, entry["key_ref"], entry["data_digest"], leaf_hash(leaf_of(entry)), row["position"])
        connection.execute(
            "UPDATE change SET salt = ?, key_ref = ?, data_digest = ?, leaf_hash = ? WHERE position = ?", values
        )
    connection.execute("DELETE FROM tree_node")


def typed(row: sqlite3.Row) -> dict[str, object]:
    """The columns of an entry that SQLite keeps as text."""
    ids: Callable[[str], str | None] = lambda name: row[name] and spelt(row[name])  # noqa: E731
    at = datetime.fromisoformat(f"{row['at']}+00:00")
    fields = json.loads(row["changed_fields"])
    redacts = None if row["redacts"] is None else json.loads(row["redacts"])
    return {"at": at, "changed_fields": fields, "redacts": redacts} | {
        name: ids(name) for name in ("resource_id", "by_partner_id", "proposal_id")
    }


def spelt(hex: str) -> str:
    """An id with its hyphens."""
    return f"{hex[:8]}-{hex[8:12]}-{hex[12:16]}-{hex[16:20]}-{hex[20:]}"


# Both are rewritten and hashed anew, so that the record agrees with itself again.
CONSISTENT = (
    Rewrite("words", BOTH, ""),
    Rewrite(
        "who said it",
        [f"UPDATE change SET by_partner_id = NULL, by_key_id = NULL WHERE position = {STATEMENT_POSITION}"],
        "",
    ),
    Rewrite(
        "when it was said",
        [f"UPDATE change SET at = '2020-01-01 00:00:00.000000' WHERE position = {STATEMENT_POSITION}"],
        "",
    ),
    Rewrite(
        "two entries are in another order",
        [
            "UPDATE change SET position = -1 WHERE position = 5",
            "UPDATE change SET position = 5 WHERE position = 6",
            "UPDATE change SET position = 6 WHERE position = -1",
        ],
        "",
    ),
    Rewrite("salts", ["UPDATE change SET salt = NULL WHERE position = 3"], ""),
    Rewrite("nothing but the first leaf", ["UPDATE feed SET first_leaf = '{}'"], ""),
)
