"""Decisions: what the city is about to decide, and whom it hears before."""

from typing import Literal
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.database.tables import closed
from app.decisions.terms import TRANSITIONS, DecisionStatus
from app.resources.ids import named_id
from app.resources.lists import ListQuery
from app.resources.schema import Homed, HomedAtFirst, Stamped, Stored, Visible, sorted_by
from app.resources.states import described
from app.schema.base import Patch, Schema, example
from app.schema.fields import Day, Flag, Id, Ids, Name, Paragraphs, Title, Url
from app.vocabularies.decision_kind import DecisionKind


class DecisionBase(Visible):
    title: Title = Field(description="What is to be decided.")
    description: Paragraphs | None = Field(default=None, description="More about it.")
    kind: DecisionKind = Field(sa_type=closed(DecisionKind), description=f"Kind: {DecisionKind.explained()}.")
    reference: Name | None = Field(default=None, index=True, description="Number of the paper, such as `V2345/25`.")
    deciding_body: Title | None = Field(default=None, description="Who decides.")
    source_url: Url | None = Field(default=None, description="Page of the paper.")
    status: DecisionStatus = Field(
        default=DecisionStatus.announced,
        sa_type=closed(DecisionStatus),
        description=f"How far it is: {DecisionStatus.explained()}. {described(TRANSITIONS)}",
    )
    announced_on: Day | None = Field(default=None, description="Day on which the partners were told.")
    statements_due_on: Day | None = Field(default=None, description="Day by which statements are asked for.")
    decides_on: Day | None = Field(default=None, description="Day on which it is to be decided.")
    decided_on: Day | None = Field(
        default=None,
        description="Day on which it was decided; with the status `decided`, or where associations report that it was.",
    )
    result: Paragraphs | None = Field(default=None, description="What was decided.")
    refusal_reason: Paragraphs | None = Field(
        default=None, description="Why the authority does not take on what was reported; required for `refused`."
    )
    involvement_required: Flag = Field(default=True, description="Whether the partners are to be heard before.")
    waiver_reason: Paragraphs | None = Field(
        default=None, description="Why they are not to be heard; required where `involvement_required` is false."
    )
    short_notice_reason: Paragraphs | None = Field(
        default=None,
        description="Why fewer days lie between announcement and decision than the agreement's "
        "`hearing.minimum_lead_days`, or 1; without it the report counts such a decision as unexplained.",
    )


class DecisionLinks(DecisionBase):
    topic_ids: Ids = Field(default_factory=list, description="Topics that it is about.")
    goal_ids: Ids = Field(default_factory=list, description="Goals that it is about.")
    sub_measure_ids: Ids = Field(default_factory=list, description="Sub-measures that it is about.")
    consultation_event_ids: Ids = Field(default_factory=list, description="Events at which the partners are heard.")


class DecisionContent(DecisionLinks):
    involved_partner_ids: Ids = Field(description="Partners that are asked.")


class DecisionReporter(Schema):
    reported_by_id: Id | None = Field(
        default=None,
        foreign_key="partner.id",
        index=True,
        description="Partner that recorded it where the authority had not announced it; null for what the authority did.",
    )


class Decision(DecisionBase, DecisionReporter, Homed, Stored, table=True):
    __tablename__ = "decision"
    __table_args__ = (
        Index(None, "agreement_id", "decides_on", "id"),
        Index(None, "kind", "decides_on"),
        Index(None, "status", "decides_on"),
        *sorted_by("announced_on", "statements_due_on", "decides_on", "decided_on"),
    )


class DecisionTopic(SQLModel, table=True):
    __tablename__ = "decision_topic"
    __table_args__ = (Index(None, "topic_id", "decision_id"),)

    decision_id: UUID = Field(primary_key=True, foreign_key="decision.id")
    topic_id: UUID = Field(primary_key=True, foreign_key="topic.id")
    position: int


class DecisionGoal(SQLModel, table=True):
    __tablename__ = "decision_goal"
    __table_args__ = (Index(None, "goal_id", "decision_id"),)

    decision_id: UUID = Field(primary_key=True, foreign_key="decision.id")
    goal_id: UUID = Field(primary_key=True, foreign_key="goal.id")
    position: int


