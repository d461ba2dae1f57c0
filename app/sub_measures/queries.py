"""What lists of sub-measures are asked for."""

from sqlalchemy import ColumnElement, or_
from sqlmodel import col

from app.access.caller import Caller
from app.goals.models import Goal
from app.resources.lists import any_of, linked, matching
from app.resources.scope import about_goals
from app.sub_measures.models import SubMeasure, SubMeasureDistrict, SubMeasureList, SubMeasureSdg, SubMeasureSupporter


def filters(wanted: SubMeasureList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of sub-measures."""
    return matching(
        SubMeasure,
        wanted,
        caller,
        {
            "topic_id": lambda ids: about_goals(SubMeasure, caller, col(Goal.topic_id).in_(ids)),
            "partner_id": lambda ids: or_(
                any_of(col(SubMeasure.lead_partner_id), ids), linked(SubMeasure, SubMeasureSupporter, "partner_id", ids)
            ),
            "supporting_partner_id": lambda ids: linked(SubMeasure, SubMeasureSupporter, "partner_id", ids),
            "district": lambda names: linked(SubMeasure, SubMeasureDistrict, "district", names),
            "sdg": lambda numbers: linked(SubMeasure, SubMeasureSdg, "sdg", numbers),
        },
    )
