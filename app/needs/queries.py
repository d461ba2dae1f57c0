"""What lists of needs are asked for."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.access.caller import Caller
from app.goals.models import Goal
from app.needs.models import Need, NeedDecision, NeedDistrict, NeedEvent, NeedList, NeedSubMeasure
from app.resources.lists import any_of, linked, matching
from app.sub_measures.queries import about_agreements, about_goals


def filters(wanted: NeedList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of needs."""
    return matching(
        Need,
        wanted,
        {
            "partner_id": lambda ids: any_of(col(Need.raised_by_id), ids),
            "agreement_id": lambda ids: about_agreements(
                Need, caller, ids, topics=[Need.topic_id], sub_measures=[NeedSubMeasure.sub_measure_id]
            ),
            "goal_id": lambda ids: about_goals(
                Need, caller, any_of(col(Goal.id), ids), sub_measures=[NeedSubMeasure.sub_measure_id]
            ),
            "consultation_event_id": lambda ids: linked(Need, NeedEvent, "consultation_event_id", ids),
            "sub_measure_id": lambda ids: linked(Need, NeedSubMeasure, "sub_measure_id", ids),
            "decision_id": lambda ids: linked(Need, NeedDecision, "decision_id", ids),
            "district": lambda names: linked(Need, NeedDistrict, "district", names),
        },
    )
