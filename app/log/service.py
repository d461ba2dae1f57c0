"""Checkpoints and proofs of the log, and the cosignatures of partners."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select
from sqlmodel import SQLModel, col

from app.access.caller import ANONYMOUS, Caller
from app.access.visibility import visible
from app.changes.log import Transaction
from app.changes.models import Subject
from app.changes.tree import Tree
from app.database.engines import insert_into
from app.database.tables import table_of
from app.http.errors import Invalid
from app.http.failures import left_to_operator
from app.http.problems import FieldError, at
from app.language import Text
from app.log.key import UNREADABLE, read_signer
from app.log.models import (
    MOST_LEAVES,
    ConsistencyProof,
    ConsistencyQuery,
    Cosignature,
    CosignaturePublic,
    Cosigner,
    CosignerPublic,
    InclusionProof,
    LeafHashes,
)
from app.proofs.leaves import encoded
from app.proofs.notes import COSIGNATURE, BadNote, Checkpoint, Note, Signer, Verifier
from app.proofs.tree import Range, consistency, inclusion
from app.settings import Settings

NO_KEY = Text(
    "Das Protokoll dieses Registers hat noch keinen Schlüssel: bitte `register log init` ausführen.",
    "The log of this register has no key yet: run `register log init`.",
)
BEYOND = Text("So viele Blätter hat das Protokoll nicht.", "The log has not that many leaves.")
NOT_IN = Text("Diese Stelle ist nicht in dem Baum.", "This position is not in the tree.")
NOT_EARLIER = Text("Der frühere Baum ist größer als der spätere.", "The earlier tree is larger than the later one.")
NO_COSIGNER = Text(
    "Das ist kein öffentlicher Schlüssel für Gegenzeichnungen (Art 4).",
    "This is no public key for cosignatures (kind 4).",
)
TAKEN = Text("Dieser Schlüssel gehört einem anderen Partner.", "This key is another partner's.")
NO_CHECKPOINT = Text("Das ist kein Checkpoint mit Unterschriften.", "This is no checkpoint with signatures.")
OTHER_TREE = Text(
    "Diesen Checkpoint hat das Protokoll nicht: Der Baum dieser Größe hat eine andere Wurzel.",
    "The log has no such checkpoint: the tree of this size has another root.",
)
NOT_SIGNED = Text(
    "Keine der Unterschriften ist von einem Schlüssel, den der Partner angemeldet hat.",
    "None of the signatures is by a key that the partner has registered.",
)


@lru_cache
def signer_of(settings: Settings) -> Signer:
    """The key of the log; raises Unavailable while there is none."""
    try:
        return read_signer(settings)
    except UNREADABLE:
        raise left_to_operator(NO_KEY) from None


def size_of(tree: Tree, wanted: int | None, parameter: str = "size") -> int:
    """How many leaves are asked for; raises Invalid for more than there are."""
    size = tree.size
    if wanted is not None and wanted > size:
        raise refusal(parameter, BEYOND)
    return size if wanted is None else wanted


def refusal(parameter: str, detail: Text) -> Invalid:
    """Why a parameter is refused."""
    return Invalid(errors=[FieldError("parameter", parameter, "out_of_range", detail)])


def checkpoint_of(tree: Tree, signer: Signer, caller: Caller, size: int) -> str:
    """The signed checkpoint of a size, with what partners that the caller sees have cosigned; the same at any time."""
    text = str(Checkpoint(signer.name, size, tree.hash_over((0, size))))
    lines = tree.connection.execute(cosignatures(caller, size)).scalars()
    return str(Note(text, [signer.line(text), *lines]))


def cosignatures(caller: Caller, size: int) -> Select[Any]:
    """The lines of the cosignatures of a checkpoint."""
    subject = table_of(Subject)
    return (
        select(col(Cosignature.line))
        .join(subject, subject.c.id == col(Cosignature.partner_id))
        .where(col(Cosignature.size) == size, visible(subject, caller))
        .order_by(col(Cosignature.signed_at), col(Cosignature.partner_id))
    )


def leaf_hashes(tree: Tree, first: int, limit: int) -> LeafHashes:
    """The hashes of leaves from an index on."""
    size = tree.size
    hashes = tree.leaves(first, min(first + limit, size)) if first < size else []
    return LeafHashes(first=first, items=[*map(encoded, hashes)], size=size)


def path_over(tree: Tree, ranges: Sequence[Range]) -> list[str]:
    """The hashes of a proof."""
    return [encoded(tree.hash_over(part)) for part in ranges]


def prove_inclusion(tree: Tree, position: int, wanted: int | None) -> InclusionProof:
    """That the leaf of a position is in the tree of a size; raises Invalid where it is not."""
    size = size_of(tree, wanted)
    if position >= size:
        raise refusal("position", NOT_IN)
    return InclusionProof(
        position=position,
        size=size,
        leaf_hash=encoded(tree.hash_of(0, position)),
        path=path_over(tree, inclusion(position, size)),
        root=encoded(tree.hash_over((0, size))),
    )


def prove_consistency(tree: Tree, wanted: ConsistencyQuery) -> ConsistencyProof:
    """That the tree of one size begins with that of another; raises Invalid where there are not both."""
    to = size_of(tree, wanted.to, "to")
    if wanted.first > to:
        raise refusal("from", NOT_EARLIER)
    return ConsistencyProof(
        first=wanted.first,
        to=to,
        path=path_over(tree, consistency(wanted.first, to)),
        first_root=encoded(tree.hash_over((0, wanted.first))),
        to_root=encoded(tree.hash_over((0, to))),
    )


def registered(caller: Caller) -> Select[Any]:
    """Selects the keys of those partners that the caller sees."""
    subject, cosigner = table_of(Subject), table_of(Cosigner)
    return (
        select(cosigner)
        .join(subject, subject.c.id == cosigner.c.partner_id)
        .where(visible(subject, caller))
        .order_by(cosigner.c.registered_at, cosigner.c.verifier_key)
        .limit(MOST_LEAVES)
    )


async def register(session: Transaction, key: str) -> CosignerPublic:
    """Let the caller's partner cosign with a key; raises Invalid for what is none, or another partner's."""
    try:
        is_one = Verifier.of(key).kind == COSIGNATURE
    except BadNote:
        is_one = False
    if not is_one:
        raise Invalid(errors=[at("verifier_key", code="not_a_key", detail=NO_COSIGNER)])
    values = {"verifier_key": key, "partner_id": own(session.by), "registered_at": session.now}
    await session.execute(inserting(session, Cosigner).values(values).on_conflict_do_nothing())
    row = await session.get_one(Cosigner, key)
    if row.partner_id != session.by.partner_id:
        raise Invalid(errors=[at("verifier_key", code="taken", detail=TAKEN)])
    return CosignerPublic.model_validate(row, from_attributes=True)


def own(caller: Caller) -> UUID:
    """The caller's partner."""
    if caller.partner_id is None:
        raise TypeError("only partners cosign")
    return caller.partner_id


