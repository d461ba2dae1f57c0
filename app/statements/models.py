"""Statements: what a partner says to a decision, and what the city made of it."""

from typing import Literal
from uuid import UUID

from pydantic import MISSING
from pydantic import Field as Bound
from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.access.visibility import Visibility
from app.database.tables import Json, closed
from app.resources.external_ids import IdentifiedAsBefore
from app.resources.ids import named_id, shown_id
from app.resources.links import Document
from app.resources.lists import ListQuery
from app.resources.schema import Stamped, Stored, Visible, sorted_by
from app.schema.base import Patch, Schema, example
from app.schema.fields import Day, Id, Ids, Moment, Paragraphs
from app.statements.terms import Position, TakenUp


class StatementWords(Schema):
    position: Position = Field(sa_type=closed(Position), description=f"The partner's position: {Position.explained()}.")
    text: Paragraphs | None = Field(default=None, description="The statement itself.")
    documents: list[Document] = Field(
        default_factory=list, max_length=100, sa_type=Json, description="Documents of the statement, in order."
    )


class StatementContent(StatementWords):
    on_behalf_of_ids: Ids = Field(
        default_factory=list,
        description="Members of the partner, an umbrella association, that it also speaks for; a member's own statement "
        "counts in its place.",
    )


class StatementAnswer(Schema):
    taken_up: TakenUp | None = Field(
        default=None, sa_type=closed(TakenUp), description=f"What the city made of it: {TakenUp.explained()}."
    )
    reason: Paragraphs | None = Field(default=None, description="Why; required for `partly` and `not_adopted`.")


class StatementReceipt(Schema):
    received_on: Day | None = Field(
        default=None,
        description="Day on which it came, as a letter does, where it was entered later than that: who keeps the register "
        "says so before the decision is made, never its partner. It counts from that day on, and is told of as entered "
        "later. Null: when it was entered.",
    )


class StatementPlace(Schema):
    decision_id: Id = Field(foreign_key="decision.id", description="Decision that it is about.")
    partner_id: Id = Field(foreign_key="partner.id", index=True, description="Partner that says it.")


class StatementTimes(Schema):
    submitted_at: Moment = Field(description="When it was first said here, or entered (UTC).")
    entered_by_id: Id | None = Field(
        default=None,
        foreign_key="partner.id",
        index=True,
        description="Partner that entered it for the one that says it, as a letter on paper; null where that one said it "
        "itself.",
    )
    answered_on: Day | None = Field(default=None, description="Day on which the city answered.")


class Statement(StatementAnswer, StatementReceipt, StatementWords, StatementPlace, StatementTimes, Stored, table=True):
    __tablename__ = "statement"
    __table_args__ = (
        Index(None, "decision_id", "partner_id", unique=True),
        Index(None, "decision_id", "submitted_at", "id"),
        *sorted_by(),
    )

    submitted_on: Day


class StatementOnBehalf(SQLModel, table=True):
    __tablename__ = "statement_on_behalf"
    __table_args__ = (Index(None, "partner_id", "statement_id"),)

    statement_id: UUID = Field(primary_key=True, foreign_key="statement.id")
    partner_id: UUID = Field(primary_key=True, foreign_key="partner.id")
    position: int


class StatementCreate(Visible, StatementAnswer, StatementReceipt, StatementContent, StatementPlace):
    """Everything that callers say about a statement, by its body or its address."""

    model_config = example(
        {
            "decision_id": str(shown_id("decisions")),
            "partner_id": str(named_id("partners", "caritas-dresden")),
            "position": "support_with_changes",
            "text": "Die Beratungsstellen brauchen verlässliche Mittel über das Haushaltsjahr hinaus.",
            "taken_up": "partly",
            "reason": "Die Mittel sind für zwei Jahre eingeplant.",
        }
    )


class StatementPut(IdentifiedAsBefore, StatementContent):
    """What a partner says; the city's answer to it, and when it came, stay."""

    model_config = example(
        {
            "position": "support_with_changes",
            "text": "Die Beratungsstellen brauchen verlässliche Mittel über das Haushaltsjahr hinaus.",
        }
    )

    visibility: Visibility | MISSING = Field(
        default=MISSING, description="Who may read it; not given: as before, at first who may read the decision."
    )


class StatementUpdate(Visible, StatementAnswer, StatementReceipt, StatementContent, Patch):
    """The fields to change; an absent field keeps its value."""

    model_config = example({"taken_up": "partly", "reason": "Die Mittel sind für zwei Jahre eingeplant."})


class StatementPublic(
    Visible, StatementAnswer, StatementReceipt, StatementContent, StatementPlace, StatementTimes, Stamped
):
    """What a partner said to a decision, and what the city made of it."""


class StatementList(ListQuery):
    sort: Literal["submitted_at", "-submitted_at", "created_at", "-created_at", "updated_at", "-updated_at"] = Field(
        default="submitted_at", description="Order of the list; `-` for descending."
    )
    partner_id: list[Id] | None = Bound(default=None, max_length=50, description="Partner that says it.")
    position: list[Position] | None = Bound(default=None, max_length=4, description="The partner's position.")
    taken_up: list[TakenUp] | None = Bound(default=None, max_length=3, description="What the city made of it.")
