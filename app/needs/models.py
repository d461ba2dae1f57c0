"""Needs: what partners raise, short-term challenges included, and what they are answered."""

from typing import Literal
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.access.visibility import Visibility
from app.database.tables import closed
from app.needs.terms import TRANSITIONS, NeedStatus, Urgency
from app.resources.ids import named_id
from app.resources.lists import ListQuery
from app.resources.schema import Homed, HomedAtFirst, Stamped, Stored, Visible, sorted_by
from app.resources.states import described
from app.schema.base import Patch, Schema, example
from app.schema.fields import Distinct, Id, Ids, Moment, Name, Paragraphs, Title


class NeedBase(Visible):
    # Needs tell of people who are in need: what everybody is to read is said so.
    visibility: Visibility = Field(
        default=Visibility.partners,
        sa_type=closed(Visibility),
        description=f"Who may read the resource as a whole: {Visibility.explained()}.",
    )
    title: Title = Field(description="What is needed.")
    description: Paragraphs | None = Field(default=None, description="More about it.")
    raised_by_id: Id = Field(foreign_key="partner.id", description="Partner that raises it.")
    topic_id: Id | None = Field(
        default=None, foreign_key="topic.id", index=True, description="Topic that it belongs to."
    )
    urgency: Urgency = Field(
        default=Urgency.normal, sa_type=closed(Urgency), description=f"How soon: {Urgency.explained()}."
    )
    status: NeedStatus = Field(
        default=NeedStatus.open,
        sa_type=closed(NeedStatus),
        description=f"How far the answer is: {NeedStatus.explained()}. {described(TRANSITIONS)} "
        "Who raised it opens and closes it, the authority does the rest.",
    )
    response: Paragraphs | None = Field(default=None, description="The authority's answer; required for `answered`.")


class NeedContent(NeedBase):
    consultation_event_ids: Ids = Field(default_factory=list, description="Events at which it was discussed.")
    sub_measure_ids: Ids = Field(default_factory=list, description="Sub-measures that it is about.")
    decision_ids: Ids = Field(default_factory=list, description="Decisions that it is about.")
    districts: Distinct[Name] = Field(
        default_factory=list, max_length=100, description="Districts of the city in which it is felt."
    )


class NeedTimes(Schema):
    answered_at: Moment | None = Field(
        default=None, description="When it was answered (UTC); null while there is no answer that stands."
    )


class Need(NeedBase, NeedTimes, Homed, Stored, table=True):
    __tablename__ = "need"
    __table_args__ = (
        Index(None, "agreement_id", "created_at", "id"),
        Index(None, "raised_by_id", "created_at", "id"),
        Index(None, "status", "created_at", "id"),
        *sorted_by("urgency", "answered_at"),
    )


class NeedEvent(SQLModel, table=True):
    __tablename__ = "need_event"
    __table_args__ = (Index(None, "consultation_event_id", "need_id"),)

    need_id: UUID = Field(primary_key=True, foreign_key="need.id")
    consultation_event_id: UUID = Field(primary_key=True, foreign_key="consultation_event.id")
    position: int


class NeedSubMeasure(SQLModel, table=True):
    __tablename__ = "need_sub_measure"
    __table_args__ = (Index(None, "sub_measure_id", "need_id"),)

    need_id: UUID = Field(primary_key=True, foreign_key="need.id")
    sub_measure_id: UUID = Field(primary_key=True, foreign_key="sub_measure.id")
    position: int


class NeedDecision(SQLModel, table=True):
    __tablename__ = "need_decision"
    __table_args__ = (Index(None, "decision_id", "need_id"),)

    need_id: UUID = Field(primary_key=True, foreign_key="need.id")
    decision_id: UUID = Field(primary_key=True, foreign_key="decision.id")
    position: int


class NeedDistrict(SQLModel, table=True):
    __tablename__ = "need_district"
    __table_args__ = (Index(None, "district", "need_id"),)

    need_id: UUID = Field(primary_key=True, foreign_key="need.id")
    district: str = Field(primary_key=True, max_length=200)
    position: int


class NeedCreate(NeedContent, HomedAtFirst):
    """A new need."""

    model_config = example(
        {
            "agreement_id": str(named_id("agreements", "dresden-liga-2024")),
            "title": "Mehr Plätze in der Tagesbetreuung für wohnungslose Menschen im Winter",
            "raised_by_id": str(named_id("partners", "caritas-dresden")),
            "urgency": "urgent",
            "districts": ["Neustadt"],
        }
    )


class NeedUpdate(NeedContent, Patch):
    """The fields to change; an absent field keeps its value."""

    model_config = example(
        {"status": "answered", "response": "Ab Dezember gibt es zwanzig Plätze mehr, zunächst bis Ende März."}
    )


class NeedPublic(NeedContent, NeedTimes, Homed, Stamped):
    """What a partner needs, and what it was answered."""


class NeedList(ListQuery):
    sort: Literal[
        "created_at",
        "-created_at",
        "urgency",
        "-urgency",
        "answered_at",
        "-answered_at",
        "title",
        "-title",
        "updated_at",
        "-updated_at",
    ] = Field(
        default="-created_at", description="Order of the list; `-` for descending; what is not known stands last."
    )
    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that raises it.")
    raised_by_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that raises it.")
    topic_id: list[Id] | None = Field(default=None, max_length=50, description="Topic that it belongs to.")
    urgency: list[Urgency] | None = Field(default=None, max_length=2, description="How soon.")
    status: list[NeedStatus] | None = Field(default=None, max_length=5, description="How far the answer is.")
    consultation_event_id: list[Id] | None = Field(
        default=None, max_length=50, description="Event at which it was discussed."
    )
    sub_measure_id: list[Id] | None = Field(default=None, max_length=50, description="Sub-measure that it is about.")
    decision_id: list[Id] | None = Field(default=None, max_length=50, description="Decision that it is about.")
    district: list[Name] | None = Field(default=None, max_length=50, description="District of the city.")
    answered_at_from: Moment | None = Field(default=None, description="Answered at this time or later.")
    answered_at_before: Moment | None = Field(default=None, description="Answered before this time.")
