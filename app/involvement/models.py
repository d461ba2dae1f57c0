"""Involvement: whether and when the partners were heard before a decision."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.resources.ids import named_id, shown_id
from app.schema.fields import Count, Title
from app.statements.terms import Position
from app.vocabularies.term import Term

MOST_DAYS = 1_000_000
MOST_PARTNERS = 200
LEAST_LEAD_DAYS = 1
"""The days that lie between hearing and decision where the agreement sets none."""


class InvolvementState(Term):
    """How far the involvement of the partners in a decision is."""

    not_required = (
        "not_required",
        "nicht erforderlich",
        "not required",
        "Zu dieser Entscheidung muss niemand gehört werden; warum, steht dabei.",
        "Nobody has to be heard on this decision; why is said with it.",
    )
    open = (
        "open",
        "offen: noch niemand gehört",
        "open: nobody was heard yet",
        "Es ist noch nicht entschieden, und noch niemand wurde gehört.",
        "It is not decided yet, and nobody was heard yet.",
    )
    partly_heard = (
        "partly_heard",
        "teilweise gehört",
        "partly heard: some asked partners, not all",
        "Vor der Entscheidung wurden einige der gefragten Partner gehört, aber nicht alle.",
        "Some of the partners that were asked were heard before the decision, but not all.",
    )
    heard = (
        "heard",
        "gehört: alle Gefragten",
        "heard: every asked partner",
        "Vor der Entscheidung wurde jeder gefragte Partner gehört.",
        "Every partner that was asked was heard before the decision.",
    )
    answered = (
        "answered",
        "alle haben geantwortet",
        "all have answered",
        "Jeder gefragte Partner hat Stellung genommen.",
        "Every partner that was asked has given a statement.",
    )
    missed = (
        "missed",
        "versäumt: entschieden, ohne dass vorher jemand gehört wurde",
        "missed: decided, nobody heard before",
        "Es wurde entschieden, ohne dass vorher ein gefragter Partner gehört wurde.",
        "It was decided before any partner that was asked was heard.",
    )


class HeardBy(Term):
    """By what a partner was heard."""

    event = (
        "event",
        "bei einer Veranstaltung",
        "at an event",
        "Der Partner war bei einem Termin zu dieser Entscheidung dabei.",
        "The partner was at an event about this decision.",
    )
    statement = (
        "statement",
        "durch eigene Stellungnahme",
        "by its own statement",
        "Der Partner hat selbst Stellung genommen.",
        "The partner gave a statement of its own.",
    )
    umbrella = (
        "umbrella",
        "durch die Stellungnahme eines Dachverbands",
        "by the statement of an umbrella association",
        "Ein Dachverband hat auch für diesen Partner Stellung genommen.",
        "An umbrella association gave a statement on its behalf, too.",
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
    first_heard_on: date | None = Field(description="The first day on which an asked partner was heard.")
    lead_days: Lead | None = Field(
        description="Days from `first_heard_on` to `decision_on`; not positive only where the planned day has come."
    )
    heard_before_decision: bool | None = Field(
        description="Whether `first_heard_on` is before `decision_on`; false, too, when it was made without anyone "
        "heard; null while that is open."
    )
    notice_days: Lead | None = Field(
        description="Days from the announcement to the decision, to the planned or the real day, whichever is earlier."
    )
    is_short_notice: bool | None = Field(
        description="Whether those are fewer than the agreement's `hearing.minimum_lead_days`, or 1; true, too, where it "
        "was made and no announcement is on record; null where no day is known."
    )
    asked: Count = Field(description="Number of partners that are asked.")
    heard: Count = Field(
        description="Number of asked partners that were heard, before the day of the decision once it is made."
    )
    heard_in_time: Count = Field(
        description="Those of them that were heard at least the agreement's `hearing.minimum_lead_days` before, or 1."
    )
    answered: Count = Field(
        description="Number of asked partners that gave a statement, or for which an umbrella association gave one, before "
        "the day of the decision once it is made."
    )
    missing_partner_ids: Annotated[list[UUID], Field(max_length=MOST_PARTNERS), BeforeValidator(ids_in)] = Field(
        description="The asked partners of which there is no such statement."
    )


class PartnerHearing(BaseModel):
    """When and how one asked partner was heard before a decision."""

    model_config = ConfigDict(from_attributes=True)

    partner_id: UUID = Field(description="The asked partner.")
    name: Title | None = Field(description="Its name; null for whom it is not there.")
    asked_on: date | None = Field(description="Day on which it was told: `announced_on` of the decision.")
    heard_on: date | None = Field(
        description="The first day on which it attended an event that counts or its statement was given, or came; once the decision "
        "is made, only days before that."
    )
    heard_by: HeardBy | None = Field(description=f"By what it was heard on that day: {HeardBy.explained()}.")
    is_entered_later: bool = Field(
        description="Whether that was a statement which was entered on a later day than it came, as its `received_on` says."
    )
    event_id: UUID | None = Field(description="The event at which it was heard; null for whom the event is not there.")
    lead_days: Lead | None = Field(description="Days from `heard_on` to the day of the decision.")
    is_in_time: bool | None = Field(
        description="Whether those are at least the agreement's `hearing.minimum_lead_days`, or 1; false, too, when the "
        "decision was made without it heard; null while that is open."
    )
    position: Position | None = Field(
        description=f"What the statement says that counts for it: {Position.explained()}; null for whom the statement is "
        "not there."
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
                    "state": "partly_heard",
                    "decision_on": "2025-05-15",
                    "first_heard_on": "2025-03-12",
                    "lead_days": 64,
                    "heard_before_decision": True,
                    "notice_days": 122,
                    "is_short_notice": False,
                    "asked": 2,
                    "heard": 1,
                    "heard_in_time": 1,
                    "answered": 0,
                    "missing_partner_ids": [
                        str(named_id("partners", "liga-dresden")),
                        str(named_id("partners", "caritas-dresden")),
                    ],
                    "partners": [
                        {
                            "partner_id": str(named_id("partners", "caritas-dresden")),
                            "name": "Caritasverband für Dresden e. V.",
                            "asked_on": "2025-01-13",
                            "heard_on": "2025-03-12",
                            "heard_by": "event",
                            "is_entered_later": False,
                            "event_id": str(shown_id("consultation-events")),
                            "lead_days": 64,
                            "is_in_time": True,
                            "position": None,
                        },
                        {
                            "partner_id": str(named_id("partners", "liga-dresden")),
                            "name": "Liga der Freien Wohlfahrtspflege Dresden",
                            "asked_on": "2025-01-13",
                            "heard_on": None,
                            "heard_by": None,
                            "is_entered_later": False,
                            "event_id": None,
                            "lead_days": None,
                            "is_in_time": False,
                            "position": None,
                        },
                    ],
                }
            ]
        }
    )

    partners: list[PartnerHearing] = Field(
        max_length=MOST_PARTNERS, description="A row for each asked partner, by name."
    )
