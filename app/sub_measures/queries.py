"""What lists of sub-measures are asked for."""

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from app.goals.models import Goal
from app.resources.lists import linked, matching
from app.sub_measures.models import SubMeasure, SubMeasureDistrict, SubMeasureGoal, SubMeasureList, SubMeasureSupporter


def wanted_by(wanted: SubMeasureList) -> list[ColumnElement[bool]]:
    """The conditions of a list of sub-measures."""
    id, goal_id = col(SubMeasure.id), col(SubMeasure.goal_id)
    return matching(
        SubMeasure,
        wanted,
        {
            "agreement_id": lambda ids: goal_id.in_(select(col(Goal.id)).where(col(Goal.agreement_id).in_(ids))),
            "topic_id": lambda ids: goal_id.in_(select(col(Goal.id)).where(col(Goal.topic_id).in_(ids))),
            "partner_id": lambda ids: or_(
                col(SubMeasure.lead_partner_id).in_(ids),
                id.in_(linked(SubMeasureSupporter, "sub_measure_id", "partner_id", ids)),
            ),
            "supporting_partner_id": lambda ids: id.in_(
                linked(SubMeasureSupporter, "sub_measure_id", "partner_id", ids)
            ),
            "district": lambda names: id.in_(linked(SubMeasureDistrict, "sub_measure_id", "district", names)),
            "sdg": lambda numbers: id.in_(linked(SubMeasureGoal, "sub_measure_id", "sdg", numbers)),
        },
    )
