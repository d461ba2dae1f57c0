"""What must hold between the fields of objections."""

from collections.abc import Collection, Iterator

from app.http.problems import FieldError, at
from app.language import Text
from app.objections.models import ObjectionCreate

NO_FIELD = Text("Dieses Feld gibt es dort nicht.", "There is no such field there.")
NOT_YET = Text("Eine Antwort gibt erst die andere Seite.", "An answer is for the other side to give.")


def check_new(objection: ObjectionCreate, fields: Collection[str]) -> Iterator[FieldError]:
    """What is wrong with a new objection to something that has these fields."""
    if objection.field is not None and objection.field not in fields:
        yield at("field", code="unknown_field", detail=NO_FIELD)
    if objection.answer is not None:
        yield at("answer", code="not_yet", detail=NOT_YET)
