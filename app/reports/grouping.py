"""Putting rows into groups and counting them, alike on both databases."""

from datetime import date

from sqlalchemy import ColumnElement, Integer, String, case, cast, extract, func

MONTHS_IN_HALF, MONTHS_IN_QUARTER, QUARTERS_IN_YEAR = 6, 3, 4


def counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How often a condition holds in a group."""
    return cast(func.sum(case((condition, 1), else_=0)), Integer)


def half_year(day: ColumnElement[date]) -> ColumnElement[str]:
    """The half-year of a day, such as `2025-H1`; null for no day."""
    return year(day) + case((extract("month", day) <= MONTHS_IN_HALF, "-H1"), else_="-H2")


def quarter(day: ColumnElement[date]) -> ColumnElement[str]:
    """The quarter of a day, such as `2025-Q1`; null for no day."""
    return named_quarter(quarter_number(day))


def quarter_number(day: ColumnElement[date]) -> ColumnElement[int]:
    """The number of the quarter of a day, counted through all years; null for no day."""
    # PostgreSQL's parts of a day are decimal numbers, which would be divided and rounded.
    of_year, month = (cast(extract(part, day), Integer) for part in ("year", "month"))
    return of_year * QUARTERS_IN_YEAR + (month - 1) // MONTHS_IN_QUARTER


def number_of_quarter(day: date) -> int:
    """The same for a day that is known."""
    return day.year * QUARTERS_IN_YEAR + (day.month - 1) // MONTHS_IN_QUARTER


def named_quarter(number: ColumnElement[int]) -> ColumnElement[str]:
    """The name of a quarter by its number."""
    in_year = cast(number // QUARTERS_IN_YEAR, String(4))
    return in_year + "-Q" + cast(number % QUARTERS_IN_YEAR + 1, String(1))


def year(day: ColumnElement[date]) -> ColumnElement[str]:
    """The year of a day as text."""
    return cast(cast(extract("year", day), Integer), String(4))
