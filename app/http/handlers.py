"""Turns whatever a request can end in into a problem document."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match

from app.database.deadlines import INTERRUPTED
from app.database.errors import code_of, described
from app.http.answered import answered_of
from app.http.clients import client_of
from app.http.dependencies import schemas_of
from app.http.errors import Invalid, Malformed, MethodNotAllowed, NotFound
from app.http.failures import CROWDED, InsufficientStorage, Unavailable
from app.http.masking import KEY_PREFIX, masked, shown
from app.http.messages import field_errors
from app.http.problems import FieldError, Problem, problem_response
from app.http.retrying import AGAIN
from app.language import Text
from app.places import NoPlace

logger = logging.getLogger(__name__)
refusals = logging.getLogger("app.refusals")

# PostgreSQL: no connection, out of resources, told to stop, lock or statement timeout, deadlock, serialisation.
BUSY_STATES = ("08", "53", "57", "55P03", "40P01", "40001", "25P03")
# For the sake of another transaction: a deadlock, a serialisation failure, a migration under a prepared statement. Nothing was
# done, and the same can be tried.
ROLLED_BACK = ("40P01", "40001", "0A000")
# What an operator has to mend, or a moment does: how a pooler lends, who is let in, which database, a standby, a schema that was
# migrated meanwhile.
UNREADY_STATES = ("26000", "28", "3D000", "25006", "0A000")
BUSY_SQLITE = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", INTERRUPTED)
FULL = ("53100", "SQLITE_FULL")


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of the app a problem document."""

    @app.exception_handler(Problem)
    async def answer_problem(request: Request, error: Problem) -> Response:
        if error.refused_for is not None:
            note_refusal(request, error)
        error.errors = [as_sent(each, request.path_params) for each in error.errors]
        return problem_response(request.scope, error)

    @app.exception_handler(RequestValidationError)
    async def answer_invalid(request: Request, error: RequestValidationError) -> Response:
        return problem_response(request.scope, Invalid(errors=field_errors(error.errors(), names_taken(request))))

    app.add_exception_handler(HTTPException, answer_http_exception)

    @app.exception_handler(PoolTimeout)
    async def answer_exhausted(request: Request, _error: PoolTimeout) -> Response:
        logger.warning("no database connection was free in time")
        return problem_response(request.scope, Unavailable())

    app.add_exception_handler(NoPlace, answer_crowded)

    @app.exception_handler(OSError)
    async def answer_unreachable(request: Request, error: OSError) -> Response:
        # asyncpg leaves what the network says as it is: no server, no socket, no answer in time.
        logger.warning("%s", described(error))
        return problem_response(request.scope, Unavailable())

    @app.exception_handler(DBAPIError)
    async def answer_database_error(request: Request, error: DBAPIError) -> Response:
        if is_full(error):
            logger.error("the database has no room left")
            return problem_response(request.scope, InsufficientStorage())
        if code_of(error) in ROLLED_BACK:
            request.scope[AGAIN] = True
        if is_busy(error):
            logger.warning("%s", described(error))
            return problem_response(request.scope, Unavailable())
        raise error


def names_taken(request: Request) -> dict[str, list[str]]:
    """The names that the operation takes in the query and at the top of the body."""
    taken = request.scope["route"].dependant
    parts = {"query": taken.query_params, "body": taken.body_params}
    return {
        part: [field.alias or name for schema in schemas_of(each) for name, field in schema.model_fields.items()]
        for part, each in parts.items()
    }


def as_sent(error: FieldError, in_path: Collection[str]) -> FieldError:
    """An error at the place where the request says what is wrong: a field of the resource may stand in its address."""
    name = error.name.removeprefix("#/")
    return replace(error, place="parameter", name=name) if error.place == "pointer" and name in in_path else error


def note_refusal(request: Request, error: Problem) -> None:
    """Write who was refused and why, so that an operator can alarm on it; of a key, what people tell keys apart by."""
    answered_of(request.scope).refused_for = error.refused_for
    key = request.headers.get("authorization", "").partition(" ")[2]
    refusals.warning(
        "refused",
        extra={
            "client": client_of(request.scope),
            # The log masks whatever looks like a key, so this is what stands behind its prefix.
            "key": shown(key).removeprefix(KEY_PREFIX) if key.startswith(KEY_PREFIX) else None,
            "status": error.status,
            "reason": error.refused_for,
            "method": request.method,
            "path": masked(request.url.path),
        },
    )


async def answer_crowded(request: Request, _error: Exception) -> Response:
    """The answer to a caller that has as many places as it may have."""
    logger.warning("no place was free in time")
    return problem_response(request.scope, Unavailable(CROWDED))


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """The answer to an exception of the framework, which makes a 400 of whatever is raised while it reads a body."""
    cause = error.__cause__
    if cause is not None and not isinstance(cause, ClientDisconnect):
        for kind in type(cause).__mro__:
            if kind in request.app.exception_handlers:
                answer: Response = await request.app.exception_handlers[kind](request, cause)
                return answer
        raise cause
    return problem_response(request.scope, problem_of(error, request))


def problem_of(error: Exception, request: Request) -> Problem:
    """The problem that an exception of the framework stands for."""
    match error.status_code if isinstance(error, HTTPException) else None:
        case 404:
            return NotFound()
        case 405:
            there = ", ".join(allowed_methods(request))
            detail = Text(f"Diese Adresse kennt nur {there}.", f"This address knows only {there}.")
            return MethodNotAllowed(detail, headers={"Allow": there})
        case _:
            return Malformed()


def allowed_methods(request: Request) -> Sequence[str]:
    """The methods of every route with the request's path (each method is a route of its own)."""
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            methods |= set(route.methods or ())
    # What no route matches is in a mounted folder of files, which can only be read.
    if "GET" in methods or not methods:
        methods |= {"GET", "HEAD"}
    return sorted(methods)


def is_busy(error: DBAPIError) -> bool:
    """Whether the same request can succeed a moment later."""
    return error.connection_invalidated or code_of(error).startswith(BUSY_STATES + UNREADY_STATES + BUSY_SQLITE)


def is_full(error: DBAPIError) -> bool:
    """Whether the same request cannot succeed before somebody makes room."""
    return code_of(error) in FULL
