"""The ids by which other systems know resources, in one table: one id of a system names one resource of a kind."""

from typing import Any, cast
from uuid import UUID

from pydantic import MISSING, ConfigDict
from sqlalchemy import Select, UniqueConstraint, select
from sqlmodel import Field

from app.database.tables import ordered_text, table_of
from app.schema.base import Schema
from app.schema.fields import Distinct, Name, Slug

EXTERNAL_IDS = "external_ids"
MOST = 20


class ExternalId(Schema):
    """By which id another system knows a resource."""

    # What is frozen can be compared with others of its list.
    model_config = cast("Any", ConfigDict(frozen=True))

    system: Slug = Field(
        sa_type=ordered_text(80), description="Short name of the system, the same in all that comes from it."
    )
    id: Name = Field(sa_type=ordered_text(200), description="Id in that system: one resource of a kind at most has it.")


class Identified(Schema):
    """What other systems call a resource."""

    external_ids: Distinct[ExternalId] = Field(
        default_factory=list, max_length=MOST, description="Ids by which other systems know it, in order."
    )


class IdentifiedAsBefore(Schema):
    """What other systems call a resource, where what is not given stays as it was."""

    external_ids: Distinct[ExternalId] | MISSING = Field(
        default=MISSING, max_length=MOST, description="Ids by which other systems know it; not given: as before."
    )


class SubjectExternalId(ExternalId, table=True):
    """One of those ids, of whatever kind of resource."""

    __tablename__ = "external_id"
    __table_args__ = (UniqueConstraint("kind", "system", "id"),)

    subject_id: UUID = Field(primary_key=True)
    position: int = Field(primary_key=True)
    kind: str = Field(max_length=60)


def named(kind: str, external: ExternalId) -> Select[tuple[UUID]]:
    """Selects the id of the resource of a kind that another system knows by this id."""
    columns = table_of(SubjectExternalId).c
    return select(columns.subject_id).where(
        columns.kind == kind, columns.system == external.system, columns.id == external.id
    )
