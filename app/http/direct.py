"""Reads answered directly: what FastAPI works out about a route with each request is worked out once.

Functions and parameters are those of the route, read by FastAPI's own validators and called in FastAPI's order; only the
way through them is shorter. Whatever a validator refuses goes FastAPI's way from its beginning, before anything was called.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from inspect import iscoroutinefunction, signature
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Self, Union, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.http.dependencies import dependencies_of

Place = Literal["path_params", "query_params", "headers"]


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
    place: Place
    is_list: bool
    is_required: bool
    lists: frozenset[str] | None

    @classmethod
    def of(cls, field: Any, place: Place) -> Self:
        """A parameter as FastAPI knows it; raises NotPlain where more than its type says what it takes."""
        info, lists = field.field_info, None
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            members = {each.alias or name: each for name, each in info.annotation.model_fields.items()}
            if place != "query_params" or any(each.validation_alias != each.alias for each in members.values()):
                raise NotPlain
            lists = frozenset(name for name, each in members.items() if takes_list(each.annotation))
        elif field.validation_alias not in (None, field.alias) or not (info.is_required() or field.default is None):
            raise NotPlain
        return cls(field.name, field.alias, field, place, takes_list(info.annotation), info.is_required(), lists)

    def read(self, request: Request) -> Any:
        """Its value in a request; raises NotPlain where that is refused."""
        sent: Any = getattr(request, self.place)
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


class Call(NamedTuple):
    """A function that a route depends on, or the route's own, and what it is called with."""

    function: Callable[..., Awaitable[Any]]
    parameters: list[Parameter]
    request: str | None
    answers: dict[str, Callable[..., Any]]

    @classmethod
    def of(cls, dependant: Dependant) -> Self:
        """A function as FastAPI knows it; raises NotPlain where it takes what few requests have."""
        special = (
            dependant.cookie_params,
            dependant.body_params,
            dependant.websocket_param_name,
            dependant.http_connection_param_name,
            dependant.response_param_name,
            dependant.background_tasks_param_name,
            dependant.security_scopes_param_name,
            dependant.concurrency,
            not dependant.use_cache,
            not iscoroutinefunction(dependant.call),
        )
        if dependant.call is None or any(special):
            raise NotPlain
        parameters = [
            *(Parameter.of(each, "path_params") for each in dependant.path_params),
            *(Parameter.of(each, "query_params") for each in dependant.query_params),
            *(Parameter.of(each, "headers") for each in dependant.header_params),
        ]
        answers = {each.name: each.call for each in dependant.dependencies if each.name and each.call}
        return cls(dependant.call, parameters, dependant.request_param_name, answers)

    def read(self, request: Request) -> dict[str, Any]:
        """What the request itself says of it; raises NotPlain where something is refused."""
        values: dict[str, Any] = {}
        for each in self.parameters:
            values[each.name] = each.read(request)
        if self.request is not None:
            values[self.request] = request
        return values


def calls_of(dependant: Dependant) -> list[Call]:
    """What is called for a route, in FastAPI's order: what a function depends on, each once, then itself."""
    found: dict[Callable[..., Any], Call] = {}
    for each in (*dependencies_of(dependant), dependant):
        call = Call.of(each)
        found.setdefault(call.function, call)
    return [*found.values()]


class DirectRoute(APIRoute):
    """A route whose plain reads are answered directly, and all else as FastAPI does.

    Dependencies are those of the route and its router; those that are added where a router is included are not known here.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **said: Any) -> None:
        super().__init__(path, endpoint, **said)
        self.calls: list[Call] = []
        answer = signature(endpoint).return_annotation
        if self.methods == {"GET"} and isinstance(answer, type) and issubclass(answer, Response):
            with suppress(NotPlain):
                self.calls = calls_of(self.dependant)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        # Whoever traces wants to see FastAPI's steps, and tests put other functions in place of some.
        is_plain = scope["method"] == "GET" and "fastapi.telemetry" not in scope
        if is_plain and self.calls and not scope["app"].dependency_overrides:
            try:
                answer = await self.answer(Request(scope, receive, send))
            except NotPlain:
                pass
            else:
                await answer(scope, receive, send)
                return
        await super().handle(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """The answer to a plain read; raises NotPlain, before anything is called, where a validator refuses something."""
        given = [call.read(request) for call in self.calls]
        answers: dict[Callable[..., Any], Any] = {}
        for call, values in zip(self.calls, given, strict=True):
            for name, function in call.answers.items():
                values[name] = answers[function]
            answers[call.function] = await call.function(**values)
        answer: Response = answers[self.endpoint]
        return answer
