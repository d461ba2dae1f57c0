"""Idempotency-Key on POST (draft-ietf-httpapi-idempotency-key-header): a repeated request has one effect.

The key is claimed and the answer is kept in the transaction of the write itself: either all of it happened or nothing.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from sqlalchemy import Connection, and_, bindparam, delete, select, update
from sqlalchemy.exc import DBAPIError
from starlette.responses import Response

from app.access.caller import Caller
from app.access.errors import KEY_NEEDED, Unauthorized, role_needed
from app.changes.log import Transaction, end
from app.database.engines import insert_into
from app.database.kept import Kept
from app.database.sqlite import begins_at_once
from app.database.tables import table_of
from app.http.calls import CONTENT
from app.http.envelope import change_position
from app.http.errors import Malformed
from app.http.problems import FieldError, Problem
from app.language import Text
from app.resources.answers import created
from app.resources.kept_answers import KeptAnswer
from app.resources.kind import Kind, Write
from app.resources.ownership import authorise_first
from app.resources.writing import store
from app.schema.base import Schema

KEPT = timedelta(hours=24)
KEY = re.compile(r'"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255})')
LOCK_TIMEOUT = "55P03"
ANSWER = table_of(KeptAnswer)
CLAIMED = and_(ANSWER.c.partner_id == bindparam("of_partner"), ANSWER.c.key == bindparam("of_key"))
FORGETTING = Kept(delete(ANSWER).where(ANSWER.c.created_at < bindparam("before")))
KEEPING = Kept(update(ANSWER).where(CLAIMED), ("status", "headers", "body"))
REPLAYED = ("etag", "location", "content-type", "cache-control")


class IdempotencyKeyReused(Problem):
    """The key was sent before with another request."""

    status = 422
    slug = "idempotency-key-reused"
    title = Text("Idempotency-Key schon verwendet", "Idempotency-Key used before")
    about = Text(
        "Dieser Idempotency-Key kam schon mit einer anderen Anfrage. Es wurde nichts geändert.",
        "This Idempotency-Key came with another request before. Nothing was changed.",
    )
    remedy = Text(
        "Für jede neue Anfrage einen neuen Idempotency-Key nehmen; denselben nur, um dieselbe zu wiederholen.",
        "Take a new Idempotency-Key for each new request; the same one only to repeat the same request.",
    )


class RequestInProgress(Problem):
    """The same request is being carried out at this moment."""

    status = 409
    slug = "request-in-progress"
    title = Text("Anfrage läuft noch", "Request in progress")
    about = Text(
        "Dieselbe Anfrage wird gerade ausgeführt. Bitte gleich wiederholen.",
        "The same request is being carried out just now. Try again in a moment.",
    )
    remedy = Text(
        "Kurz warten und dieselbe Anfrage mit demselben Idempotency-Key noch einmal senden.",
        "Wait a moment and send the same request with the same Idempotency-Key again.",
    )


class Replay(Exception):
    """The request was carried out before; its answer is given again."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Repeatable:
    """A POST that has one effect however often it is sent: the request, and the key that it came with, if any."""

    def __init__(self, request: Request, key: str | None) -> None:
        self.request, self.key = request, key

    async def create(self, session: Transaction, kind: Kind[Any], content: Schema) -> Response:
        """Claim the key, create the resource and keep the answer, which is 201 with what was created.

        Raises Replay with the answer that the key had before, IdempotencyKeyReused, RequestInProgress, and whatever the
        creation raises.
        """
        write = Write(kind, content)
        await authorise_first(session, write)
        # Whoever was waited for may have changed what the caller may do: for SQLite's lock, or for the same key.
        if session.database.is_sqlite:
            write.is_allowed = await begins_at_once(session)
        else:
            write.is_allowed = self.key is None
        if self.key is not None:
            await claim(self.request, session, self.key)
        answer = created(self.request, await store(session, write))
        if self.key is not None:
            await keep(session, self.key, answer)
        return answer


