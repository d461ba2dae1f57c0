"""Putting rows into groups and counting them, alike on both databases."""

from datetime import date

from sqlalchemy import ColumnElement, Integer, String, case, cast, extract, func

MONTHS_IN_HALF, MONTHS_IN_QUARTER = 6, 3


def counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How often a condition holds in a group."""
    return cast(func.sum(case((condition, 1), else_=0)), Integer)


def half_year(day: ColumnElement[date]) -> ColumnElement[str]:
    """The half-year of a day, such as `2025-H1`; null for no day."""
    return year(day) + case((extract("month", day) <= MONTHS_IN_HALF, "-H1"), else_="-H2")


def quarter(day: ColumnElement[date]) -> ColumnElement[str]:
    """The quarter of a day, such as `2025-Q1`; null for no day."""
    # PostgreSQL's month is a decimal number, which would be divided and rounded.
    number = (cast(extract("month", day), Integer) + MONTHS_IN_QUARTER - 1) // MONTHS_IN_QUARTER
    return year(day) + "-Q" + cast(number, String(1))


def year(day: ColumnElement[date]) -> ColumnElement[str]:
    """The year of a day as text."""
    return cast(cast(extract("year", day), Integer), String(4))
