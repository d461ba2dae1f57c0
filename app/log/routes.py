"""`/v1/log`"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import PlainTextResponse, Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.changes.tree import Tree
from app.database.engines import Database
from app.http.caching import cache_headers
from app.http.runtime import Reading, Running
from app.log import service
from app.log.examples import CHECKPOINT
from app.log.models import (
    NOTE_LENGTH,
    NOTE_PATTERN,
    CheckpointQuery,
    ConsistencyProof,
    ConsistencyQuery,
    CosignatureCreate,
    CosignaturePublic,
    CosignerCreate,
    CosignerPublic,
    Cosigners,
    InclusionProof,
    InclusionQuery,
    LeafHashes,
    LeavesQuery,
    LogKey,
)
from app.resources.answers import json_of
from app.resources.transactions import ByContributor

router = Router(prefix="/v1/log", tags=["log"])

NOTE = {"type": "string", "maxLength": NOTE_LENGTH, "pattern": NOTE_PATTERN, "description": "A signed note."}
NOTES = {"text/plain": {"example": CHECKPOINT, "schema": NOTE}}


@router.get("/key", response_model=LogKey)
async def get_log_key(runtime: Running) -> Response:
    """Read the public key of the log: compare it with what the register's operator says elsewhere."""
    verifier = service.signer_of(runtime.settings).verifier
    return json_of(LogKey(name=verifier.name, verifier_key=str(verifier)), is_private=False)


@router.get("/checkpoint", response_class=PlainTextResponse, responses={200: {"content": NOTES}})
async def get_checkpoint(runtime: Running, caller: Anyone, wanted: Annotated[CheckpointQuery, Query()]) -> Response:
    """Read what the register signs of its log: the number of leaves and their root, as a checkpoint (C2SP tlog-checkpoint).

    The same size has the same checkpoint at any time, and whoever kept one can prove that it is no more. Below the
    register's signature stand those of partners that cosigned it.
    """
    signer = service.signer_of(runtime.settings)

    def work(connection: Connection) -> str:
        tree = Tree(connection)
        return service.checkpoint_of(tree, signer, caller, service.size_of(tree, wanted.size))

    note = await runtime.database.read(work)
    return PlainTextResponse(note, headers=cache_headers(is_private=caller.sees_partners))


@router.get("/leaves", response_model=LeafHashes)
async def list_leaf_hashes(database: Reading, wanted: Annotated[LeavesQuery, Query()]) -> Response:
    """Read the hashes of all leaves: there is one tree for all circles. That something happened is public, what is not."""
    return await of_tree(database, lambda tree: service.leaf_hashes(tree, wanted.first, wanted.limit))


@router.get("/proofs/inclusion", response_model=InclusionProof)
async def get_inclusion_proof(database: Reading, wanted: Annotated[InclusionQuery, Query()]) -> Response:
    """Prove that an entry is in the log."""
    return await of_tree(database, lambda tree: service.prove_inclusion(tree, wanted.position, wanted.size))


@router.get("/proofs/consistency", response_model=ConsistencyProof)
async def get_consistency_proof(database: Reading, wanted: Annotated[ConsistencyQuery, Query()]) -> Response:
    """Prove that the log has only grown since it had some number of leaves."""
    return await of_tree(database, lambda tree: service.prove_consistency(tree, wanted))


@router.get("/cosigners", response_model=Cosigners)
async def list_cosigners(database: Reading, caller: Anyone) -> Response:
    """List the keys with which partners cosign checkpoints."""
    rows = await database.read(lambda connection: connection.execute(service.registered(caller)).mappings().all())
    return json_of(
        Cosigners(items=[CosignerPublic.model_validate(dict(row)) for row in rows]), is_private=caller.sees_partners
    )


@router.post("/cosigners", status_code=201, response_model=CosignerPublic)
async def register_cosigner(session: ByContributor, content: CosignerCreate) -> Response:
    """Register a public key with which the caller's partner cosigns; a key that it has already stays as it is."""
    made = await service.register(session, content.verifier_key)
    return json_of(made, 201, {"Location": "/v1/log/cosigners"})


@router.post("/cosignatures", status_code=201, response_model=CosignaturePublic)
async def cosign_checkpoint(runtime: Running, session: ByContributor, content: CosignatureCreate) -> Response:
    """Cosign a checkpoint that is a continuation of what the partner has seen before; it is served with the checkpoint."""
    kept = await service.cosign(session, service.signer_of(runtime.settings), content.note)
    return json_of(kept, 201, {"Location": f"/v1/log/checkpoint?size={kept.size}"})


async def of_tree(database: Database, work: Callable[[Tree], BaseModel]) -> Response:
    """The answer with what is said of the log's tree, which is public."""
    return json_of(await database.read(lambda connection: work(Tree(connection))), is_private=False)