class DecisionSubMeasure(SQLModel, table=True):
    __tablename__ = "decision_sub_measure"
    __table_args__ = (Index(None, "sub_measure_id", "decision_id"),)

    decision_id: UUID = Field(primary_key=True, foreign_key="decision.id")
    sub_measure_id: UUID = Field(primary_key=True, foreign_key="sub_measure.id")
    position: int


class DecisionEvent(SQLModel, table=True):
    __tablename__ = "decision_event"
    __table_args__ = (Index(None, "consultation_event_id", "decision_id"),)

    decision_id: UUID = Field(primary_key=True, foreign_key="decision.id")
    consultation_event_id: UUID = Field(primary_key=True, foreign_key="consultation_event.id")
    position: int


class DecisionPartner(SQLModel, table=True):
    __tablename__ = "decision_partner"
    __table_args__ = (Index(None, "partner_id", "decision_id"),)

    decision_id: UUID = Field(primary_key=True, foreign_key="decision.id")
    partner_id: UUID = Field(primary_key=True, foreign_key="partner.id")
    position: int


class DecisionCreate(DecisionLinks, HomedAtFirst):
    """A new decision."""

    model_config = example(
        {
            "agreement_id": str(named_id("agreements", "dresden-liga-2024")),
            "title": "Fortschreibung des Strategiepapiers Suchtprävention",
            "kind": "sectoral",
            "deciding_body": "Stadtrat",
            "announced_on": "2025-01-13",
            "statements_due_on": "2025-03-31",
            "decides_on": "2025-05-15",
            "topic_ids": [str(named_id("topics", "dresden-liga-2024", "health"))],
            "sub_measure_ids": [str(named_id("sub-measures", "dresden-liga-2024", 2, 3))],
            "involved_partner_ids": [
                str(named_id("partners", "liga-dresden")),
                str(named_id("partners", "caritas-dresden")),
            ],
        }
    )

    involved_partner_ids: Ids | None = Field(
        default=None,
        description="Partners that are asked; not given: the parties on the side `associations` "
        "on the day of the announcement, without those that ended before.",
    )


class DecisionUpdate(DecisionContent, Patch):
    """The fields to change; an absent field keeps its value."""

    model_config = example({"status": "in_consultation", "statements_due_on": "2025-04-15"})


class DecisionPublic(DecisionContent, DecisionReporter, Homed, Stamped):
    """A decision of the city that the partners are heard before."""


class DecisionList(ListQuery):
    sort: Literal[
        "decides_on",
        "-decides_on",
        "statements_due_on",
        "-statements_due_on",
        "announced_on",
        "-announced_on",
        "decided_on",
        "-decided_on",
        "title",
        "-title",
        "created_at",
        "-created_at",
        "updated_at",
        "-updated_at",
    ] = Field(default="decides_on", description="Order of the list; `-` for descending; what is not known stands last.")
    kind: list[DecisionKind] | None = Field(default=None, max_length=2, description="Kind of decision.")
    status: list[DecisionStatus] | None = Field(default=None, max_length=6, description="How far it is.")
    reference: list[Name] | None = Field(default=None, max_length=50, description="Number of the paper.")
    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that is asked.")
    topic_id: list[Id] | None = Field(default=None, max_length=50, description="Topic that it is about.")
    sub_measure_id: list[Id] | None = Field(default=None, max_length=50, description="Sub-measure that it is about.")
    consultation_event_id: list[Id] | None = Field(
        default=None, max_length=50, description="Event at which the partners are heard."
    )
    announced_on_from: Day | None = Field(default=None, description="Announced on this day or later.")
    announced_on_before: Day | None = Field(default=None, description="Announced before this day.")
    statements_due_on_from: Day | None = Field(default=None, description="Statements due on this day or later.")
    statements_due_on_before: Day | None = Field(default=None, description="Statements due before this day.")
    decides_on_from: Day | None = Field(default=None, description="To be decided on this day or later.")
    decides_on_before: Day | None = Field(default=None, description="To be decided before this day.")
    decided_on_from: Day | None = Field(default=None, description="Decided on this day or later.")
    decided_on_before: Day | None = Field(default=None, description="Decided before this day.")
