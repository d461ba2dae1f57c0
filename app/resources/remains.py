"""What is left of a deleted resource."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from app.access.caller import Caller
from app.access.visibility import visible
from app.changes.models import Subject
from app.database.tables import table_of
from app.resources.kind import Kind


def remains(caller: Caller, kind: Kind[Any], id: UUID) -> Select[tuple[UUID, int, UUID | None]]:
    """Finds what is left of a deleted resource, as far as the caller could see it: its id, version and agreement."""
    subject = table_of(Subject)
    return select(subject.c.id, subject.c.version, subject.c.agreement_id).where(
        subject.c.id == id,
        subject.c.kind == kind.type,
        subject.c.deleted_at.is_not(None),
        visible(subject, caller),
    )
