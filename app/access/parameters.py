"""What holds for the query parameters of every operation."""

from collections import Counter
from collections.abc import Iterator
from typing import get_args, get_origin

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.access.guards import Anyone
from app.http.errors import Invalid
from app.http.messages import MESSAGES, printable
from app.http.problems import FieldError


async def check_repetition(request: Request, _caller: Anyone) -> None:
    """Refuse with Invalid a parameter that is sent more than once and takes one value.

    FastAPI would take the last and other servers take the first. The caller comes before it, as before every other
    judgement of the parameters.
    """
    sent = Counter(name for name, _ in request.query_params.multi_items())
    if len(sent) == sent.total():
        return
    single = set(single_parameters(request.scope["route"]))
    errors = [
        FieldError("parameter", printable(name), "sent_twice", MESSAGES["sent_twice"])
        for name, times in sent.items()
        if times > 1 and name in single
    ]
    if errors:
        raise Invalid(errors=errors)


def single_parameters(route: APIRoute) -> Iterator[str]:
    """The query parameters of an operation that take one value: they are the fields of its query schema."""
    for parameter in route.dependant.query_params:
        schema = parameter.field_info.annotation
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            for name, field in schema.model_fields.items():
                choices = (field.annotation, *get_args(field.annotation))
                if all(get_origin(choice) is not list for choice in choices):
                    yield field.alias or name


ONE_EACH = Depends(check_repetition)
