"""Whether sub-measures are in time, and until when they were reported on: the one definition for progress and duties."""

from datetime import date

from sqlalchemy import Boolean, ColumnElement, Date, and_, case, cast, exists, func, literal, not_, or_, select

from app.access.caller import Caller
from app.access.visibility import visible
from app.database.tables import table_of
from app.days import months_later
from app.progress_reports.models import ProgressReport
from app.progress_reports.terms import ReportState
from app.sub_measures.models import SubMeasure, SubMeasureMilestone
from app.sub_measures.terms import SubMeasureStatus
from app.vocabularies.term import Term

MEASURE, MILESTONE = table_of(SubMeasure), table_of(SubMeasureMilestone)
UNREPORTED_MONTHS = 6
DONE = (SubMeasureStatus.completed, SubMeasureStatus.cancelled)


class Timeliness(Term):
    """Whether a sub-measure is in time."""

    not_scheduled = (
        "not_scheduled",
        "ohne Termin",
        "not scheduled",
        "Es gibt keinen Tag, bis zu dem etwas fertig sein soll.",
        "There is no day by which anything is to be done.",
    )
    on_time = (
        "on_time",
        "im Zeitplan",
        "on time",
        "Kein vereinbarter Tag ist verstrichen.",
        "No agreed day has passed.",
    )
    late = (
        "late",
        "verspätet",
        "late",
        "Ein vereinbarter Tag ist verstrichen, und es ist nicht getan.",
        "An agreed day has passed, and it is not done.",
    )
    done = (
        "done",
        "beendet",
        "done",
        "Die Arbeit ist abgeschlossen oder aufgegeben.",
        "The work is completed or given up.",
    )


def last_reported_on(caller: Caller, *states: ReportState) -> ColumnElement[date]:
    """The last day that reports of a sub-measure in these states cover, as far as the caller sees those."""
    report = table_of(ProgressReport)
    statement = select(func.max(report.c.period_to, type_=Date())).where(
        report.c.sub_measure_id == MEASURE.c.id, report.c.state.in_(states), visible(report, caller)
    )
    return statement.correlate(MEASURE).scalar_subquery()


def timeliness(today: date) -> ColumnElement[str]:
    """Whether a sub-measure is in time."""
    milestone = exists().where(MILESTONE.c.sub_measure_id == MEASURE.c.id)
    is_missed = milestone.where(MILESTONE.c.due_on < today, MILESTONE.c.reached_on.is_(None))
    return case(
        (MEASURE.c.status.in_(DONE), Timeliness.done.value),
        (or_(MEASURE.c.ends_on < today, is_missed), Timeliness.late.value),
        (
            and_(MEASURE.c.ends_on.is_(None), not_(milestone.where(MILESTONE.c.due_on.is_not(None)))),
            Timeliness.not_scheduled.value,
        ),
        else_=Timeliness.on_time.value,
    )


def is_unreported(caller: Caller, months: int, today: date) -> ColumnElement[bool]:
    """Whether a sub-measure that is not done was not reported on for so many months."""
    last = last_reported_on(caller, ReportState.accepted)
    return cast(
        and_(MEASURE.c.status.not_in(DONE), or_(last.is_(None), months_later(last, literal(months)) < today)), Boolean
    )
