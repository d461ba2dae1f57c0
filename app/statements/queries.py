"""What lists of statements are asked for."""

from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.resources.lists import matching
from app.statements.models import Statement, StatementList


def filters(wanted: StatementList, decision_id: UUID) -> list[ColumnElement[bool]]:
    """The conditions of a list of the statements to a decision."""
    return [col(Statement.decision_id) == decision_id, *matching(Statement, wanted, {})]
