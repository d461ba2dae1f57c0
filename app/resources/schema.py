"""What every stored resource has in common."""

from typing import Any, ClassVar, cast
from uuid import UUID

from pydantic import ConfigDict
from sqlalchemy import Index, text
from sqlalchemy import Text as TextColumn
from sqlmodel import Field

from app.access.visibility import Visibility
from app.database.packing import Packed
from app.database.tables import closed, ordered_text
from app.resources.external_ids import Identified
from app.schema.base import Schema
from app.schema.fields import Id, Moment, Slug, Version

SORT_NAME_LENGTH = 300


class Visible(Identified):
    """What a writer decides about any resource."""

    visibility: Visibility = Field(
        default=Visibility.public,
        sa_type=closed(Visibility),
        description=f"Who may read the resource as a whole: {Visibility.explained()}.",
    )


class Slugged(Schema):
    """The name of a resource in files and URLs of an agreement."""

    slug: Slug = Field(
        sa_type=ordered_text(80), description="Short name in lower case, unique among its kind; it never changes."
    )


class Homed(Schema):
    """What belongs to an agreement by itself, and not by what it is about; each kind has an index that begins with it."""

    agreement_id: Id = Field(foreign_key="agreement.id", description="Agreement that it belongs to; it never changes.")


class HomedAtFirst(Schema):
    """What is new and is to belong to an agreement by itself."""

    agreement_id: Id | None = Field(
        default=None,
        description="Agreement that it belongs to; not given: the one that the caller's partner is a party of, where that "
        "is exactly one.",
    )


class Stamped(Schema):
    """What the register itself says about a resource."""

    # Clients must tolerate fields that a later version adds, so the contract leaves answers open.
    model_config = cast("Any", ConfigDict(extra="ignore", from_attributes=True))

    id: UUID = Field(primary_key=True, description="Id of the resource; it never changes and is never used again.")
    version: Version = Field(description="1 when the resource was created, one more with each change; also its ETag.")
    created_at: Moment = Field(description="When the resource was created (UTC).")
    updated_at: Moment = Field(description="When the resource was last changed (UTC).")


class Stored(Visible, Stamped):
    """Base of the resources' tables: the columns that no caller sees, and the representation that all callers get."""

    # A list in a table of its own is no column here.
    external_ids: ClassVar[Any]  # type: ignore[misc]
    sort_name: str = Field(sa_type=ordered_text(SORT_NAME_LENGTH))
    search_text: str = Field(sa_type=TextColumn)
    representation: str = Field(sa_type=Packed)


def sorted_by(*columns: str) -> tuple[Index, ...]:
    """An index for each column that lists are sorted by, in their total order, and one of what is for partners only."""
    for_partners = text(f"visibility = '{Visibility.partners.value}'")
    rare = Index(None, "visibility", "id", sqlite_where=for_partners, postgresql_where=for_partners)
    return rare, *(Index(None, column, "id") for column in ("sort_name", "created_at", "updated_at", *columns))
