"""What the register knows of sub-measures: the declaration of the kind."""

from app.resources.kind import ChildList, Kind
from app.sub_measures.models import (
    SubMeasure,
    SubMeasureCreate,
    SubMeasureDistrict,
    SubMeasureMilestone,
    SubMeasurePublic,
    SubMeasureSdg,
    SubMeasureSupporter,
)
from app.sub_measures.rules import check
from app.sub_measures.terms import TRANSITIONS

SUB_MEASURES = Kind(
    path="sub-measures",
    table=SubMeasure,
    create=SubMeasureCreate,
    public=SubMeasurePublic,
    owner="lead_partner_id",
    searched=("title", "summary", "description"),
    sorts={"code": ("goal_number", "number")},
    lists={
        "milestones": ChildList(SubMeasureMilestone, parent="sub_measure_id"),
        "supporting_partner_ids": ChildList(SubMeasureSupporter, parent="sub_measure_id", value="partner_id"),
        "districts": ChildList(SubMeasureDistrict, parent="sub_measure_id", value="district"),
        "sdgs": ChildList(SubMeasureSdg, parent="sub_measure_id", value="sdg"),
    },
    check=check,
    transitions=TRANSITIONS,
)
