"""What lists of needs are asked for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import SQLModel, col

from app.access.caller import Caller
from app.access.visibility import visible
from app.database import table_of
from app.needs.models import Need, NeedDecision, NeedDistrict, NeedEvent, NeedList, NeedSubMeasure
from app.resources import lists
from app.sub_measures.models import SubMeasure
from app.sub_measures.queries import parts_of


def filters(wanted: NeedList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of needs."""
    return lists.matching(
        Need,
        wanted,
        {
            "partner_id": lambda ids: lists.any_of(col(Need.raised_by_id), ids),
            "agreement_id": lambda ids: of_agreements(caller, ids),
            "goal_id": lambda ids: of_goals(caller, ids),
            "consultation_event_id": lambda ids: linked(NeedEvent, "consultation_event_id", ids),
            "sub_measure_id": lambda ids: linked(NeedSubMeasure, "sub_measure_id", ids),
            "decision_id": lambda ids: linked(NeedDecision, "decision_id", ids),
            "district": lambda names: linked(NeedDistrict, "district", names),
        },
    )


def linked(link: type[SQLModel], column: str, values: Sequence[UUID | str]) -> ColumnElement[bool]:
    """The needs that a table of links connects with any of the values."""
    return lists.linked(link, "need_id", col(Need.id), column, values)


def of_goals(caller: Caller, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """The needs about a sub-measure of these goals, as far as the caller sees it."""
    measures = table_of(SubMeasure)
    wanted = select(measures.c.id).where(measures.c.goal_id.in_(ids), visible(measures, caller))
    return col(Need.id).in_(select(col(NeedSubMeasure.need_id)).where(col(NeedSubMeasure.sub_measure_id).in_(wanted)))


def of_agreements(caller: Caller, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """The needs that belong to a topic or are about a sub-measure of these agreements, as far as the caller sees those."""
    parts = parts_of(caller, ids)
    about = select(col(NeedSubMeasure.need_id)).where(col(NeedSubMeasure.sub_measure_id).in_(parts.sub_measures))
    return or_(col(Need.topic_id).in_(parts.topics), col(Need.id).in_(about))
