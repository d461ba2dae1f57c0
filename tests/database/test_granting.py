"""The rights of the service on PostgreSQL: all that it does, and nothing that rewrites the log."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from app.cli.migrate import migrate_and_render
from app.cli.verify import verify_and_note
from app.database.packing import unpack
from app.proofs.canonical import canonical
from app.settings import Settings
from tests.conftest import Cluster, Templates, client_of, running
from tests.databases import only_postgresql
from tests.factories import CARITAS, delete, make, patch
from tests.log.adversary import history
from tests.processes import succeed

REWRITES = (
    "UPDATE change SET data = NULL",
    "UPDATE change SET position = position + 1000",
    "DELETE FROM change",
    "TRUNCATE change",
    "UPDATE tree_node SET hash = 'x'",
    "DELETE FROM tree_node",
    "DELETE FROM subject_about",
    "DELETE FROM subject",
    "UPDATE feed SET first_leaf = '{}'",
    "DELETE FROM feed",
    "UPDATE api_key SET role = 'operator'",
    "UPDATE api_key SET digest = 'x'",
    "UPDATE api_key SET partner_id = (SELECT id FROM partner LIMIT 1)",
    "UPDATE alembic_version SET version_num = '0001'",
    "ALTER TABLE change DISABLE TRIGGER ALL",
    "DROP TABLE change",
    "CREATE TABLE planted (id int)",
    "SELECT of_nobody()",
)
DEFINER = (
    "CREATE FUNCTION {name}() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM alembic_version'"
)


@asynccontextmanager
async def service(templates: Templates, settings: Settings) -> AsyncIterator[Settings]:
    """The settings of the service on a register, with a role of its own."""
    cluster, role = templates.cluster, f"service_{uuid4().hex}"
    assert isinstance(cluster, Cluster)
    await cluster.execute(f"CREATE ROLE {role} LOGIN")
    owner = await asyncpg.connect(settings.database_url)
    try:
        await owner.execute(DEFINER.format(name="of_owner"))
        assert await migrate_and_render(settings.model_copy(update={"service_role": role})) == 0
        await owner.execute(DEFINER.format(name="of_nobody"))
        await owner.execute("REVOKE EXECUTE ON FUNCTION of_nobody FROM PUBLIC")
        url = make_url(settings.database_url).set(username=role).render_as_string(hide_password=False)
        yield settings.model_copy(update={"database_url": url})
    finally:
        await owner.execute(f"DROP OWNED BY {role}")
        await owner.close()
        await cluster.execute(f"DROP ROLE {role}")


@only_postgresql
async def test_suffice_for_all_that_is_done_and_not_to_rewrite_it(settings: Settings, templates: Templates) -> None:
    async with service(templates, settings) as serving:
        async with AsyncExitStack() as stack:
            app = await stack.enter_async_context(running(serving))
            operator, caritas, keeper = [
                await stack.enter_async_context(client_of(app, templates.keys[name]))
                for name in ("operator", "contributor", "keeper")
            ]
            await history(operator, caritas)
            goal = await make(operator, "goals")
            changed = (await patch(operator, "goals", goal, title="Anders")).json()
            assert (await delete(operator, "goals", changed)).status_code == 204
            assert (await caritas.post("/v1/calendar-feeds", json={})).status_code == 201
            hook = await caritas.post("/v1/webhook-endpoints", json={"url": "https://192.0.1.1/hook"})
            assert hook.status_code == 201
            assert (await keeper.post("/v1/keys/current/rotation", json={})).status_code == 201
            once = {"Idempotency-Key": "once"}
            for _ in range(2):
                body = {"title": "Einmal", "number": 77}
                made = await operator.post("/v1/goals", json={**goal_body(goal), **body}, headers=once)
                assert made.status_code == 201
        assert (await verify_and_note(serving)).faults == []
        await refused(serving)
        assert (await verify_and_note(serving)).faults == []


PERSON = "Erika Mustermann"
BASIS = "Art. 17 (1) (a) GDPR"
FORGED = """
WITH said AS (
    INSERT INTO change (position, at, action, resource_type, resource_id, version, visibility, changed_fields, data,
        data_digest, leaf_hash, redacts)
    SELECT max(position) + 1, now(), 'redacted', 'goal', $1, 9, 'public', '["title"]', '{}', 'x', 'x',
        json_build_array(json_build_object('position', $2::bigint)) FROM change
    RETURNING position
)
SELECT position FROM said
"""
REDACT = "SELECT redact_change($1, $2, $3, $4, 'salt')"


@only_postgresql
async def test_suffice_to_redact_and_for_no_more_than_an_entry_says(
    settings: Settings, templates: Templates, tmp_path: Path
) -> None:
    """A dump of the whole register has the words before, and nothing of them afterwards."""
    async with service(templates, settings) as serving:
        async with AsyncExitStack() as stack:
            app = await stack.enter_async_context(running(serving))
            city, caritas, keeper = [
                await stack.enter_async_context(client_of(app, templates.keys[name]))
                for name in ("coordinator", "contributor", "keeper")
            ]
            goal = await make(city, "goals", title=PERSON, description="Bleibt.")
            need = await make(caritas, "needs", raised_by_id=CARITAS, description=f"{PERSON} wartet.")
            assert PERSON in await dump(settings, templates, tmp_path)
            wanted = {"resource_type": "goal", "resource_id": goal["id"], "fields": ["title"], "legal_basis": BASIS}
            redacted = await keeper.post("/v1/redactions", json=wanted)
            assert redacted.status_code == 200, redacted.text
            assert (await delete(caritas, "needs", need)).status_code == 204
            redaction = {"fields": ["description"], "legal_basis": BASIS}
            body = {"subject_type": "need", "subject_id": need["id"], "reason": "Name", "redaction": redaction}
            proposal = await caritas.post("/v1/proposals", json=body)
            assert proposal.status_code == 201, proposal.text
            confirmed = await patch(city, "proposals", proposal.json(), state="confirmed")
            assert confirmed.status_code == 200, confirmed.text
        assert PERSON not in await dump(settings, templates, tmp_path)
        assert (await verify_and_note(serving)).faults == []
        [position] = redacted.json()["items"][0]["positions"]
        await redacts_no_more(serving, goal["id"], position)
        assert (await verify_and_note(serving)).faults == []


async def dump(settings: Settings, templates: Templates, folder: Path) -> str:
    """All that `pg_dump` says of a register, and what its log has compressed."""
    cluster = templates.cluster
    assert isinstance(cluster, Cluster)
    log = await asyncpg.connect(settings.database_url)
    try:
        stored = await log.fetch("SELECT data FROM change WHERE data IS NOT NULL")
    finally:
        await log.close()
    said = await succeed(str(cluster.programs / "pg_dump"), settings.database_url, cwd=folder)
    return "\n".join([said, *(unpack(row["data"]) for row in stored)])


async def redacts_no_more(serving: Settings, id: str, position: int) -> None:
    """Check that whoever has the service's password erases nothing that an entry of the same transaction does not name.

    At `position` an entry of a goal was blanked; the newest of the goal is compressed, so that the database cannot read it.
    """
    connection = await asyncpg.connect(serving.database_url)
    rows = await connection.fetch(
        "SELECT position, data FROM change WHERE resource_id = $1 ORDER BY position", UUID(id)
    )
    entries = {row["position"]: json.loads(unpack(row["data"])) for row in rows}
    newest = max(entries)

    def saying(at: int, **words: str) -> str:
        return json.dumps(entries[at] | words)

    more = {"title": "x", "description": "x"}
    said, forged = canonical(entries[newest]), canonical(entries[newest] | {"description": "x"})
    try:
        for by, named, blanked, told, left in (
            (None, position, position, "", saying(position, **more)),
            (None, position, newest, said, saying(newest, title="x")),
            (newest, position, position, "", saying(position, title="x")),
            (None, newest, newest, said, saying(newest, **more)),
            (None, newest, newest, forged, saying(newest, **more)),
            (None, newest, newest, said, None),
            (
                None,
                newest,
                newest,
                said,
                json.dumps({name: entries[newest][name] for name in entries[newest].keys() - {"title"}}),
            ),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no entry of this transaction"):
                await redact(connection, UUID(id), named, by, blanked, told, left)
        await redact(connection, UUID(id), position, None, position, "", saying(position, title="x"))
        await redact(connection, UUID(id), newest, None, newest, said, saying(newest, title="x"))
    finally:
        await connection.close()


async def redact(
    connection: asyncpg.Connection, id: UUID, named: int, by: int | None, blanked: int, said: str, left: str | None
) -> None:
    """Add an entry that names one of a goal, and redact as that, or as another entry; nothing of it stays."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        position = await connection.fetchval(FORGED, id, named)
        await connection.execute(REDACT, by or position, blanked, said, left)
    finally:
        await transaction.rollback()


def goal_body(goal: dict[str, object]) -> dict[str, object]:
    """What a goal needs beside its own name."""
    return {"topic_id": goal["topic_id"], "agreement_id": goal["agreement_id"]}


async def refused(serving: Settings) -> None:
    """Check that whoever has the service's password rewrites nothing."""
    connection = await asyncpg.connect(serving.database_url)
    try:
        assert await connection.fetchval("SELECT of_owner()") == 1
        for statement in REWRITES:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
