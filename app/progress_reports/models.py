"""Progress reports: what a partner says about a sub-measure in a period."""

from typing import Literal, TypeVar

from pydantic import model_validator
from sqlalchemy import Index
from sqlmodel import Field

from app.access.visibility import Visibility
from app.database.tables import closed
from app.progress_reports.terms import TRANSITIONS, ReportState
from app.resources.external_ids import Identified
from app.resources.ids import named_id
from app.resources.lists import ListQuery
from app.resources.schema import Stamped, Stored, Visible, sorted_by
from app.resources.states import described
from app.schema.base import Patch, Schema, example
from app.schema.fields import Day, Id, Moment, Paragraphs, Percent, Summary
from app.sub_measures.terms import SubMeasureStatus


class ProgressReportPlace(Schema):
    sub_measure_id: Id = Field(foreign_key="sub_measure.id", description="Sub-measure; it never changes.")
    partner_id: Id = Field(foreign_key="partner.id", index=True, description="Partner that reports; it never changes.")


class ProgressReportBase(Schema):
    period_from: Day = Field(description="First day of the period.")
    period_to: Day = Field(description="Last day of the period; not before `period_from`.")
    state: ReportState = Field(
        default=ReportState.draft,
        sa_type=closed(ReportState),
        description=f"How far the report is: {ReportState.explained()}. {described(TRANSITIONS)} "
        "The authority accepts and returns.",
    )
    return_reason: Paragraphs | None = Field(
        default=None, description="Why it was last returned, by the authority; required for `returned`."
    )
    summary: Summary = Field(description="The period in a few sentences.")
    achievements: Paragraphs | None = Field(default=None, description="What was achieved.")
    obstacles: Paragraphs | None = Field(default=None, description="What stood in the way.")
    next_steps: Paragraphs | None = Field(default=None, description="What comes next.")
    progress_percent: Percent | None = Field(
        default=None, description="How much of the sub-measure is done; it becomes the sub-measure's when accepted."
    )
    status: SubMeasureStatus | None = Field(
        default=None,
        sa_type=closed(SubMeasureStatus),
        description="Status that the sub-measure gets when the report is accepted; `summary` is then the reason, "
        f"where the status needs one: {SubMeasureStatus.explained()}.",
    )


class ProgressReportReaders(Visible):
    visibility_once_submitted: Visibility = Field(
        sa_type=closed(Visibility, "visibility_once_submitted"),
        description="Who may read it from its submission on, when `visibility` becomes the same. Of a draft it can be "
        "changed; where `visibility` is said and it is not, it becomes that.",
    )


class ProgressReportTimes(Schema):
    submitted_at: Moment | None = Field(default=None, description="When it was last submitted (UTC).")


class ProgressReport(
    ProgressReportBase, ProgressReportReaders, ProgressReportPlace, ProgressReportTimes, Stored, table=True
):
    __tablename__ = "progress_report"
    __table_args__ = (
        Index(None, "sub_measure_id", "state", "period_to"),
        Index(None, "state", "id"),
        Index(None, "status"),
        *sorted_by("period_from", "period_to", "submitted_at"),
    )


Says = TypeVar("Says", "ProgressReportCreate", "ProgressReportUpdate")


def keep_readers(says: Says) -> Says:
    """What is said of its readers holds later, too, also where they are the same now."""
    if "visibility" in says.model_fields_set and "visibility_once_submitted" not in says.model_fields_set:
        says.visibility_once_submitted = says.visibility
    return says


class ProgressReportCreate(Identified, ProgressReportBase, ProgressReportPlace):
    """A new progress report."""

    model_config = example(
        {
            "sub_measure_id": str(named_id("sub-measures", "dresden-liga-2024", 2, 3)),
            "partner_id": str(named_id("partners", "caritas-dresden")),
            "period_from": "2024-09-01",
            "period_to": "2025-02-28",
            "state": "submitted",
            "summary": "Sechs weitere Schulen haben ein Angebot.",
            "next_steps": "Ab Herbst kommen die Berufsschulen dazu.",
            "progress_percent": 30,
            "status": "in_progress",
        }
    )

    visibility: Visibility | None = Field(
        default=None,
        description=f"Who may read the resource as a whole: {Visibility.explained()}; not given: of a draft, partners.",
    )
    visibility_once_submitted: Visibility | None = Field(
        default=None,
        description="Who may read it from its submission on; not given: what `visibility` says, else everyone.",
    )
    said_readers = model_validator(mode="after")(keep_readers)


class ProgressReportUpdate(ProgressReportBase, ProgressReportReaders, Patch):
    """The fields to change; an absent field keeps its value."""

    model_config = example({"next_steps": "Ab Herbst kommen die Berufsschulen und zwei Horte dazu."})
    said_readers = model_validator(mode="after")(keep_readers)


class ProgressReportPublic(
    ProgressReportBase, ProgressReportReaders, ProgressReportPlace, ProgressReportTimes, Stamped
):
    """What a partner reported about a sub-measure in a period."""


class ProgressReportList(ListQuery):
    sort: Literal[
        "period_to",
        "-period_to",
        "period_from",
        "-period_from",
        "submitted_at",
        "-submitted_at",
        "created_at",
        "-created_at",
        "updated_at",
        "-updated_at",
    ] = Field(default="-period_to", description="Order of the list; `-` for descending; what is not known stands last.")
    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that reports.")
    topic_id: list[Id] | None = Field(default=None, max_length=50, description="Topic of the sub-measure's goal.")
    sub_measure_id: list[Id] | None = Field(default=None, max_length=50, description="Sub-measure.")
    state: list[ReportState] | None = Field(default=None, max_length=4, description="How far the report is.")
    status: list[SubMeasureStatus] | None = Field(default=None, max_length=6, description="Status that it proposes.")
    period_from_from: Day | None = Field(default=None, description="The period begins on this day or later.")
    period_from_before: Day | None = Field(default=None, description="The period begins before this day.")
    period_to_from: Day | None = Field(default=None, description="The period ends on this day or later.")
    period_to_before: Day | None = Field(default=None, description="The period ends before this day.")
    submitted_at_from: Moment | None = Field(default=None, description="Submitted at this time or later.")
    submitted_at_before: Moment | None = Field(default=None, description="Submitted before this time.")
