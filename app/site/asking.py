"""What addresses of pages say: keys, and the parameters of a list."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from app.access.parameters import check_sent, fields_of
from app.http.errors import NotFound
from app.resources.lists import ListQuery
from app.site.frame import LANGUAGE, Look
from app.site.showing import ID

Query = TypeVar("Query", bound=BaseModel)
Order = Literal["ascending", "descending"]


class Heading(NamedTuple):
    """The heading of a column: the address of the list in its order, where it can be in that, and in which it is."""

    label: str
    path: str | None = None
    order: Order | None = None


def uuid_of(text: str) -> UUID:
    """The id in an address; raises NotFound for what is none."""
    if not ID.fullmatch(text):
        raise NotFound
    return UUID(text)


def day_of(text: str) -> date:
    """The day in an address; raises NotFound for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound from None


def takes_many(annotation: Any) -> bool:
    """Whether a field is a list, or none."""
    return any(get_origin(each) is list for each in (annotation, *get_args(annotation)))


def grouped(asked: Iterable[tuple[str, str]], **others: Any) -> dict[str, Any]:
    """The parameters of an address by their names, with others in place of those that have the same name."""
    by_name: dict[str, Any] = {}
    for name, value in asked:
        by_name.setdefault(name, []).append(value)
    return by_name | others


def asked_as(look: Look, schema: type[Query]) -> Query:
    """What an address asks, in the parameters that the API has; raises Invalid and RequestValidationError as the API does."""
    sent = look.request.query_params.multi_items()
    check_sent(sent, partial(fields_of, schema))
    asked: dict[str, Any] = {}
    for name, value in sent:
        field = schema.model_fields.get(name)
        if field is not None and takes_many(field.annotation):
            asked.setdefault(name, []).append(value)
        elif name != LANGUAGE:
            asked[name] = value
    try:
        return schema.model_validate(asked)
    except ValidationError as error:
        errors = [{**each, "loc": ("query", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(errors) from None


def filters_in(look: Look) -> Mapping[str, Any]:
    """The parameters of the address that choose what is shown."""
    sent = look.request.query_params.multi_items()
    return grouped((name, value) for name, value in sent if name not in ("cursor", "limit", LANGUAGE))


def heading(look: Look, wanted: ListQuery, field: str, label: str) -> Heading:
    """The heading of a column of a list; what it is in the order of already, it can be in the reverse order of."""
    if field not in get_args(type(wanted).model_fields["sort"].annotation):
        return Heading(label)
    orders: Mapping[str, Order] = {field: "ascending", f"-{field}": "descending"}
    order = orders.get(getattr(wanted, "sort", ""))
    asked = {**filters_in(look), "sort": f"-{field}" if order == "ascending" else field}
    return Heading(label, look.link(look.request.url.path, **asked), order)
