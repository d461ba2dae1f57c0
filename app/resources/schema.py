"""What every schema and every stored resource has in common."""

from datetime import datetime
from typing import Any, cast, get_args, get_origin
from uuid import UUID

from pydantic import MISSING, ConfigDict
from sqlalchemy import Index
from sqlalchemy import Text as TextColumn
from sqlmodel import Field, SQLModel

from app.database import closed, ordered_text
from app.resources.fields import Moment, Slug, Version
from app.vocabularies.term import Term

SORT_NAME_LENGTH = 300


def example(content: dict[str, Any]) -> Any:
    """The configuration of a schema that shows this content in the docs."""
    return ConfigDict(json_schema_extra={"examples": [content]})


class Visibility(Term):
    """Who may read a resource."""

    public = "public", "öffentlich", "everyone"
    partners = "partners", "nur Partner", "partners only"


class Schema(SQLModel):
    """Base of whatever comes in: names that it does not know are refused."""

    model_config = cast("Any", ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True))


class Patch(SQLModel):
    """Turns the fields that a schema inherits into those of a merge patch (RFC 7396).

    An absent field keeps its value and is not in `model_dump()`; null is accepted where the field itself accepts it.
    """

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for field in cls.model_fields.values():
            field.annotation = removable(field.annotation) | MISSING
            field.default, field.default_factory = MISSING, None
        cls.model_rebuild(force=True)


def removable(annotation: Any) -> Any:
    """The annotation for a patch: in an object with free names, null removes a member."""
    origin: Any = get_origin(annotation)
    if origin is dict:
        name, member = get_args(annotation)
        return origin[name, member | None]
    return annotation


class Visible(Schema):
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

    sort_name: str = Field(sa_type=ordered_text(SORT_NAME_LENGTH))
    search_text: str = Field(sa_type=TextColumn)
    representation: str = Field(sa_type=TextColumn)


class Tombstone(SQLModel, table=True):
    """What is left of a deleted resource: that it was there, and who could see it."""

    __tablename__ = "tombstone"

    id: UUID = Field(primary_key=True)
    kind: str = Field(max_length=60)
    version: int
    visibility: Visibility = Field(sa_type=closed(Visibility))
    deleted_at: datetime


def sorted_by(*columns: str) -> tuple[Index, ...]:
    """An index for each column that lists are sorted by, in their total order."""
    return tuple(Index(None, column, "id") for column in ("sort_name", "created_at", "updated_at", *columns))
