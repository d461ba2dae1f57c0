"""What lists of needs are asked for."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.access.caller import Caller
from app.needs.models import Need, NeedDecision, NeedDistrict, NeedEvent, NeedList, NeedSubMeasure
from app.resources.lists import any_of, linked, matching


def filters(wanted: NeedList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of needs."""
    return matching(
        Need,
        wanted,
        caller,
        {
            "partner_id": lambda ids: any_of(col(Need.raised_by_id), ids),
            "consultation_event_id": lambda ids: linked(Need, NeedEvent, "consultation_event_id", ids),
            "sub_measure_id": lambda ids: linked(Need, NeedSubMeasure, "sub_measure_id", ids),
            "decision_id": lambda ids: linked(Need, NeedDecision, "decision_id", ids),
            "district": lambda names: linked(Need, NeedDistrict, "district", names),
        },
    )
