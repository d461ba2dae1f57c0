"""What holds for the query parameters of every operation."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import chain
from typing import Any, NamedTuple, get_args, get_origin

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.access.guards import Anyone
from app.http.dependencies import schemas_of
from app.http.errors import Invalid
from app.http.messages import MESSAGES, printable
from app.http.problems import FieldError

LIKE_A_VALUE = re.compile(r"[ +_\d.-]+|t|f|y|n|yes|no|on|off|true|false", re.ASCII | re.IGNORECASE)
"""What Pydantic takes for a number, or for true and false."""
AS_IN_JSON = {int: re.compile(r"-?(0|[1-9]\d*)(\.0+)?", re.ASCII), bool: re.compile("true|false")}
CODES = {int: "int_parsing", bool: "bool_parsing"}


class Parameter(NamedTuple):
    """A parameter: whether it takes several values, and whether these are whole numbers, or true and false."""

    is_list: bool
    types: tuple[type, ...]


UNKNOWN = Parameter(is_list=True, types=())


async def check_parameters(request: Request, _caller: Anyone) -> None:
    """Refuse what no operation takes; the caller comes before it, as before every other judgement of the parameters."""
    check_sent(request.query_params.multi_items(), partial(parameters_of, request.scope["route"]))


def check_sent(sent: Sequence[tuple[str, str]], taken: Callable[[], Mapping[str, Parameter]]) -> None:
    """Refuse with Invalid a parameter that is sent more than once and takes one value, and one that is not written as in JSON.

    FastAPI would take the last and other servers take the first; `1_0` is ten and `on` is true to Python alone.
    """
    times = Counter(name for name, _ in sent)
    odd = [(name, value) for name, value in sent if LIKE_A_VALUE.fullmatch(value)]
    if not odd and len(times) == len(sent):
        return
    known = taken()
    wrong = {
        name: CODES[kind]
        for name, value in odd
        for kind in known.get(name, UNKNOWN).types
        if not AS_IN_JSON[kind].fullmatch(value)
    }
    wrong |= {name: "sent_twice" for name in times if times[name] > 1 and not known.get(name, UNKNOWN).is_list}
    if wrong:
        codes = [(name, wrong[name]) for name in times if name in wrong]
        raise Invalid(errors=[FieldError("parameter", printable(name), code, MESSAGES[code]) for name, code in codes])


def parameters_of(route: APIRoute) -> Mapping[str, Parameter]:
    """The query parameters of an operation, which are the fields of its query schema."""
    fields = map(fields_of, schemas_of(route.dependant.query_params))
    return dict(chain.from_iterable(each.items() for each in fields))


@cache
def fields_of(schema: type[BaseModel]) -> Mapping[str, Parameter]:
    """The fields of a query schema as parameters, found out once: types are slow to ask what they consist of."""
    found: dict[str, Parameter] = {}
    for name, field in schema.model_fields.items():
        parts = tuple(parts_of(field.annotation))
        found[field.alias or name] = Parameter(list in parts, tuple(each for each in AS_IN_JSON if each in parts))
    return found


def parts_of(annotation: Any) -> Iterator[Any]:
    """A type with those that it is put together from."""
    yield get_origin(annotation) or annotation
    for each in get_args(annotation):
        yield from parts_of(each)


ONE_EACH = Depends(check_parameters)
