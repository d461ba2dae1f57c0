"""Topics: the fields of work of an agreement."""

from typing import Annotated, Literal

from pydantic import Field as Bound
from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from app.database.tables import Json
from app.resources.ids import named_id
from app.resources.lists import ListQuery
from app.resources.schema import Slugged, Stamped, Stored, Visible, sorted_by
from app.schema.base import Patch, Schema, example
from app.schema.fields import Id, LanguageTag, Name, Slug


class TopicPlace(Slugged, Schema):
    agreement_id: Id = Field(
        foreign_key="agreement.id", description="Agreement that the topic belongs to; it never changes."
    )


class TopicBase(Visible):
    name: Name = Field(description="Name of the topic in the agreement's language.")
    translations: Annotated[dict[LanguageTag, Name], Bound(max_length=20)] = Field(
        default_factory=dict, sa_type=Json, description="The name in other languages, by language tag (BCP 47)."
    )


class Topic(TopicBase, TopicPlace, Stored, table=True):
    __tablename__ = "topic"
    __table_args__ = (
        UniqueConstraint("agreement_id", "slug"),
        Index(None, "slug", "id"),
        *sorted_by(),
    )


class TopicCreate(TopicBase, TopicPlace):
    """A new topic."""

    model_config = example(
        {
            "agreement_id": str(named_id("agreements", "dresden-liga-2024")),
            "slug": "health",
            "name": "Gesundheit und Prävention",
            "translations": {"en": "Health and prevention"},
        }
    )


class TopicUpdate(TopicBase, Patch):
    """The fields to change; an absent field keeps its value."""

    model_config = example({"translations": {"en": "Health and prevention"}})


class TopicPublic(TopicBase, TopicPlace, Stamped):
    """A topic of an agreement."""


class TopicList(ListQuery):
    sort: Literal["name", "-name", "slug", "-slug", "created_at", "-created_at", "updated_at", "-updated_at"] = Field(
        default="name", description="Order of the list; `-` for descending."
    )
    slug: list[Slug] | None = Field(default=None, max_length=50, description="Slug of the topic.")
