"""What is in a calendar: the events and deadlines that lists with the same filters hold."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain, islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Event
from sqlalchemy import ColumnElement, Connection, Select, exists, false, select

from app.access.caller import Caller
from app.access.visibility import visible
from app.calendar.entries import Setting, event_of, milestones_due, statements_due
from app.calendar.models import CalendarQuery
from app.consultation_events.models import ConsultationEvent, ConsultationEventList, ConsultationEventPublic
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.database.tables import table_of
from app.days import start_of
from app.decisions.models import Decision, DecisionList, DecisionPublic
from app.decisions.resource import DECISIONS
from app.partners.models import Partner
from app.reports.names import name_of
from app.resources.kind import Kind
from app.resources.lists import ListQuery, matching
from app.sub_measures.models import SubMeasure, SubMeasureList, SubMeasureMilestone, SubMeasurePublic
from app.sub_measures.resource import SUB_MEASURES

DAYS_BACK = 366
MOST_ENTRIES = 2_000
EVENT, DECISION, MEASURE = table_of(ConsultationEvent), table_of(Decision), table_of(SubMeasure)
MILESTONE = table_of(SubMeasureMilestone)


class Asked(NamedTuple):
    """Who asks for which calendar, and when."""

    caller: Caller
    wanted: CalendarQuery
    today: date
    zone: ZoneInfo

    @property
    def since(self) -> date:
        """The first day that the calendar shows."""
        return self.today - timedelta(days=DAYS_BACK)

    def conditions(self, kind: Kind[Any], query: type[ListQuery]) -> list[ColumnElement[bool]]:
        """The conditions of the list for what is wanted: where it does not know a filter, nothing matches."""
        if not self.wanted.filters.keys() <= query.model_fields.keys():
            return [false()]
        return matching(kind, query(**self.wanted.filters), self.caller)


def entries(connection: Connection, asked: Asked, setting: Setting) -> list[Event]:
    """The entries of a calendar: from a year ago on, in the order of time, at most `MOST_ENTRIES` of each sort."""
    found = [events(connection, asked, setting)]
    if asked.wanted.include:
        found += [statement_days(connection, asked, setting), milestone_days(connection, asked, setting)]
    return list(chain.from_iterable(islice(each, MOST_ENTRIES) for each in found))


def events(connection: Connection, asked: Asked, setting: Setting) -> Iterator[Event]:
    """The consultation events."""
    conditions = asked.conditions(CONSULTATION_EVENTS, ConsultationEventList)
    organiser = name_of(Partner, EVENT.c.organiser_id, asked.caller)
    statement = (
        select(EVENT.c.representation, organiser.label("organiser"))
        .where(visible(EVENT, asked.caller), EVENT.c.starts_at >= start_of(asked.since, asked.zone), *conditions)
        .order_by(EVENT.c.starts_at, EVENT.c.id)
        .limit(MOST_ENTRIES)
    )
    for row in connection.execute(statement):
        yield event_of(ConsultationEventPublic.model_validate_json(row.representation), row.organiser, setting)


def statement_days(connection: Connection, asked: Asked, setting: Setting) -> Iterator[Event]:
    """The days by which statements are asked for."""
    conditions = asked.conditions(DECISIONS, DecisionList)
    statement = (
        select(DECISION.c.representation)
        .where(visible(DECISION, asked.caller), DECISION.c.statements_due_on >= asked.since, *conditions)
        .order_by(DECISION.c.statements_due_on, DECISION.c.id)
    )
    for text in texts(connection, statement):
        yield from statements_due(DecisionPublic.model_validate_json(text), setting)


def milestone_days(connection: Connection, asked: Asked, setting: Setting) -> Iterator[Event]:
    """The days of milestones."""
    conditions = asked.conditions(SUB_MEASURES, SubMeasureList)
    has_day = exists().where(MILESTONE.c.sub_measure_id == MEASURE.c.id, MILESTONE.c.due_on >= asked.since)
    statement = (
        select(MEASURE.c.representation)
        .where(visible(MEASURE, asked.caller), has_day, *conditions)
        .order_by(MEASURE.c.goal_number, MEASURE.c.number, MEASURE.c.id)
    )
    for text in texts(connection, statement):
        yield from milestones_due(SubMeasurePublic.model_validate_json(text), setting)


def texts(connection: Connection, statement: Select[Any]) -> Iterator[str]:
    """The representations that are selected."""
    yield from connection.execute(statement.limit(MOST_ENTRIES)).scalars()
