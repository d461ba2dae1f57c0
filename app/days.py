"""Arithmetic with days that both databases do alike."""

from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, cast, func
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


def day_of(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """The day of a moment in UTC."""
    return func.date(moment, type_=Date())
