"""Receipts: evidence of what is in the log that can be kept, and checked without the register."""

from uuid import UUID

from sqlalchemy import Connection
from starlette.responses import Response

from app.access.caller import Caller
from app.changes.feed import CHANGE, Wanted, entries, item, leaf_shown
from app.changes.tree import Tree
from app.http.caching import cache_headers
from app.http.errors import NotFound
from app.log.service import checkpoint_of, prove_inclusion, signer_of
from app.proofs.canonical import canonical
from app.runtime import Runtime


async def answer_receipt(runtime: Runtime, caller: Caller, kind: str, id: UUID) -> Response:
    """The receipt of the newest entry about a resource; raises NotFound for whoever does not see all that it says."""
    wanted = entries(caller, Wanted(types=(kind,), resource_id=id)).order_by(CHANGE.position.desc()).limit(1)

    def work(connection: Connection) -> str:
        row = connection.execute(wanted).first()
        if row is None or leaf_shown(row) == "null":
            raise NotFound
        signer = signer_of(runtime.settings)
        tree = Tree(connection)
        proof = prove_inclusion(tree, row.position, None)
        note = checkpoint_of(tree, signer, caller, proof.size)
        return (
            f'{{"entry":{item(row)},"proof":{proof.model_dump_json()},'
            f'"checkpoint":{canonical(note)},"verifier_key":{canonical(str(signer.verifier))}}}'
        )

    text = await runtime.database.read(work)
    return Response(text, media_type="application/json", headers=cache_headers(is_private=caller.sees_partners))
