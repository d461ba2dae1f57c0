"""What lists of consultation events are asked for."""

from sqlalchemy import ColumnElement

from app.access.caller import Caller
from app.consultation_events.models import ConsultationEvent, ConsultationEventList
from app.resources.lists import matching


def filters(wanted: ConsultationEventList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of events."""
    return matching(ConsultationEvent, wanted, caller, {})
