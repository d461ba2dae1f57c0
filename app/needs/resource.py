"""What the register knows of needs: the declaration of the kind."""

from app.needs.models import Need, NeedCreate, NeedDecision, NeedDistrict, NeedEvent, NeedPublic, NeedSubMeasure
from app.needs.rules import check
from app.needs.terms import TRANSITIONS
from app.resources.kind import ChildList, Kind

NEEDS = Kind(
    path="needs",
    table=Need,
    create=NeedCreate,
    public=NeedPublic,
    searched=("title", "description", "response"),
    owner="raised_by_id",
    lists={
        "consultation_event_ids": ChildList(NeedEvent, parent="need_id", value="consultation_event_id"),
        "sub_measure_ids": ChildList(NeedSubMeasure, parent="need_id", value="sub_measure_id"),
        "decision_ids": ChildList(NeedDecision, parent="need_id", value="decision_id"),
        "districts": ChildList(NeedDistrict, parent="need_id", value="district"),
    },
    check=check,
    transitions=TRANSITIONS,
)
