"""Plain requests are answered directly and all others as FastAPI does: whoever asks sees no difference."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import pytest
from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.responses import Response

from app.access.keys import new_key
from app.access.routing import Router
from app.http.calls import Calls
from app.http.dependencies import dependencies_of
from app.http.direct import DirectRoute
from app.main import ROUTERS
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.dresden import CITY, LIGA
from tests.factories import NOWHERE, PATHS, body_of, make

Headers = Sequence[tuple[str, str]]

ONES = (
    "",
    "/",
    "?",
    "?limit=1",
    "/history?limit=1&limit=2",
    "/history?nonsense=%FF",
    "%0A",
    "%00",
    "/../x",
    ";a=b",
)
IDS = ("{hex}", "{upper}", "%7B{id}%7D", "urn:uuid:{id}", "%2e%2e", "x", "%C3%28", NOWHERE, "{escaped}")
QUERIES = (
    "",
    "&&=",
    "limit",
    "limit=",
    "limit=1",
    "limit=0",
    "limit=1&limit=2",
    "limit=%31&include_total=true",
    "nonsense=1&nonsense=2",
    "cursor=x",
    "q=",
    "q=a&q=b",
    "q=%C3%BC%00",
    "sort=-created_at&limit=2",
    "visibility=public&visibility=partners",
    "visibility=all",
    f"agreement_id={NOWHERE}&agreement_id=x",
    "created_at_from=2024-01-01",
    "created_at_from=2024-01-01T00:00:00%2B01:00",
    "limit=1;q=x",
)
SAID: tuple[Headers, ...] = (
    [("If-None-Match", '"1"')],
    [("If-None-Match", 'W/"1", "7"'), ("If-None-Match", "")],
    [("If-None-Match", "*")],
    [("If-None-Match", "nonsense")],
    [("If-None-Match", '"' + "x" * 1001 + '"')],
    [("If-Match", '"9"'), ("If-None-Match", '"1"')],
    [("Accept", "application/ld+json")],
    [("Accept", "text/html;q=.2, */*;q=0"), ("Accept-Language", "de")],
    [("Range", "bytes=0-3"), ("Content-Length", "0")],
    [("Read-After", "0")],
    [("Read-After", "x")],
    [("Authorization", "Basic eA==")],
    [("Authorization", f"Bearer {new_key()}")],
    [("Read-After", "0"), ("Read-After", "1")],
    [("X-Forwarded-Prefix", "/register"), ("X-Forwarded-For", "::1, x")],
)

JSON: Headers = [("Content-Type", "application/json")]
BODIES = (
    b"",
    b"null",
    b"[]",
    b'"{}"',
    b"0",
    b"{}",
    b" {} ",
    b"{",
    b'{"title": "A", "title": "B"}',
    b'{"title": NaN}',
    b'{"title": 1e999}',
    b'{"title": ' + b"9" * 5000 + b"}",
    b'{"title": "\\u0000"}',
    b'{"title": "\\ud800"}',
    b'{"title": "\xff"}',
    b'\xef\xbb\xbf{"title": "A"}',
    '{"title": "A"}'.encode("utf-16"),
    b'{"title": ' + b"[" * 40 + b"]" * 40 + b"}",
    b'{"title": [' + b"0," * 10_000 + b"0]}",
    b'{"": "", "nonsense/~": 1, "external_ids": [{"system": "A"}], "visibility": "all"}',
    b'{"title": "' + b"x" * 1024 * 1024 + b'"}',
)
SAID_OF_BODIES: tuple[Headers, ...] = (
    [],
    [("Content-Type", "text/plain")],
    [("Content-Type", "Application/JSON ; Charset=UTF-8")],
    [("Content-Type", "application/json;charset=latin-1")],
    [("Content-Type", "application/json; boundary=x")],
    [("Content-Type", "application/problem+json")],
    [*JSON, ("Content-Type", "text/csv")],
    [*JSON, ("Content-Encoding", "gzip")],
    [*JSON, ("Content-Length", "9" * 9)],
    [*JSON, ("Idempotency-Key", "a b")],
    [*JSON, ("Idempotency-Key", "x"), ("Idempotency-Key", "y")],
    [*JSON, ("If-Match", '"99"')],
    [*JSON, ("If-Match", "nonsense")],
    [*JSON, ("If-None-Match", "*")],
    [*JSON, ("Read-After", "x")],
)


class Answer(NamedTuple):
    """An answer as it goes over the wire, but for what counts requests."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


