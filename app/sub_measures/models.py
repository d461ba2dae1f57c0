"""Sub-measures: what the partners do for a goal."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field as Bound
from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.database.tables import Json, closed, ordered_text
from app.resources.ids import named_id
from app.resources.links import Link
from app.resources.lists import ListQuery
from app.resources.schema import Stamped, Stored, Visible, sorted_by
from app.resources.states import described
from app.schema.base import Patch, Schema, example
from app.schema.fields import Day, Distinct, Id, Ids, Name, Ordinal, Paragraphs, Percent, SustainableGoal, Title
from app.sub_measures.terms import TRANSITIONS, SubMeasureStatus
from app.vocabularies.level import Level


class Milestone(Schema):
    """A point on the way of a sub-measure."""

    title: Title = Field(description="What is to be reached.")
    due_on: Day | None = Field(default=None, description="Day by which it is to be reached.")
    reached_on: Day | None = Field(default=None, description="Day on which it was reached.")


class Numbered(Schema):
    number: Ordinal = Field(description="Number of the sub-measure, unique in its goal.")


class SubMeasureBase(Visible):
    goal_id: Id = Field(foreign_key="goal.id", description="Goal that the sub-measure serves.")
    continues_id: Id | None = Field(
        default=None,
        foreign_key="sub_measure.id",
        index=True,
        description="Its forerunner: a sub-measure of an agreement that this one's follows, by whatever way.",
    )
    title: Title = Field(description="The sub-measure in the words of the agreement.")
    summary: Paragraphs | None = Field(default=None, description="The sub-measure in a few sentences.")
    description: Paragraphs | None = Field(default=None, description="What is done, by whom, for whom.")
    level: Level | None = Field(
        default=None, sa_type=closed(Level), description=f"Level of the work: {Level.explained()}."
    )
    status: SubMeasureStatus = Field(
        default=SubMeasureStatus.proposed,
        sa_type=closed(SubMeasureStatus),
        description=f"How far it is, as its partners say: {SubMeasureStatus.explained()}. {described(TRANSITIONS)}",
    )
    status_reason: Paragraphs | None = Field(
        default=None, description="Why the status is what it is; required for `suspended` and `cancelled`."
    )
    lead_partner_id: Id | None = Field(
        default=None, foreign_key="partner.id", index=True, description="Partner that leads."
    )
    starts_on: Day | None = Field(default=None, description="First day of the work.")
    ends_on: Day | None = Field(default=None, description="Last day of the work; not before `starts_on`.")
    progress_percent: Percent | None = Field(
        default=None, description="How much is done, in percent, as the partners say."
    )


class SubMeasureMilestones(Schema):
    milestones: list[Milestone] = Field(
        default_factory=list, max_length=100, description="Points on the way, in order."
    )


class SubMeasureLinks(Schema):
    links: list[Link] = Field(
        default_factory=list, max_length=50, sa_type=Json, description="Pages about it elsewhere."
    )


class SubMeasureLists(Schema):
    supporting_partner_ids: Ids = Field(default_factory=list, description="Partners that support the work.")
    districts: Distinct[Name] = Field(
        default_factory=list, max_length=100, description="Districts of the city in which the work is done."
    )
    sdgs: Distinct[SustainableGoal] = Field(
        default_factory=list,
        max_length=17,
        description="Numbers of the Sustainable Development Goals of the United Nations that it serves.",
    )


class SubMeasureContent(SubMeasureLists, SubMeasureLinks, SubMeasureMilestones, SubMeasureBase):
    pass


class SubMeasure(SubMeasureLinks, SubMeasureBase, Numbered, Stored, table=True):
    __tablename__ = "sub_measure"
    __table_args__ = (
        UniqueConstraint("goal_id", "number"),
        Index(None, "goal_number", "number", "id"),
        Index(None, "number"),
        Index(None, "level"),
        *sorted_by("code", "status", "progress_percent", "starts_on", "ends_on"),
    )

    goal_number: int
    code: str = Field(sa_type=ordered_text(10))
    was_agreed: bool


class SubMeasureMilestone(Milestone, table=True):
    __tablename__ = "sub_measure_milestone"
    __table_args__ = (Index(None, "due_on", "sub_measure_id"),)

    sub_measure_id: UUID = Field(primary_key=True, foreign_key="sub_measure.id")
    position: int = Field(primary_key=True)


class SubMeasureSupporter(SQLModel, table=True):
    __tablename__ = "sub_measure_supporter"
    __table_args__ = (Index(None, "partner_id", "sub_measure_id"),)

    sub_measure_id: UUID = Field(primary_key=True, foreign_key="sub_measure.id")
    partner_id: UUID = Field(primary_key=True, foreign_key="partner.id")
    position: int


class SubMeasureDistrict(SQLModel, table=True):
    __tablename__ = "sub_measure_district"
    __table_args__ = (Index(None, "district", "sub_measure_id"),)

    sub_measure_id: UUID = Field(primary_key=True, foreign_key="sub_measure.id")
    district: str = Field(primary_key=True, max_length=200)
    position: int


class SubMeasureSdg(SQLModel, table=True):
    __tablename__ = "sub_measure_sdg"
    __table_args__ = (Index(None, "sdg", "sub_measure_id"),)

    sub_measure_id: UUID = Field(primary_key=True, foreign_key="sub_measure.id")
    sdg: int = Field(primary_key=True)
    position: int


class SubMeasureCreate(SubMeasureContent):
    """A new sub-measure."""

    model_config = example(
        {
            "goal_id": str(named_id("goals", "dresden-liga-2024", 3)),
            "number": 4,
            "title": "Soziale Infrastruktur",
            "status": "agreed",
            "lead_partner_id": str(named_id("partners", "landeshauptstadt-dresden")),
            "supporting_partner_ids": [str(named_id("partners", "liga-dresden"))],
        }
    )

    number: Ordinal | None = Field(
        default=None,
        description="Number of the sub-measure, unique in its goal; the next free one when it is not given.",
    )


class SubMeasureUpdate(SubMeasureContent, Numbered, Patch):
    """The fields to change; an absent field keeps its value."""

    model_config = example({"status": "in_progress", "progress_percent": 20, "starts_on": "2024-09-01"})


class SubMeasurePublic(SubMeasureContent, Numbered, Stamped):
    """A sub-measure of a goal."""

    code: str = Field(
        max_length=10, schema_extra={"pattern": r"^\d+\.\d+$"}, description="Goal number and number, such as `3.4`."
    )


class SubMeasureList(ListQuery):
    sort: Literal[
        "code",
        "-code",
        "title",
        "-title",
        "status",
        "-status",
        "progress_percent",
        "-progress_percent",
        "starts_on",
        "-starts_on",
        "ends_on",
        "-ends_on",
        "created_at",
        "-created_at",
        "updated_at",
        "-updated_at",
    ] = Field(default="code", description="Order of the list; `-` for descending; what is not known stands last.")
    topic_id: list[Id] | None = Field(default=None, max_length=50, description="Topic of the goal.")
    number: list[Annotated[int, Bound(ge=1, le=9_999)]] | None = Field(
        default=None, max_length=50, description="Number in its goal."
    )
    code: list[Annotated[str, Bound(max_length=10, pattern=r"^\d+\.\d+$")]] | None = Field(
        default=None, max_length=50, description="Code, such as `3.4`."
    )
    level: list[Level] | None = Field(default=None, max_length=2, description="Level of the work.")
    status: list[SubMeasureStatus] | None = Field(default=None, max_length=6, description="How far it is.")
    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that leads or supports.")
    lead_partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that leads.")
    supporting_partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that supports.")
    continues_id: list[Id] | None = Field(default=None, max_length=50, description="Forerunner that it continues.")
    district: list[Name] | None = Field(default=None, max_length=50, description="District of the city.")
    sdg: list[Annotated[int, Bound(ge=1, le=17)]] | None = Field(
        default=None, max_length=17, description="Number of a Sustainable Development Goal."
    )
    progress_percent_from: Annotated[int, Bound(ge=0, le=100)] | None = Field(
        default=None, description="At least so much is done."
    )
    progress_percent_before: Annotated[int, Bound(ge=0, le=101)] | None = Field(
        default=None, description="Less than this is done."
    )
    starts_on_from: Day | None = Field(default=None, description="Starts on this day or later.")
    starts_on_before: Day | None = Field(default=None, description="Starts before this day.")
    ends_on_from: Day | None = Field(default=None, description="Ends on this day or later.")
    ends_on_before: Day | None = Field(default=None, description="Ends before this day.")
