"""Which resources a redaction is about, and how redactions are taken along."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.changes.log import Transaction
from app.changes.models import Action, Change
from app.database.tables import table_of
from app.http.errors import Invalid
from app.http.problems import FieldError, at
from app.language import Text
from app.redactions.models import RedactedResource, RedactionCreate, RedactionPublic
from app.resources.kind import KINDS
from app.resources.redacting import UNKNOWN_POSITION, redact
from app.resources.references import UNKNOWN

WHAT = Text(
    "Gebraucht wird die Ressource mit Art und Id, oder Stellen im Protokoll.",
    "A resource is needed, by kind and id, or positions in the log.",
)

CHANGE = table_of(Change).c


async def carry_out(session: Transaction, wanted: RedactionCreate) -> RedactionPublic:
    """Erase what is named; raises what `redact` raises, and Invalid where nothing is named."""
    found = []
    for (type, id), positions in (await targets(session, wanted)).items():
        blanked = await redact(session, KINDS[type], id, wanted.fields, wanted.legal_basis, positions)
        if blanked:
            found.append(RedactedResource(resource_type=type, resource_id=id, positions=blanked))
    return RedactionPublic(items=found)


async def targets(session: Transaction, wanted: RedactionCreate) -> Mapping[tuple[str, UUID], Sequence[int] | None]:
    """The resources that are meant, each with the positions of its entries that are; None for all of them."""
    type, id, positions = wanted.resource_type, wanted.resource_id, wanted.positions
    if (type is None) != (id is None) or (id is None and not positions):
        name = "resource_id" if id is None else "resource_type"
        raise Invalid(errors=[at(name, code="resource_required", detail=WHAT)])
    if type is not None and type not in KINDS:
        raise Invalid(errors=[at("resource_type", code="unknown_reference", detail=UNKNOWN)])
    if type is not None and id is not None:
        return {(type, id): positions}
    rows = await session.execute(
        select(CHANGE.position, CHANGE.resource_type, CHANGE.resource_id).where(CHANGE.position.in_(positions or ()))
    )
    about = {row.position: (row.resource_type, row.resource_id) for row in rows if row.resource_type in KINDS}
    if unknown := [*unknown_positions(positions or (), about)]:
        raise Invalid(errors=unknown)
    resources: dict[tuple[str, UUID], list[int]] = {}
    for position in positions or ():
        resources.setdefault(about[position], []).append(position)
    return resources


def unknown_positions(positions: Sequence[int], known: Mapping[int, Any]) -> Iterable[FieldError]:
    """The errors of positions at which nothing is."""
    for number, position in enumerate(positions):
        if position not in known:
            yield at("positions", number, code="unknown_position", detail=UNKNOWN_POSITION)


def exported(row: Any, hashes: Mapping[int, str]) -> dict[str, Any]:
    """What a file says of one redaction: never the content, and what it needs to be done again."""
    return {
        "at": row.at.isoformat(),
        "resource_type": row.resource_type,
        "resource_id": str(row.resource_id),
        "fields": row.changed_fields,
        "legal_basis": row.reason,
        "leaf_hashes": [hashes[each["position"]] for each in row.redacts],
    }


async def everything(session: Transaction) -> list[dict[str, Any]]:
    """All redactions, in the order in which they were made."""
    columns = CHANGE.at, CHANGE.resource_type, CHANGE.resource_id, CHANGE.changed_fields, CHANGE.reason, CHANGE.redacts
    made = select(*columns).where(CHANGE.action == Action.redacted).order_by(CHANGE.position)
    blanked = select(CHANGE.position, CHANGE.leaf_hash).where(CHANGE.redacted_by.is_not(None))
    hashes = {row.position: row.leaf_hash for row in await session.execute(blanked)}
    return [exported(row, hashes) for row in await session.execute(made)]


async def repeat(session: Transaction, made: Mapping[str, Any]) -> int:
    """Make a redaction again that a backup does not know; returns how many entries there were to blank.

    Entries are known by their leaves: at a position there may be another one since.
    """
    id = UUID(made["resource_id"])
    there = select(CHANGE.position).where(
        CHANGE.resource_id == id, CHANGE.leaf_hash.in_(made["leaf_hashes"]), CHANGE.data.is_not(None)
    )
    positions = (await session.execute(there)).scalars().all()
    if not positions:
        return 0
    kind = KINDS[made["resource_type"]]
    return len(await redact(session, kind, id, made["fields"], made["legal_basis"], positions))
