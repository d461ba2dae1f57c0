"""Arithmetic with days that both databases do alike."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class days_between(GenericFunction[int]):  # noqa: N801 (functions of SQL are named so)
    """`days_between(earlier, later)`: the days from one to the other; negative when they are the other way round."""

    type = Integer()
    inherit_cache = True


class months_later(GenericFunction[Any]):  # noqa: N801 (the same)
    """`months_later(day, months)`: the same day of a later month, or the last day of a month that is shorter."""

    type = Date()
    inherit_cache = True


class day_in(GenericFunction[Any]):  # noqa: N801 (the same)
    """`day_in(moment, zone)`: the day on which a moment is in a time zone."""

    type = Date()
    inherit_cache = True


@compiles(days_between, "postgresql")
def subtract(element: Any, compiler: SQLCompiler, **kwargs: Any) -> str:
    earlier, later = (compiler.process(cast(each, Date), **kwargs) for each in element.clauses)
    return f"({later} - {earlier})"


@compiles(days_between, "sqlite")
def subtract_julian(element: Any, compiler: SQLCompiler, **kwargs: Any) -> str:
    earlier, later = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


@compiles(months_later, "postgresql")
def add_interval(element: Any, compiler: SQLCompiler, **kwargs: Any) -> str:
    day, months = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"CAST({day} + make_interval(months => {months}) AS DATE)"


@compiles(months_later, "sqlite")
def add_to_first_of_month(element: Any, compiler: SQLCompiler, **kwargs: Any) -> str:
    # SQLite would make 3 March of 31 January and a month.
    day, months = (compiler.process(each, **kwargs) for each in element.clauses)
    first = f"{day}, 'start of month', '+' || {months} || ' months'"
    same = f"date({first}, '+' || (strftime('%d', {day}) - 1) || ' days')"
    last = f"date({first}, '+1 month', '-1 day')"
    return f"min({same}, {last})"


@compiles(day_in, "postgresql")
def shift(element: Any, compiler: SQLCompiler, **kwargs: Any) -> str:
    moment, zone = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"CAST({moment} AT TIME ZONE {zone} AS DATE)"


def day_in_zone(moment: str | None, zone: str) -> str | None:
    """`day_in` for SQLite, which knows no time zones: of a moment as it is stored there, in UTC."""
    if moment is None:
        return None
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date().isoformat()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins in a zone."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
