"""Goals: what an agreement wants to reach in a topic."""

from typing import Annotated, Literal

from pydantic import Field as Bound
from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from app.resources.ids import named_id
from app.resources.lists import ListQuery
from app.resources.schema import Stamped, Stored, Visible, sorted_by
from app.schema.base import Patch, Schema, example
from app.schema.fields import Id, Ordinal, Paragraphs, Title


class GoalPlace(Schema):
    agreement_id: Id = Field(
        foreign_key="agreement.id", description="Agreement that the goal belongs to; it never changes."
    )
    number: Ordinal = Field(description="Number of the goal, unique in its agreement; it never changes.")


class GoalBase(Visible):
    topic_id: Id = Field(foreign_key="topic.id", index=True, description="Topic of the same agreement.")
    title: Title = Field(description="The goal in the words of the agreement.")
    description: Paragraphs | None = Field(default=None, description="What the goal means.")


class Goal(GoalBase, GoalPlace, Stored, table=True):
    __tablename__ = "goal"
    __table_args__ = (UniqueConstraint("agreement_id", "number"), Index(None, "number", "id"), *sorted_by())


class GoalCreate(GoalBase, GoalPlace):
    """A new goal."""

    model_config = example(
        {
            "agreement_id": str(named_id("agreements", "dresden-liga-2024")),
            "number": 2,
            "topic_id": str(named_id("topics", "dresden-liga-2024", "health")),
            "title": "Gesundheit und Prävention von Erkrankungen stärken",
        }
    )


class GoalUpdate(GoalBase, Patch):
    """The fields to change; an absent field keeps its value."""

    model_config = example({"title": "Gesundheit und Prävention von Erkrankungen stärken"})


class GoalPublic(GoalBase, GoalPlace, Stamped):
    """A goal of an agreement."""


class GoalList(ListQuery):
    sort: Literal["number", "-number", "title", "-title", "created_at", "-created_at", "updated_at", "-updated_at"] = (
        Field(default="number", description="Order of the list; `-` for descending.")
    )
    topic_id: list[Id] | None = Field(default=None, max_length=50, description="Topic of the goal.")
    number: list[Annotated[int, Bound(ge=1, le=9_999)]] | None = Field(
        default=None, max_length=50, description="Number of the goal."
    )
