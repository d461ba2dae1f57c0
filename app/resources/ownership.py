"""Who may change what: the role decides, or that a resource belongs to the caller's own partner."""

from typing import Any
from uuid import UUID

from app.access.caller import Caller
from app.access.errors import Forbidden, role_needed
from app.access.roles import Role
from app.language import Text
from app.resources.kind import Kind


def authorise(caller: Caller, kind: Kind[Any], *owners: UUID | None) -> None:
    """Refuse a write with Forbidden, unless the caller's role is enough or all owners are its own partner.

    The owners are those before and after the write, so that nothing can be given away or taken.
    """
    if caller.has(kind.writer):
        return
    if kind.owner is None or not caller.has(Role.contributor):
        raise role_needed(kind.writer)
    if any(owner != caller.partner_id for owner in owners):
        raise Forbidden(
            "ownership",
            Text(
                f"Die Rolle contributor schreibt nur, was dem eigenen Partner gehört ({kind.owner}).",
                f"The role contributor writes only what belongs to its own partner ({kind.owner}).",
            ),
        )
