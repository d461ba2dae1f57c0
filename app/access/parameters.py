"""What holds for the query parameters of every operation."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.access.guards import Anyone
from app.http.errors import Invalid
from app.http.messages import MESSAGES, printable
from app.http.problems import FieldError

LIKE_A_VALUE = re.compile(r"[ +_\d.-]+|t|f|y|n|yes|no|on|off|true|false", re.ASCII | re.IGNORECASE)
"""What Pydantic takes for a number, or for true and false."""
AS_IN_JSON = {int: re.compile(r"-?(0|[1-9]\d*)(\.0+)?", re.ASCII), bool: re.compile("true|false")}
CODES = {int: "int_parsing", bool: "bool_parsing"}


async def check_parameters(request: Request, _caller: Anyone) -> None:
    """Refuse with Invalid a parameter that is sent more than once and takes one value, and one that is not written as in JSON.

    FastAPI would take the last and other servers take the first; `1_0` is ten and `on` is true to Python alone. The caller
    comes before it, as before every other judgement of the parameters.
    """
    sent = request.query_params.multi_items()
    times = Counter(name for name, _ in sent)
    odd = [(name, value) for name, value in sent if LIKE_A_VALUE.fullmatch(value)]
    if not odd and len(times) == len(sent):
        return
    known = dict(parameters_of(request.scope["route"]))
    wrong = {
        name: CODES[kind]
        for name, value in odd
        for kind in known.get(name, (False, ()))[1]
        if not AS_IN_JSON[kind].fullmatch(value)
    }
    wrong |= {name: "sent_twice" for name in times if times[name] > 1 and known.get(name, (True,))[0] is False}
    if wrong:
        codes = [(name, wrong[name]) for name in times if name in wrong]
        raise Invalid(errors=[FieldError("parameter", printable(name), code, MESSAGES[code]) for name, code in codes])


def parameters_of(route: APIRoute) -> Iterator[tuple[str, tuple[bool, tuple[type, ...]]]]:
    """The query parameters of an operation, which are the fields of its query schema.

    Each with whether it takes several values, and whether these are whole numbers, or true and false.
    """
    for parameter in route.dependant.query_params:
        schema = parameter.field_info.annotation
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            for name, field in schema.model_fields.items():
                parts = tuple(parts_of(field.annotation))
                yield field.alias or name, (list in parts, tuple(each for each in AS_IN_JSON if each in parts))


def parts_of(annotation: Any) -> Iterator[Any]:
    """A type with those that it is put together from."""
    yield get_origin(annotation) or annotation
    for each in get_args(annotation):
        yield from parts_of(each)


ONE_EACH = Depends(check_parameters)
