"""Checking the log: its leaves, its tree, and what follows of each subject. A batch at a time, whatever its length."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, literal, select, tuple_

from app.changes.models import Action, Change, LogHead, Subject, TreeNode
from app.changes.tree import HEIGHT, TILE, Tree
from app.database.tables import table_of
from app.proofs.leaves import decoded, digest_of, encoded, leaf_hash, leaf_of, salted
from app.proofs.tree import root

BATCH = 2_000
BY_SUBJECT = 500

CHANGE, SUBJECT, FEED, NODE = table_of(Change), table_of(Subject).c, table_of(LogHead).c, table_of(TreeNode).c


class TreeWalk:
    """Builds the tree anew from the leaves, in the order of their positions, and compares the stored nodes with it."""

    def __init__(self) -> None:
        self.position = -1
        self.open: list[list[bytes]] = [[]]
        """Of each level, the hashes that are in no complete node of the next one yet."""
        self.counts = [0]

    def step(self, connection: Connection) -> list[str] | None:
        """What is wrong with the next leaves and the nodes over them; None behind the end."""
        if self.position < 0:
            self.position = 0
            self.add(Tree(connection).first_leaf())
        columns = CHANGE.c
        wanted = select(columns.position, columns.leaf_hash).where(columns.position > self.position)
        rows = connection.execute(wanted.order_by(columns.position).limit(BATCH)).all()
        faults: list[str] = []
        nodes: dict[tuple[int, int], str] = {}
        for row in rows:
            if row.position != self.position + 1:
                faults.append(f"positions {self.position + 1} to {row.position - 1} are missing")
            self.position = row.position
            nodes.update(self.add(loose(row.leaf_hash)))
        faults += self.compared(connection, nodes)
        return (faults or []) if rows else self.at_end(connection)

    def add(self, hash: bytes) -> Iterator[tuple[tuple[int, int], str]]:
        """Add a leaf; gives the nodes that are complete with it."""
        completed: list[tuple[tuple[int, int], str]] = []
        level = 0
        while True:
            self.open[level].append(hash)
            if len(self.open[level]) < TILE:
                return iter(completed)
            hash, self.open[level] = root(self.open[level]), []
            level += 1
            if level == len(self.open):
                self.open.append([])
                self.counts.append(0)
            completed.append(((level, self.counts[level]), encoded(hash)))
            self.counts[level] += 1

    def compared(self, connection: Connection, nodes: dict[tuple[int, int], str]) -> list[str]:
        """Which of these nodes are stored otherwise; what is not stored yet is computed when it is asked for."""
        if not nodes:
            return []
        wanted = select(NODE.level, NODE.number, NODE.hash).where(tuple_(NODE.level, NODE.number).in_([*nodes]))
        return [
            f"node {row.number} of level {row.level} of the tree does not follow from what is below it"
            for row in connection.execute(wanted)
            if row.hash != nodes[row.level, row.number]
        ]

    def at_end(self, connection: Connection) -> list[str] | None:
        """What is wrong with the end of the log and of the tree, once."""
        if not self.open:
            return None
        self.open = []
        end = connection.execute(select(FEED.position)).scalar_one()
        faults = [] if end == self.position else [f"the log ends at position {self.position}, its counter says {end}"]
        last = select(NODE.level, NODE.number).order_by(NODE.number.desc()).limit(BATCH)
        return faults + [
            f"node {row.number} of level {row.level} of the tree is over leaves that there are not"
            for row in connection.execute(last)
            if (row.number + 1) << (HEIGHT * row.level) > self.position + 1
        ]


def loose(text: str) -> bytes:
    """A stored hash; what is none makes another tree."""
    try:
        return decoded(text)
    except ValueError:
        return b""


def entries_by_subject(connection: Connection, after: tuple[UUID, int] | None) -> list[Row[Any]]:
    """The next entries in the order of their subjects and positions."""
    columns = CHANGE.c
    wanted = select(CHANGE).order_by(columns.resource_id, columns.position).limit(BY_SUBJECT)
    if after is not None:
        last = tuple_(literal(after[0], columns.resource_id.type), literal(after[1], columns.position.type))
        wanted = wanted.where(tuple_(columns.resource_id, columns.position) > last)
    return list(connection.execute(wanted))


def data_of(row: Row[Any]) -> dict[str, Any] | None:
    """The data of an entry; raises ValueError for what is no JSON."""
    return None if row.data is None else json.loads(row.data)


def faults_in(row: Row[Any], data: dict[str, Any] | None) -> Iterator[str]:
    """What is wrong with an entry by itself."""
    if leaf_hash(leaf_of(row._asdict())) != row.leaf_hash:
        yield "its leaf has another hash"
    if row.salt is None:
        yield "its salt is missing"
        return
    if row.redacted_by is None:
        if digest_of(row.salt, data) != row.data_digest:
            yield "its data has another digest"
        if (None if row.by_key_id is None else salted(row.salt, str(row.by_key_id))) != row.key_ref:
            yield "it names another key"
    if row.action is not Action.redacted:
        if (data is None) != (row.action is Action.deleted):
            yield "it has data and is a deletion, or has none and is no deletion"
        if row.redacts is not None:
            yield "it redacts others and says that it is something else"
    if data is not None and (data.get("id"), data.get("version")) != (str(row.resource_id), row.version):
        yield "its data is another resource's, or another version's"
