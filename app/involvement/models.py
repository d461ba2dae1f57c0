"""Involvement: whether and when the partners were heard before a decision."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.resources.ids import named_id, shown_id
from app.schema.fields import Count
from app.vocabularies.term import Term

MOST_DAYS = 1_000_000


class InvolvementState(Term):
    """How far the involvement of the partners in a decision is."""

    not_required = "not_required", "nicht erforderlich", "not required"
    open = "open", "offen: noch niemand gehört", "open: nobody was heard yet"
    heard = "heard", "gehört", "heard"
    answered = "answered", "alle haben geantwortet", "all have answered"
    missed = (
        "missed",
        "versäumt: entschieden, ohne dass vorher jemand gehört wurde",
        "missed: decided, nobody heard before",
    )


def ids_in(value: Any) -> Any:
    """The ids in the one text that the database makes of them, in order."""
    return sorted(UUID(each) for each in (value or "").split()) if value is None or isinstance(value, str) else value


Lead = Annotated[int, Field(ge=-MOST_DAYS, le=MOST_DAYS)]


class InvolvementFacts(BaseModel):
    """What the record says about the involvement of the partners in a decision."""

    model_config = ConfigDict(from_attributes=True)

    state: InvolvementState = Field(description=f"How far it is: {InvolvementState.explained()}.")
    decision_on: date | None = Field(
        description="Day of the decision: `decided_on`, or `decides_on` while it is not made."
    )
    first_heard_on: date | None = Field(
        description="The first day on which an asked partner attended a held event of the decision, or gave a statement."
    )
    lead_days: Lead | None = Field(
        description="Days from `first_heard_on` to `decision_on`; negative when the partners were heard after it."
    )
    heard_before_decision: bool | None = Field(
        description="Whether `first_heard_on` is before `decision_on`; false, too, when it was made without anyone "
        "heard; null while that is open."
    )
    asked: Count = Field(description="Number of partners that are asked.")
    answered: Count = Field(
        description="Number of asked partners that gave a statement, before the day of the decision once it is made."
    )
    missing_partner_ids: Annotated[list[UUID], Field(max_length=200), BeforeValidator(ids_in)] = Field(
        description="The asked partners that gave no such statement."
    )


class InvolvementDecision(BaseModel):
    decision_id: UUID = Field(description="The decision.")


class Involvement(InvolvementFacts, InvolvementDecision):
    """Whether and when the partners were heard before a decision."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "decision_id": str(shown_id("decisions")),
                    "state": "heard",
                    "decision_on": "2025-05-15",
                    "first_heard_on": "2025-03-12",
                    "lead_days": 64,
                    "heard_before_decision": True,
                    "asked": 2,
                    "answered": 1,
                    "missing_partner_ids": [str(named_id("partners", "liga-dresden"))],
                }
            ]
        }
    )
