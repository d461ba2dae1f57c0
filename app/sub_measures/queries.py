"""What lists of sub-measures are asked for."""

from sqlmodel import col

from app.access.caller import Caller
from app.goals.models import Goal
from app.resources.kind import Conditions
from app.resources.scope import about_goals
from app.sub_measures.models import SubMeasure, SubMeasureList


def conditions(_wanted: SubMeasureList, caller: Caller) -> Conditions:
    """Those of filters of sub-measures that look into other tables."""
    return {
        "topic_id": lambda ids: about_goals(SubMeasure, caller, col(Goal.topic_id).in_(ids)),
    }
