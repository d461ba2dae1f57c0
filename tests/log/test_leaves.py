"""Leaves of the log: what the feed serves of them, and the tree that is stored behind the commits."""

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, select

from app import migrating
from app.access.caller import COMMAND
from app.access.visibility import Visibility
from app.changes.log import grow_behind, record, transaction
from app.changes.models import Action, Change, LogHead, TreeNode
from app.changes.tree import Tree
from app.changes.written import Written
from app.cli.verify import verify_and_note
from app.database.engines import Database
from app.database.tables import table_of
from app.proofs.canonical import canonical
from app.proofs.leaves import decoded, digest_of, leaf_hash
from app.proofs.tree import hash_of_leaf, root
from app.resources.ids import new_id
from app.runtime import Runtime
from app.settings import Settings
from tests.conftest import ENTRIES, Templates, client_of, running
from tests.databases import any_database
from tests.factories import CARITAS, delete, make, patch

Callers = Mapping[str, httpx.AsyncClient]


async def changes_of(client: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    """The first changes of the feed, or of a history."""
    answer = await client.get("/v1/changes", params={"limit": 500, **params})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def hashes(connection: Connection) -> list[str]:
    """The stored hashes of all leaves."""
    return list(connection.execute(select(table_of(Change).c.leaf_hash).order_by("position")).scalars())


async def test_leaves_are_what_was_hashed_and_cover_the_data(callers: Callers, settings: Settings) -> None:
    made = await make(callers["operator"], "indicators", baseline_value=0.1)
    changed = (await patch(callers["operator"], "indicators", made, baseline_value=1e-7)).json()
    assert (await delete(callers["operator"], "indicators", changed)).status_code == 204
    runtime = Runtime.of(settings)
    stored = await runtime.database.read(hashes)
    await runtime.close()
    served = await changes_of(callers["admin"])
    assert [leaf_hash(canonical(each["leaf"])) for each in served] == stored
    for each in served:
        assert each["leaf"].keys() & each.keys() == {
            *("at", "action", "resource_type", "resource_id", "version", "changed_fields", "proposal_id")
        }
        if each["data"] is None:
            assert (each["action"], each["salt"]) == ("deleted", None)
        else:
            assert digest_of(each["salt"], each["data"]) == each["leaf"]["data_digest"]
    assert len({each["salt"] for each in served}) == len(served)


async def test_no_leaf_tells_what_is_hidden(callers: Callers) -> None:
    caritas = (await callers["keeper"].get(f"/v1/partners/{CARITAS}")).json()
    assert (await patch(callers["keeper"], "partners", caritas, visibility="partners")).status_code == 200
    made = await make(callers["contributor"], "sub-measures", lead_partner_id=CARITAS)
    goal = await make(callers["operator"], "goals", visibility="partners")
    entered = (await patch(callers["operator"], "goals", goal, visibility="public")).json()
    await patch(callers["operator"], "goals", entered, visibility="partners")
    served = {each["position"]: each for each in await changes_of(callers["reader"])}
    assert all(each["leaf"] for each in served.values())
    public = await changes_of(callers["anonymous"])
    without = [each for each in public if each["leaf"] is None]
    assert [(each["resource_id"], each["action"], each["salt"] is None) for each in without] == [
        (CARITAS, "deleted", True),
        (made["id"], "created", False),
        (goal["id"], "deleted", True),
    ]
    assert all(each["leaf"] == served[each["position"]]["leaf"] for each in public if each["leaf"])


async def write_entries(database: Database, count: int) -> None:
    """Add entries to the log, as many at once."""
    async with transaction(database, COMMAND, UTC) as session:
        written = [
            Written(Action.created, "goal", new_id(), 1, Visibility.public, None, ["title"], '{"title":"x"}')
            for _ in range(count)
        ]
        await record(session, written)


async def test_the_tree_is_stored_a_tile_at_a_time_and_is_the_same_without(settings: Settings) -> None:
    database = Runtime.of(settings).database
    node = table_of(TreeNode)
    for count in (251 - ENTRIES, 5, 600):
        await write_entries(database, count)

    def look(connection: Connection) -> tuple[list[Any], list[bytes]]:
        """The stored nodes, and roots of trees of several sizes."""
        nodes = [tuple(row) for row in connection.execute(select(node).order_by(node.c.level, node.c.number))]
        tree = Tree(connection)
        assert tree.size == 857
        first = connection.execute(select(table_of(LogHead).c.first_leaf)).scalar_one()
        assert json.loads(first) == {"earlier_log": {"entries": 0, "hash": "0" * 64}}
        leaves = [hash_of_leaf(first.encode()), *map(decoded, hashes(connection))]
        for size in (1, 2, 255, 256, 257, 511, 512, 600, tree.size):
            assert tree.hash_over((0, size)) == root(leaves[:size])
        assert [decoded(hash) for *_, hash in nodes] == [root(leaves[low : low + 256]) for low in (0, 256, 512)]
        return nodes, [tree.hash_over((0, size)) for size in (37, 700, 857)]

    nodes, roots = await database.read(look)
    assert [row[:2] for row in nodes] == [(1, 0), (1, 1), (1, 2)]
    async with database.transaction() as session:
        await session.execute(sa.delete(TreeNode))
    sizes = await database.read(lambda connection: [Tree(connection).hash_over((0, size)) for size in (37, 700, 857)])
    assert sizes == roots
    await grow_behind(database)
    assert (await database.read(look))[0] == nodes
    await database.close()


async def test_an_earlier_log_gets_leaves_and_is_held_by_the_first(settings: Settings, templates: Templates) -> None:
    async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
        made = await make(client, "goals", title="Größe")
        assert (await delete(client, "goals", made)).status_code == 204
        before = await changes_of(client)
    await migrating.downgrade(settings, "0009")
    database = Runtime.of(settings).database
    chained = await database.read(
        lambda connection: connection.execute(sa.text("SELECT hash FROM change ORDER BY position")).scalars().all()
    )
    await database.close()
    assert {len(hash) for hash in chained} == {64}
    await migrating.upgrade(settings)
    async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
        after = await changes_of(client)
        # What follows are the roles that keys get by the newest version.
        assert [strip(each) for each in after[: len(before)]] == [strip(each) for each in before]
        first = await app.state.runtime.database.read(
            lambda connection: connection.execute(select(table_of(LogHead).c.first_leaf)).scalar_one()
        )
    assert json.loads(first) == {"earlier_log": {"entries": len(chained), "hash": chained[-1]}}
    assert (await verify_and_note(settings)).faults == []


def strip(change: dict[str, Any]) -> dict[str, Any]:
    """A change without what depends on its salt, and without what no earlier log says."""
    leaf = {name: value for name, value in change["leaf"].items() if name not in ("key_ref", "data_digest", "reason")}
    return change | {"leaf": leaf, "salt": None}


@any_database
@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE change SET reason = 'x' WHERE position = 7", "its leaf has another hash"),
        ("UPDATE change SET data = (SELECT data FROM change WHERE position = 8) WHERE position = 7", "another digest"),
        (
            "UPDATE change SET salt = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' WHERE position = 7",
            "another digest",
        ),
        ("DELETE FROM change WHERE position = 7", "positions 7 to 7 are missing"),
        (
            "INSERT INTO tree_node VALUES (1, 0, 'AAAA')",
            "node 0 of level 1 of the tree is over leaves that there are not",
        ),
    ],
)
async def test_verify_names_what_was_rewritten(settings: Settings, statement: str, fault: str) -> None:
    async with migrating.connected(settings) as connection:
        await connection.execute(sa.text(statement))
    assert any(fault in each for each in (await verify_and_note(settings)).faults)