async def cosign(session: Transaction, signer: Signer, note: str) -> CosignaturePublic:
    """Keep what the caller's partner has cosigned; raises Invalid for another tree's, and where its signature is missing."""
    try:
        parsed = Note.of(note)
        checkpoint = Checkpoint.of(parsed.text)
    except BadNote:
        raise refused("not_a_checkpoint", NO_CHECKPOINT) from None

    def issued(connection: Connection) -> str:
        """What this log says of the size."""
        tree = Tree(connection)
        return checkpoint_of(tree, signer, ANONYMOUS, min(checkpoint.size, tree.size)) if checkpoint.size else ""

    connection = await session.connection()
    known = await connection.run_sync(issued)
    if not known or Note.of(known).text != parsed.text:
        raise refused("another_tree", OTHER_TREE)
    wanted = select(col(Cosigner.verifier_key)).where(col(Cosigner.partner_id) == own(session.by))
    keys = [Verifier.of(text) for text in (await session.execute(wanted)).scalars()]
    for line in parsed.lines:
        for key in keys:
            seconds = signed(key, Note(parsed.text, [line]))
            if seconds is not None:
                return await keep(session, checkpoint.size, line, datetime.fromtimestamp(seconds, UTC))
    raise refused("not_signed", NOT_SIGNED)


def signed(key: Verifier, note: Note) -> int | None:
    """When a key has signed a note; None when it has not."""
    try:
        return key.check(note)
    except BadNote:
        return None


def refused(code: str, detail: Text) -> Invalid:
    """Why a note is refused."""
    return Invalid(errors=[at("note", code=code, detail=detail)])


async def keep(session: Transaction, size: int, line: str, signed_at: datetime) -> CosignaturePublic:
    """Keep a cosignature in the place of an earlier one of the same partner and size."""
    row = {"size": size, "partner_id": own(session.by), "line": line, "signed_at": signed_at}
    newer = {"line": line, "signed_at": signed_at}
    key = [col(Cosignature.size), col(Cosignature.partner_id)]
    keeping = inserting(session, Cosignature).values(row).on_conflict_do_update(index_elements=key, set_=newer)
    await session.execute(keeping)
    return CosignaturePublic.model_validate(row)


def inserting(session: Transaction, model: type[SQLModel]) -> Any:
    """An INSERT that may say what becomes of a row that is there already."""
    return insert_into(table_of(model), session.get_bind().dialect.name)
