"""Checking the log: numbered without gaps, hashed as it says, and in agreement with what it is about."""

import json
from collections.abc import AsyncIterator, Iterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.changes.models import Change, LogHead, Subject, TreeNode
from app.changes.tree import Tree
from app.proofs.leaves import digest_of, encoded, leaf_hash, leaf_of, salted
from app.proofs.tree import root

BATCH = 1_000


async def faults(session: AsyncSession) -> AsyncIterator[str]:
    """Everything that is wrong with the log, in words; nothing when it is as it was written."""
    position = 0
    latest: dict[object, int] = {}
    while True:
        statement = select(Change).where(col(Change.position) > position).order_by(col(Change.position)).limit(BATCH)
        entries = list((await session.execute(statement)).scalars())
        if not entries:
            break
        for entry in entries:
            if entry.position != position + 1:
                yield f"positions {position + 1} to {entry.position - 1} are missing"
            for fault in faults_in(entry):
                yield f"the entry at position {entry.position} is not as it was written: {fault}"
            position = entry.position
            latest[entry.resource_id] = entry.version
        session.expunge_all()
    end = (await session.execute(select(LogHead))).scalar_one()
    if end.position != position:
        yield f"the log ends at position {position}, its counter says {end.position}"
    for subject in (await session.execute(select(Subject))).scalars():
        if latest.get(subject.id) != subject.version:
            yield f"{subject.kind} {subject.id} is at version {subject.version}, the log at {latest.get(subject.id)}"
    connection = await session.connection()
    for fault in await connection.run_sync(lambda each: list(faults_of_nodes(Tree(each)))):
        yield fault


def faults_in(entry: Change) -> Iterator[str]:
    """What is wrong with one entry."""
    if leaf_hash(leaf_of(entry.model_dump())) != entry.leaf_hash:
        yield "its leaf has another hash"
    if entry.salt is None:
        return
    data = None if entry.data is None else json.loads(entry.data)
    if digest_of(entry.salt, data) != entry.data_digest:
        yield "its data has another digest"
    if (None if entry.by_key_id is None else salted(entry.salt, str(entry.by_key_id))) != entry.key_ref:
        yield "it names another key"


def faults_of_nodes(tree: Tree) -> Iterator[str]:
    """Which stored nodes of the tree do not follow from what is below them."""
    columns = (col(TreeNode.level), col(TreeNode.number), col(TreeNode.hash))
    for level, number, hash in tree.connection.execute(select(*columns).order_by(*columns[:2])):
        if encoded(root(tree.tile(level - 1, number))) != hash:
            yield f"node {number} of level {level} of the tree does not follow from what is below it"
