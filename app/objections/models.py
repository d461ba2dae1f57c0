"""Objections: who says that something on record is not so, and what the other side answers."""

from typing import Annotated, Literal

from pydantic import Field as Bound
from sqlalchemy import Index
from sqlmodel import Field

from app.database.tables import closed
from app.objections.terms import TRANSITIONS, ObjectionState
from app.resources.external_ids import Identified
from app.resources.ids import named_id
from app.resources.lists import ListQuery
from app.resources.schema import Homed, Stamped, Stored, Visible, sorted_by
from app.resources.states import described
from app.resources.subjects import HomedBySubject, SubjectPlace, SubjectType
from app.schema.base import Patch, Schema, example
from app.schema.fields import Id, Paragraphs, Summary

FieldName = Annotated[str, Bound(max_length=60, pattern="^[a-z_]+$")]


class ObjectionText(Schema):
    field: FieldName | None = Field(
        default=None, description="Name of the field that is objected to; null: all of it. It never changes."
    )
    text: Summary = Field(description="What is not so, and why; it never changes.")


class ObjectionAnswer(Schema):
    state: ObjectionState = Field(
        default=ObjectionState.open,
        sa_type=closed(ObjectionState),
        description=f"Whether it stands: {ObjectionState.explained()}. {described(TRANSITIONS)} Who raised it says so, or a "
        "confirmed proposal that names it.",
    )
    answer: Paragraphs | None = Field(default=None, description="The answer, by another side of the agreement.")


class ObjectionSpeakers(Schema):
    raised_by_id: Id = Field(foreign_key="partner.id", index=True, description="Partner that raised it.")
    answered_by_id: Id | None = Field(
        default=None, foreign_key="partner.id", index=True, description="Partner that answered; it alone changes that."
    )


class Objection(ObjectionAnswer, ObjectionText, ObjectionSpeakers, SubjectPlace, Homed, Stored, table=True):
    __tablename__ = "objection"
    __table_args__ = (
        Index(None, "subject_id", "state"),
        Index(None, "agreement_id", "created_at", "id"),
        Index(None, "subject_type", "created_at", "id"),
        Index(None, "state", "created_at", "id"),
        *sorted_by(),
    )


class ObjectionCreate(ObjectionAnswer, ObjectionText, SubjectPlace, HomedBySubject):
    """A new objection."""

    model_config = example(
        {
            "subject_type": "sub_measure",
            "subject_id": str(named_id("sub-measures", "dresden-liga-2024", 2, 3)),
            "field": "status",
            "text": "Die Berufsschulen haben noch kein Angebot: abgeschlossen ist die Maßnahme nicht.",
        }
    )


class ObjectionUpdate(Identified, ObjectionAnswer, Patch):
    """What becomes of it; an absent field keeps its value."""

    model_config = example({"answer": "Die Berufsschulen kommen im Herbst dazu; wir ändern den Stand."})


class ObjectionPublic(Visible, ObjectionAnswer, ObjectionText, ObjectionSpeakers, SubjectPlace, Homed, Stamped):
    """That a partner says of something on record that it is not so."""


class ObjectionList(ListQuery):
    sort: Literal["created_at", "-created_at", "updated_at", "-updated_at"] = Field(
        default="-created_at", description="Order of the list; `-` for descending."
    )
    subject_type: list[SubjectType] | None = Bound(
        default=None, max_length=20, description="Kind of what is objected to."
    )
    subject_id: list[Id] | None = Bound(default=None, max_length=50, description="What is objected to.")
    state: list[ObjectionState] | None = Bound(default=None, max_length=3, description="Whether it stands.")
    partner_id: list[Id] | None = Bound(default=None, max_length=50, description="Partner that raised it.")