async def asked(
    app: FastAPI,
    target: str,
    said: Headers,
    *,
    method: str = "GET",
    body: bytes | None = b"",
    is_fastapi: bool = False,
) -> Answer:
    """What a request is answered with, directly or as FastAPI does; without a body its client has gone in the middle of it."""
    path, _, query = target.partition("?")
    sent: list[dict[str, Any]] = []
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "server": ("register.test", 80),
        "client": ("127.0.0.1", 4711),
        "root_path": "",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in (*said, ("X-Request-ID", "same"))],
    }
    if is_fastapi:
        # As for a request whose steps are traced.
        scope["fastapi.telemetry"] = None

    parts = iter([b"{"] if body is None else [body[:1], body[1:]])

    async def receive() -> dict[str, Any]:
        part = next(parts, None)
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": body is None or part != body[1:]}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if not sent:
        return Answer(0, [], b"")
    headers = [(name, value) for name, value in sent[0]["headers"] if not name.startswith(b"ratelimit-re")]
    return Answer(sent[0]["status"], headers, b"".join(message["body"] for message in sent[1:]))


class Register(NamedTuple):
    """A register with a resource of each kind: its app, the ids by the paths, keys in every state, and the operator's."""

    app: FastAPI
    ids: dict[str, str]
    keys: list[str]
    operator: str


