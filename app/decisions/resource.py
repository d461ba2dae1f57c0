"""What the register knows of decisions: the declaration of the kind."""

from app.decisions.models import (
    Decision,
    DecisionCreate,
    DecisionEvent,
    DecisionGoal,
    DecisionPartner,
    DecisionPublic,
    DecisionSubMeasure,
    DecisionTopic,
)
from app.decisions.rules import check
from app.decisions.terms import TRANSITIONS
from app.resources.kind import ChildList, Kind

DECISIONS = Kind(
    path="decisions",
    table=Decision,
    create=DecisionCreate,
    public=DecisionPublic,
    lists={
        "topic_ids": ChildList(DecisionTopic, parent="decision_id", value="topic_id"),
        "goal_ids": ChildList(DecisionGoal, parent="decision_id", value="goal_id"),
        "sub_measure_ids": ChildList(DecisionSubMeasure, parent="decision_id", value="sub_measure_id"),
        "consultation_event_ids": ChildList(DecisionEvent, parent="decision_id", value="consultation_event_id"),
        "involved_partner_ids": ChildList(DecisionPartner, parent="decision_id", value="partner_id"),
    },
    check=check,
    transitions=TRANSITIONS,
)
