"""What a route depends on, worked out once: its functions in the order of FastAPI, and what each is called with."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from inspect import isasyncgenfunction, iscoroutinefunction
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Self, Union, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Body
from pydantic import BaseModel
from starlette.datastructures import QueryParams

from app.http.dependencies import dependencies_of

Source = Literal["path_params", "query_params", "headers"]
CONTENT = "register.content"
"""Where in the scope it stands what the JSON of a body says, once it was read and found to be in order."""
JSON_TYPES = frozenset(
    f"application/{name}{charset}"
    for name in ("json", "merge-patch+json")
    for charset in ("", ";charset=utf-8", "; charset=utf-8")
)
"""The spellings of JSON that FastAPI and the guard of bodies read alike without a doubt."""


class NotPlain(Exception):
    """A route, or a request, of which only FastAPI itself knows what to do with it."""


def takes_list(annotation: Any) -> bool:
    """Whether a parameter of this type takes several values."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return takes_list(get_args(annotation)[0])
    return origin is list or (origin in (Union, UnionType) and any(map(takes_list, get_args(annotation))))


class Parameter(NamedTuple):
    """A parameter of a function; where it is a model that holds all of a query, `lists` are its names with several values."""

    name: str
    alias: str
    field: Any
    source: Source
    is_list: bool
    is_required: bool
    lists: frozenset[str] | None

    @classmethod
    def of(cls, field: Any, source: Source) -> Self:
        """A parameter as FastAPI knows it; raises NotPlain where more than its type says what it takes."""
        info, lists = field.field_info, None
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            members = {each.alias or name: each for name, each in info.annotation.model_fields.items()}
            if source != "query_params" or any(each.validation_alias != each.alias for each in members.values()):
                raise NotPlain
            lists = frozenset(name for name, each in members.items() if takes_list(each.annotation))
        elif field.validation_alias not in (None, field.alias) or not (info.is_required() or field.default is None):
            raise NotPlain
        return cls(field.name, field.alias, field, source, takes_list(info.annotation), info.is_required(), lists)

    def read(self, request: Request) -> Any:
        """Its value in a request; raises NotPlain where that is refused."""
        sent: Any = getattr(request, self.source)
        value = self.sent_alone(sent) if self.lists is None else sent_in(sent, self.lists)
        if value is None and not self.is_required:
            return None
        value, errors = self.field.validate(value, {}, loc=())
        if errors or value is None:
            raise NotPlain
        return value

    def sent_alone(self, sent: Any) -> Any:
        """What was sent for a parameter of its own."""
        return (sent.getlist(self.alias) or None) if self.is_list else sent.get(self.alias)


def sent_in(sent: QueryParams, lists: frozenset[str]) -> dict[str, Any]:
    """What a query holds, in one pass: of what takes one value the last."""
    found: dict[str, Any] = {}
    for name, value in sent.multi_items():
        if name in lists:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


class Content(NamedTuple):
    """The parameter of a function that is the whole body."""

    name: str
    field: Any

    @classmethod
    def of(cls, field: Any) -> Self:
        """The body as FastAPI knows it; raises NotPlain where it is anything but one schema."""
        info = field.field_info
        is_schema = isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
        if type(info) is not Body or info.embed or not info.is_required() or not is_schema:
            raise NotPlain
        return cls(field.name, field)

    def read(self, request: Request) -> Any:
        """What the body says; raises NotPlain where that is refused, or may not be JSON."""
        said = request.scope.get(CONTENT)
        if said is None or request.headers.get("content-type") not in JSON_TYPES:
            raise NotPlain
        value, errors = self.field.validate(said, {}, loc=())
        if errors:
            raise NotPlain
        return value


class Call(NamedTuple):
    """A function that a route depends on, or the route's own, and what it is called with.

    What it gives is a context that is `held` until the route's own function has returned, or its answer.
    """

    function: Callable[..., Any]
    parameters: Sequence[Parameter | Content]
    request: str | None
    answers: Mapping[str, Callable[..., Any]]
    held: Callable[..., Any] | None

    @classmethod
    def of(cls, dependant: Dependant) -> Self:
        """A function as FastAPI knows it; raises NotPlain where it takes what few requests have."""
        is_held = isasyncgenfunction(dependant.call) and dependant.scope == "function"
        special = (
            dependant.cookie_params,
            dependant.websocket_param_name,
            dependant.http_connection_param_name,
            dependant.response_param_name,
            dependant.background_tasks_param_name,
            dependant.security_scopes_param_name,
            dependant.concurrency,
            not dependant.use_cache,
            not is_held and not iscoroutinefunction(dependant.call),
            len(dependant.body_params) > 1,
        )
        if dependant.call is None or any(special):
            raise NotPlain
        parameters: list[Parameter | Content] = [
            *(Parameter.of(each, "path_params") for each in dependant.path_params),
            *(Parameter.of(each, "query_params") for each in dependant.query_params),
            *(Parameter.of(each, "headers") for each in dependant.header_params),
            *(Content.of(each) for each in dependant.body_params),
        ]
        answers = {each.name: each.call for each in dependant.dependencies if each.name and each.call}
        held = asynccontextmanager(dependant.call) if is_held else None
        return cls(dependant.call, parameters, dependant.request_param_name, answers, held)

    def read(self, request: Request) -> dict[str, Any]:
        """What the request itself says of it; raises NotPlain where something is refused."""
        values: dict[str, Any] = {}
        for each in self.parameters:
            values[each.name] = each.read(request)
        if self.request is not None:
            values[self.request] = request
        return values


class Calls:
    """All that is called for a function that FastAPI would call, in FastAPI's order.

    What a function depends on comes before it, each once. Raises NotPlain where only FastAPI knows what to do.
    """

    def __init__(self, dependant: Dependant) -> None:
        found: dict[Callable[..., Any], Call] = {}
        for each in (*dependencies_of(dependant), dependant):
            call = Call.of(each)
            found.setdefault(call.function, call)
        self.calls = list(found.values())
        self.has_content = any(isinstance(each, Content) for call in self.calls for each in call.parameters)

    def read(self, request: Request) -> Sequence[dict[str, Any]]:
        """What a request itself says of each; raises NotPlain, before anything is called, where a validator refuses something."""
        return [call.read(request) for call in self.calls]

    async def answer(self, given: Sequence[dict[str, Any]]) -> Any:
        """What the last one answers; what is held until then is let go before that is returned."""
        answers: dict[Callable[..., Any], Any] = {}
        async with AsyncExitStack() as stack:
            for call, values in zip(self.calls, given, strict=True):
                for name, function in call.answers.items():
                    values[name] = answers[function]
                if call.held is None:
                    answers[call.function] = await call.function(**values)
                else:
                    answers[call.function] = await stack.enter_async_context(call.held(**values))
        return answers[self.calls[-1].function]
