"""Proposals: how what is on record is corrected, by two sides."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field as Bound
from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.database.tables import Json, closed
from app.proposals.terms import TRANSITIONS, ProposalState
from app.resources.external_ids import Identified
from app.resources.ids import shown_id
from app.resources.lists import ListQuery
from app.resources.redacting import FieldNames, LegalBasis, Positions
from app.resources.schema import Homed, Stamped, Stored, Visible, sorted_by
from app.resources.states import described
from app.resources.subjects import ErasableType, HomedBySubject, SubjectPlace
from app.schema.base import Patch, Schema, example
from app.schema.fields import Id, Ids, Moment, Paragraphs, Summary, Url, Version

Changes = Annotated[dict[Annotated[str, Bound(max_length=60, pattern="^[a-z_]+$")], Any], Bound(max_length=60)]


class ProposedRedaction(Schema):
    """What is to be erased of the subject, which may be deleted."""

    fields: FieldNames = Bound(description="Fields that are erased.")
    positions: Positions | None = Bound(
        default=None, description="Positions of entries in the feed; not given: all entries about the subject."
    )
    legal_basis: LegalBasis = Bound(description="Why, for everybody to read: no words about a person.")


class ProposalSubject(SubjectPlace):
    subject_type: ErasableType = Field(
        description="Kind of what it is about, as in `sub_measure`; proposals and objections can only be redacted. It never "
        "changes."
    )


class ProposalText(Schema):
    changes: Changes = Field(
        default_factory=dict,
        sa_type=Json,
        description="What is to be changed, as a merge patch (RFC 7396) of the subject; it never changes.",
    )
    redaction: ProposedRedaction | None = Field(
        default=None,
        sa_type=Json,
        description="What is to be erased instead, from the subject and its history; it never changes.",
    )
    reason: Summary = Field(description="Why; it never changes.")
    evidence_url: Url | None = Field(default=None, description="Page that shows it; it never changes.")


class ProposalObjections(Schema):
    objection_ids: Ids = Field(
        default_factory=list,
        description="Open objections to the subject that are settled when it is confirmed; they never change.",
    )


class ProposalAnswer(Schema):
    state: ProposalState = Field(
        default=ProposalState.open,
        sa_type=closed(ProposalState),
        description=f"What became of it: {ProposalState.explained()}. {described(TRANSITIONS)} Who proposed it withdraws it, "
        "another side of the agreement confirms or rejects it.",
    )
    answer: Paragraphs | None = Field(
        default=None, description="What the other side says to it; required for `rejected`."
    )


class ProposalSpeakers(Schema):
    based_on_version: Version = Field(description="Version of the subject that it was made for.")
    proposed_by_id: Id = Field(foreign_key="partner.id", index=True, description="Partner that proposes it.")
    answered_by_id: Id | None = Field(
        default=None, foreign_key="partner.id", index=True, description="Partner that confirmed or rejected it."
    )
    answered_at: Moment | None = Field(default=None, description="When it was confirmed or rejected (UTC).")


class Proposal(ProposalAnswer, ProposalText, ProposalSpeakers, ProposalSubject, Homed, Stored, table=True):
    __tablename__ = "proposal"
    __table_args__ = (
        Index(None, "subject_id", "state"),
        Index(None, "agreement_id", "created_at", "id"),
        Index(None, "subject_type", "created_at", "id"),
        Index(None, "state", "created_at", "id"),
        *sorted_by(),
    )


class ProposalObjection(SQLModel, table=True):
    __tablename__ = "proposal_objection"
    __table_args__ = (Index(None, "objection_id", "proposal_id"),)

    proposal_id: UUID = Field(primary_key=True, foreign_key="proposal.id")
    objection_id: UUID = Field(primary_key=True, foreign_key="objection.id")
    position: int


class ProposalCreate(ProposalAnswer, ProposalObjections, ProposalText, ProposalSubject, HomedBySubject):
    """A new proposal."""

    model_config = example(
        {
            "subject_type": "decision",
            "subject_id": str(shown_id("decisions")),
            "changes": {"decided_on": "2025-05-16"},
            "reason": "Der Stadtrat hat erst in der zweiten Sitzung entschieden.",
        }
    )


class ProposalUpdate(Identified, ProposalAnswer, Patch):
    """What becomes of it; an absent field keeps its value."""

    model_config = example({"state": "confirmed"})


class ProposalPublic(
    Visible, ProposalAnswer, ProposalObjections, ProposalText, ProposalSpeakers, ProposalSubject, Homed, Stamped
):
    """What one side of an agreement proposes to correct, and what another one says to it."""


class ProposalList(ListQuery):
    sort: Literal["created_at", "-created_at", "updated_at", "-updated_at"] = Field(
        default="-created_at", description="Order of the list; `-` for descending."
    )
    subject_type: list[ErasableType] | None = Bound(
        default=None, max_length=20, description="Kind of what is to be corrected."
    )
    subject_id: list[Id] | None = Bound(default=None, max_length=50, description="What is to be corrected.")
    state: list[ProposalState] | None = Bound(default=None, max_length=4, description="What became of it.")
    partner_id: list[Id] | None = Bound(default=None, max_length=50, description="Partner that proposes it.")
