"""What lists of objections are asked for, and how many there are to what."""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlmodel import col

from app.access.caller import Caller
from app.access.visibility import visible
from app.database.tables import table_of
from app.objections.models import Objection, ObjectionList
from app.objections.terms import ObjectionState
from app.resources.kind import Conditions
from app.resources.lists import any_of


def conditions(_wanted: ObjectionList, _caller: Caller) -> Conditions:
    """Those of filters of objections that look into other tables."""
    return {"partner_id": lambda ids: any_of(col(Objection.raised_by_id), ids)}


def open_objections(caller: Caller, subject_id: ColumnElement[Any]) -> ScalarSelect[int]:
    """How many objections to each row of a report or a table are open, as far as the caller may see them."""
    objection = table_of(Objection)
    statement = select(func.count(objection.c.id)).where(
        objection.c.subject_id == subject_id,
        objection.c.state == ObjectionState.open,
        visible(objection, caller),
    )
    return statement.correlate_except(objection).scalar_subquery()
