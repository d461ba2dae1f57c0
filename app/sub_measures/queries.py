"""What lists of sub-measures are asked for."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.access.caller import Caller
from app.goals.models import Goal
from app.resources.lists import matching
from app.resources.scope import about_goals
from app.sub_measures.models import SubMeasure, SubMeasureList


def filters(wanted: SubMeasureList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of sub-measures."""
    return matching(
        SubMeasure,
        wanted,
        caller,
        {
            "topic_id": lambda ids: about_goals(SubMeasure, caller, col(Goal.topic_id).in_(ids)),
        },
    )