async def once(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            # For the contract only: what does not match is malformed (400), not invalid (422).
            json_schema_extra={"pattern": r'^("[!#-\[\]-~]+"|[!#-\[\]-~]+)$', "maxLength": 257},
            description="A key of the caller's choice, such as a UUID: the same request with the same key within 24 "
            "hours has one effect.",
        ),
    ] = None,
) -> Repeatable:
    """What a POST that can be sent again depends on; raises Malformed for a key that is none."""
    if idempotency_key is None:
        return Repeatable(request, None)
    match = KEY.fullmatch(idempotency_key.strip())
    if match is None:
        detail = Text(
            "1 bis 255 sichtbare ASCII-Zeichen werden erwartet.", "1 to 255 visible ASCII characters are expected."
        )
        raise Malformed(detail, errors=[FieldError("header", "Idempotency-Key", "not_a_key", detail)])
    return Repeatable(request, match[1] or match[2])


async def never_kept(request: Request) -> None:
    """Refuse the header where the answer holds a secret, which is kept nowhere."""
    if "idempotency-key" in request.headers:
        detail = Text(
            "Diese Antwort enthält ein Geheimnis und wird nicht aufbewahrt: bitte ohne Idempotency-Key.",
            "This answer holds a secret and is not kept: send it without Idempotency-Key.",
        )
        raise Malformed(detail, errors=[FieldError("header", "Idempotency-Key", "not_kept", detail)])


async def claim(request: Request, session: Transaction, key: str) -> None:
    """Take the key for this request; whoever was faster is waited for."""
    if session.by.partner_id is None:
        raise Unauthorized(KEY_NEEDED, lacks="missing")
    fingerprint = await fingerprint_of(request)
    values: dict[str, Any] = {
        "partner_id": session.by.partner_id,
        "key": key,
        "role": session.by.role,
        "fingerprint": fingerprint,
        "created_at": session.now,
        "headers": {},
    }
    try:
        is_new = await session.over(claim_in, values)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_TIMEOUT:
            raise RequestInProgress(headers={"Retry-After": "1"}) from error
        raise
    if not is_new:
        change_position.set(await end(session))
        kept = (await session.execute(select(ANSWER).where(CLAIMED), claim_of(session, key))).one()
        raise replay(kept, session.by, fingerprint)


def claim_in(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Whether the key was to be had; those that were taken long ago are forgotten."""
    FORGETTING.run(connection, [{"before": values["created_at"] - KEPT}])
    return claiming(connection.dialect.name, tuple(values)).first(connection, values) is not None


@cache
def claiming(dialect: str, names: tuple[str, ...]) -> Kept:
    """The statement that takes a key, and finds it where nobody has it."""
    return Kept(insert_into(ANSWER, dialect).on_conflict_do_nothing().returning(ANSWER.c.key), names)


def claim_of(session: Transaction, key: str) -> dict[str, Any]:
    """Which answer was kept for a key of the caller's partner."""
    return {"of_partner": session.by.partner_id, "of_key": key}


def replay(kept: Any, caller: Caller, fingerprint: str) -> Exception:
    """The answer that was kept, for a caller that has at least the rights of the one who got it."""
    if not caller.has(kept.role):
        return role_needed(kept.role)
    if kept.fingerprint != fingerprint:
        return IdempotencyKeyReused()
    headers = {**kept.headers, "Idempotent-Replayed": "true"}
    return Replay(Response(kept.body, status_code=kept.status or 200, headers=headers))


async def keep(session: Transaction, key: str, answer: Response) -> None:
    """Keep the answer beside the claimed key."""
    headers = {name: value for name, value in answer.headers.items() if name in REPLAYED}
    said = {"status": answer.status_code, "headers": headers, "body": bytes(answer.body).decode()}
    values = {**claim_of(session, key), **said}
    await session.over(KEEPING.run, [values])


async def fingerprint_of(request: Request) -> str:
    """What makes two requests the same: method, address and content."""
    # Nothing is known of what it says before it was read.
    await request.body()
    content = json.dumps(request.scope.get(CONTENT), sort_keys=True, ensure_ascii=False)
    text = f"{request.method} {request.url.path}?{request.url.query} {content}"
    return hashlib.sha256(text.encode()).hexdigest()


Once = Annotated[Repeatable, Depends(once)]
NEVER_KEPT = Depends(never_kept)