@pytest.fixture(scope="module")
async def register(templates: Templates) -> AsyncIterator[Register]:
    """One register for all requests."""
    async with templates.fresh("seeded") as settings, running(settings) as app:
        async with client_of(app, templates.keys["operator"]) as client:
            ids = {path: (await make(client, path))["id"] for path in PATHS}
            made = (await client.post("/v1/keys", json={"partner_id": CITY, "role": "reader"})).json()
            assert (await client.delete(f"/v1/keys/{made['id']}")).status_code == 204
        keys = [made["key"], made["key"][:-1], templates.keys["reader"], templates.keys["admin"]]
        yield Register(app, ids, keys, templates.keys["operator"])


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The statuses of what was answered directly."""
    answer, answered = DirectRoute.answer, list[int]()

    async def note(route: DirectRoute, calls: Calls, request: Request) -> Response:
        found = await answer(route, calls, request)
        answered.append(found.status_code)
        return found

    monkeypatch.setattr(DirectRoute, "answer", note)
    return answered


class TestBothWays:
    @pytest.mark.parametrize("path", PATHS)
    async def test_are_alike_byte_for_byte(self, register: Register, direct: list[int], path: str) -> None:
        app, id, address = register.app, register.ids[path], f"/v1/{path}"
        said_by_keys: list[Headers] = [[("Authorization", f"Bearer {key}")] for key in register.keys]
        said_by_keys.append([("Authorization", f"Bearer {register.keys[2]}")] * 2)
        spelt = {"id": id, "hex": id.replace("-", ""), "upper": id.upper(), "escaped": f"%{ord(id[0]):02x}{id[1:]}"}
        # All of it for one kind, every fourth for the others: what differs between kinds is their declaration.
        step = 1 if path == "consultation-events" else 4
        requests: list[tuple[str, str, Headers]] = [
            *(("GET", f"{address}/{id}{rest}", []) for rest in ONES[::step]),
            *(("GET", f"{address}/{each.format(**spelt)}", []) for each in IDS[::step]),
            *(("GET", f"{address}?{query}", []) for query in QUERIES[::step]),
            *(("GET", f"{address}/{id}", said) for said in (*SAID, *said_by_keys)[::step]),
            *(("GET", f"{address}?limit=1", said) for said in (*SAID[6:11], *said_by_keys)[::step]),
            *((method, f"{address}/{id}", []) for method in ("HEAD", "OPTIONS", "TRACE")[::step]),
        ]
        statuses = set[int]()
        for method, target, said in requests:
            ways = [await asked(app, target, said, method=method, is_fastapi=each) for each in (False, True)]
            assert ways[0] == ways[1], (method, target, said)
            statuses.add(ways[0].status)
        assert statuses >= ({200, 304, 400, 401, 404, 405, 412, 422} if step == 1 else {200, 304, 422})
        # Of each pair one: those that FastAPI answers are not among them.
        assert len(requests) / 3 < len(direct) < len(requests)
        assert set(direct) == {200, 304}

    @pytest.mark.parametrize("path", PATHS)
    async def test_are_alike_for_what_is_refused(self, register: Register, path: str) -> None:
        app, one = register.app, f"/v1/{path}/{register.ids[path]}"
        key: Headers = [("Authorization", f"Bearer {register.operator}")]
        good = json.dumps(body_of(path)).encode()
        step = 1 if path == "consultation-events" else 7
        requests: list[tuple[str, str, Headers, bytes | None]] = [
            *(("POST", f"/v1/{path}", [*key, *JSON], body) for body in (*BODIES, None)[::step]),
            *(("PATCH", one, [*key, *JSON], body) for body in (*BODIES, None)[::step]),
            *(("PATCH", one, [*key, *said], b'{"visibility": "x"}') for said in SAID_OF_BODIES[::step]),
            *(("PATCH", one, [*key, *said], b"{}") for said in SAID_OF_BODIES[11:][::step]),
            *(("DELETE", one, [*key, *said], b"") for said in SAID_OF_BODIES[11:][::step]),
            *(("POST", f"/v1/{path}", [*key, *said], b"{}") for said in SAID_OF_BODIES[::step]),
        ]
        if step == 1:
            requests += [
                *(("POST", f"/v1/{path}?limit=1&limit=2", said, good) for said in ([], JSON, SAID[11], SAID[12])),
                *(
                    ("POST", f"/v1/{path}", [("Authorization", f"Bearer {each}"), *JSON], b"{")
                    for each in register.keys[:3]
                ),
                *(("PATCH", f"/v1/{path}/{each}", [*key, *JSON], b"{}") for each in ("x", NOWHERE, "%7Bid%7D")),
                *((each, one, [*key, *JSON], good) for each in ("PUT", "POST")),
            ]
        statuses = set[int]()
        for method, target, said, body in requests:
            ways = [await asked(app, target, said, method=method, body=body, is_fastapi=each) for each in (False, True)]
            assert ways[0] == ways[1], (method, target, said, body and body[:100])
            statuses.add(ways[0].status)
        if step == 1:
            assert statuses == {0, 400, 401, 403, 404, 405, 412, 413, 415, 422, 428}

    async def test_are_alike_for_what_is_done(self, register: Register, direct: list[int]) -> None:
        app, key, events = register.app, register.operator, "/v1/consultation-events"
        plainly: Headers = [("Authorization", f"Bearer {key}"), *JSON]
        changing: Headers = [*plainly, ("If-Match", "*")]
        wrong = {**body_of("consultation-events"), "agreement_id": NOWHERE}
        told: list[list[Any]] = []
        for is_fastapi in (False, True):
            made = await asked(
                app,
                events,
                changing,
                method="POST",
                body=json.dumps(body_of("consultation-events")).encode(),
                is_fastapi=is_fastapi,
            )
            one = f"{events}/{json.loads(made.body)['id']}"
            steps: list[tuple[str, str, Any]] = [
                ("POST", events, wrong),
                ("PATCH", one, {"title": "Anders", "agenda_items": [{"title": "Punkt"}]}),
                ("PATCH", one, {"status": "cancelled"}),
                ("PUT", f"{one}/participants/{LIGA}", {"delegates": 2}),
                ("DELETE", f"{one}/participants/{LIGA}", None),
                ("PATCH", one, {"status": "held"}),
                ("PATCH", one, {"status": "planned"}),
                ("DELETE", one, None),
                ("DELETE", one, None),
            ]
            answers = [made]
            for method, target, content in steps:
                body = b"" if content is None else json.dumps(content).encode()
                said = plainly if method == "PUT" else changing
                answers.append(await asked(app, target, said, method=method, body=body, is_fastapi=is_fastapi))
            told.append([plain(each, one) for each in answers])
        assert told[0] == told[1]
        assert [answer.status for answer in told[0]] == [201, 422, 200, 422, 200, 204, 200, 409, 204, 410]
        assert direct == [201, 200, 200, 204, 200, 204]


def plain(answer: Answer, address: str) -> Answer:
    """An answer without what differs each time: an id, times, the position of the log."""
    changing = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z|" + address.rpartition("/")[2].encode())
    headers = [(name, changing.sub(b"", value)) for name, value in answer.headers if name != b"change-position"]
    return Answer(answer.status, headers, changing.sub(b"", answer.body))


class TestRoutes:
    @any_database
    async def test_are_all_answered_directly(self, app: FastAPI) -> None:
        """What is added where a router is included would be unknown to them."""
        routes = [
            (each, each.original_route)
            for each in iter_route_contexts(app.routes)
            if isinstance(each.original_route, DirectRoute)
        ]
        assert {type(each) for each in ROUTERS} == {Router}
        assert len(routes) == sum(len(router.routes) for router in ROUTERS)
        for included, route in routes:
            known = [each.call for each in dependencies_of(route.dependant)]
            assert [each.call for each in dependencies_of(included.dependant)] == known
            # What is streamed is nothing that could be looked at before.
            assert (route.calls is None) == (route.path == "/v1/imports" and route.methods == {"POST"}), route.path
