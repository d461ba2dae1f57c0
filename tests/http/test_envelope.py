"""What every answer carries, whatever it answers."""

import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from io import StringIO
from types import SimpleNamespace
from uuid import UUID

import httpx
import pytest

from app.contract.parts import HEADERS, SENT_AS
from app.http import rate_limit
from app.http.envelope import API_VERSION
from app.logs import configure_logging
from app.settings import Settings
from tests.conftest import client_of, running, settings_for
from tests.databases import any_database
from tests.factories import CARITAS, LIGA, NOWHERE, body_of
from tests.problems import problem_of

EVERY_KIND = [
    ("GET", "/v1/goals", 200),
    ("GET", f"/v1/partners/{LIGA}", 200),
    ("HEAD", f"/v1/partners/{LIGA}", 200),
    ("POST", "/v1/topics", 201),
    ("GET", f"/v1/partners/{NOWHERE}", 404),
    ("DELETE", f"/v1/partners/{CARITAS}", 428),
    ("PUT", "/v1/goals", 405),
    ("GET", "/v1/goals?unknown=1", 422),
    ("GET", "/nowhere", 404),
    ("GET", "/", 200),
    ("GET", "/docs", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/problems", 200),
    ("GET", "/.well-known/api-catalog", 200),
    ("GET", "/favicon.ico", 200),
]


@any_database
class TestHeaders:
    @pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
    async def test_are_on_every_answer(self, client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
        answer = await client.request(method, path, json=body_of("topics") if method == "POST" else None)
        assert answer.status_code == status
        headers = answer.headers
        assert headers["api-version"] == API_VERSION
        assert headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in headers
        assert "etag" in headers["access-control-expose-headers"].lower()
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert headers["cross-origin-resource-policy"] == "cross-origin"
        assert "server" not in headers
        assert UUID(headers["x-request-id"]).version == 7
        assert 0 <= int(headers["ratelimit-remaining"]) < int(headers["ratelimit-limit"])
        assert 0 < int(headers["ratelimit-reset"]) <= rate_limit.WINDOW_SECONDS

    async def test_say_that_the_contract_has_the_same_version(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.get("/openapi.json")
        assert answer.json()["info"]["version"] == answer.headers["api-version"] == API_VERSION

    async def test_let_no_cache_keep_what_was_written(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/topics", json=body_of("topics"))
        assert answer.headers["cache-control"] == "no-store"
        assert (await client.get(answer.headers["location"])).headers["cache-control"] == "no-store"

    async def test_are_on_failures_of_middleware_too(self, offline: httpx.AsyncClient) -> None:
        for answer in (
            await offline.post("/v1/goals", content=b"{", headers={"Content-Type": "application/json"}),
            await offline.post("/v1/goals", content=b"{}", headers={"Content-Type": "text/plain"}),
            await offline.post("/v1/goals", content=b" " * 2_000_000),
        ):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["ratelimit-limit"]


class TestCors:
    async def test_lets_pages_of_any_origin_read(self, offline: httpx.AsyncClient) -> None:
        asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
        answer = await offline.options(
            f"/v1/partners/{LIGA}", headers=asked | {"Access-Control-Request-Headers": "if-none-match"}
        )
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-methods"] == "GET, HEAD"
        for name in ("Authorization", "If-None-Match", "If-Match", "Last-Event-ID", "Read-After", "X-Request-ID"):
            assert name in answer.headers["access-control-allow-headers"].split(", ")
        assert answer.headers["access-control-max-age"] == "86400"
        assert "access-control-allow-credentials" not in answer.headers

    async def test_lets_no_page_elsewhere_write(self, offline: httpx.AsyncClient) -> None:
        """The browser reads from the answer that PATCH and DELETE are not among what it may send."""
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            asked = {"Origin": "https://a.example", "Access-Control-Request-Method": method}
            answer = await offline.options(f"/v1/partners/{LIGA}", headers=asked)
            assert method not in answer.headers["access-control-allow-methods"]

    async def test_lets_pages_see_every_header_that_the_contract_names(self, offline: httpx.AsyncClient) -> None:
        for path in ("/v1/goals?unknown=1", "/nowhere", "/healthz"):
            exposed = set((await offline.get(path)).headers["access-control-expose-headers"].split(", "))
            # Of these a browser says nothing to a page, or each page reads them anyway.
            named = {SENT_AS.get(name, name) for name in HEADERS}
            assert named - {"Access-Control-Allow-Origin", "Cache-Control"} <= exposed
            assert "Content-Disposition" in exposed

    async def test_does_not_take_every_options_for_a_preflight(self, offline: httpx.AsyncClient) -> None:
        problem_of(await offline.options("/v1/partners"), 405, "method-not-allowed")


class TestAddresses:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "OPTIONS"])
    @pytest.mark.parametrize("end", ["%0A", "%0D%0A", "%0A%0A", "/history%0A"])
    async def test_with_a_line_end_are_none(self, offline: httpx.AsyncClient, method: str, end: str) -> None:
        for path in (
            "/v1/goals",
            f"/v1/goals/{NOWHERE}",
            "/v1/changes/stream",
            "/healthz",
            "/docs",
            "/openapi.json",
            "/",
        ):
            # Two slashes at the beginning would name another host.
            answer = await offline.request(method, f"{path}{end}".replace("//", "/"))
            assert answer.headers["x-request-id"]
            if method == "HEAD":
                assert (answer.status_code, answer.content) == (404, b"")
            else:
                problem_of(answer, 404, "not-found")

    @pytest.mark.parametrize(
        ("address", "status", "slug"),
        [
            ("/v1/topics/external/crm/M%FCller", 404, "not-found"),
            ("/v1/topics/external/crm/%ED%A0%80", 404, "not-found"),
            ("/v1/goals/%C0%AF", 404, "not-found"),
            ("/v1/goals?q=M%FCller", 400, "malformed-request"),
            ("/v1/goals?%FF=1", 400, "malformed-request"),
            ("/v1/goals?q=%E2%82", 400, "malformed-request"),
            ("/goals/M%FCller", 404, "not-found"),
            ("/goals?q=M%FCller", 400, "malformed-request"),
        ],
    )
    async def test_in_another_encoding_are_none(
        self, offline: httpx.AsyncClient, address: str, status: int, slug: str
    ) -> None:
        """Decoded all the same, several ids of another system would be one."""
        for method in ("GET", "PUT"):
            answer = await offline.request(method, address)
            problem_of(answer, status, slug)
            assert "UTF-8" in answer.json()["detail"]
        page = await offline.get(address, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["content-type"].partition("/")[0]) == (
            status,
            "application" if "/v1" in address else "text",
        )


class TestLines:
    @pytest.mark.parametrize("name", ["Idempotency-Key", "Last-Event-ID", "Read-After"])
    async def test_of_a_header_of_one_value_are_no_two(self, offline: httpx.AsyncClient, name: str) -> None:
        for values in (("1", "2"), ("1", "1"), ("", "1")):
            answer = await offline.post("/v1/topics", headers=[(name, each) for each in values])
            problem = problem_of(answer, 400, "malformed-request")
            assert [(error["header"], error["code"]) for error in problem["errors"]] == [(name, "sent_twice")]


class TestRequestId:
    @pytest.mark.parametrize("given", ["a", "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11", "push.2025_03-12", "x" * 128])
    async def test_is_kept(self, offline: httpx.AsyncClient, given: str) -> None:
        answer = await offline.get("/healthz", headers={"X-Request-ID": given})
        assert answer.headers["x-request-id"] == given

    @pytest.mark.parametrize("given", ["", " ", "a b", "x" * 129, "a\tb", '{"a":1}', "ü", "a,b", "<script>", "../x"])
    async def test_is_replaced_when_it_is_none(self, offline: httpx.AsyncClient, given: str) -> None:
        """It goes into the log: nothing that a log or a page could take for its own may be in it."""
        answer = await offline.get("/healthz", headers=[(b"X-Request-ID", given.encode())])
        assert UUID(answer.headers["x-request-id"]).version == 7

    async def test_is_different_each_time(self, offline: httpx.AsyncClient) -> None:
        answers = [await offline.get("/healthz") for _ in range(50)]
        assert len({answer.headers["x-request-id"] for answer in answers}) == 50


@any_database
class TestLog:
    @pytest.fixture
    def written(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
        """What the configured log writes, without the lines of the client that the tests use."""
        monkeypatch.setattr(logging.getLogger("httpx"), "level", logging.WARNING)
        root = logging.getLogger()
        before = root.handlers[:], root.level
        stream = StringIO()
        configure_logging("info")
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(stream)
        yield stream
        root.handlers[:], root.level = before

    async def test_has_one_line_a_request(self, client: httpx.AsyncClient, written: StringIO) -> None:
        await client.get("/v1/goals", params={"q": "geheim"}, headers={"X-Request-ID": "first"})
        body = body_of("topics", name="vertraulich")
        await client.post("/v1/topics", json=body, headers={"X-Request-ID": "second"})
        await client.get("/nowhere", headers={"X-Request-ID": "third", "Authorization": "Bearer crk_secret"})
        lines = [json.loads(line) for line in written.getvalue().splitlines()]
        assert [(line["request_id"], line["method"], line["path"], line["status"]) for line in lines] == [
            ("first", "GET", "/v1/goals", 200),
            ("second", "POST", "/v1/topics", 201),
            ("third", "GET", "/nowhere", 404),
        ]
        for line in lines:
            assert (line["level"], line["logger"], line["message"]) == ("INFO", "app.access", "request")
            assert line["milliseconds"] >= 0
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", line["time"])
        assert [(line["route"], line["client"]) for line in lines] == [
            ("/v1/goals", "127.0.0.1"),
            ("/v1/topics", "127.0.0.1"),
            (None, "127.0.0.1"),
        ]
        assert [line["key"] is None for line in lines] == [line["partner"] is None for line in lines]
        for secret in ("geheim", "vertraulich", "crk_secret"):
            assert secret not in written.getvalue()

    async def test_keeps_the_id_with_the_traceback(self, app_that_fails: httpx.AsyncClient, written: StringIO) -> None:
        await app_that_fails.get("/broken", headers={"X-Request-ID": "find-me"})
        failure, request = (json.loads(line) for line in written.getvalue().splitlines())
        assert (failure["level"], failure["request_id"]) == ("ERROR", "find-me")
        assert "ZeroDivisionError" in failure["exc_info"]
        assert (request["status"], request["request_id"]) == (500, "find-me")

    async def test_takes_no_line_break_from_a_path(self, offline: httpx.AsyncClient, written: StringIO) -> None:
        await offline.get("/a%0d%0a%7b%22level%22%3a%22forged%22%7d%1b%5b31m")
        (line,) = written.getvalue().splitlines()
        assert json.loads(line)["path"] == '/a\r\n{"level":"forged"}\x1b[31m'
        assert line.isprintable()

    @pytest.fixture
    async def app_that_fails(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client of an app with a route that divides by zero."""
        async with running(settings_for("sqlite:////nowhere/register.db")) as app:

            @app.get("/broken")
            async def fail() -> float:
                return 1 / 0

            async with client_of(app) as client:
                yield client


def stop_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the limit, and nothing else, read this time."""
    monkeypatch.setattr("app.http.rate_limit.time", SimpleNamespace(monotonic=lambda: seconds))


class TestRateLimit:
    @pytest.fixture
    async def limited(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
        """A client of an app that answers three requests a minute, in a minute that stands still."""
        stop_clock(monkeypatch, 6_000_015.5)
        settings = Settings(_env_file=None, database_url="sqlite:////nowhere/register.db", rate_limit=3)
        async with running(settings) as app, client_of(app) as client:
            yield client

    async def test_counts_down_and_then_refuses(self, limited: httpx.AsyncClient) -> None:
        for remaining in ("2", "1", "0"):
            answer = await limited.get("/healthz")
            assert answer.status_code == 200
            assert answer.headers["ratelimit-limit"] == "3"
            assert answer.headers["ratelimit-remaining"] == remaining
            assert answer.headers["ratelimit-reset"] == "45"
        for _ in range(2):
            answer = await limited.get("/healthz", headers={"Accept-Language": "de"})
            problem_of(answer, 429, "too-many-requests", "de")
            assert answer.headers["retry-after"] == answer.headers["ratelimit-reset"] == "45"
            assert answer.headers["ratelimit-remaining"] == "0"

    async def test_counts_what_is_refused_and_what_is_not_found(self, limited: httpx.AsyncClient) -> None:
        await limited.get("/nowhere")
        await limited.post("/v1/goals", content=b"{", headers={"Content-Type": "application/json"})
        await limited.put("/v1/goals")
        problem_of(await limited.get("/healthz"), 429, "too-many-requests")

    async def test_begins_anew_with_each_minute(
        self, limited: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(4):
            await limited.get("/healthz")
        stop_clock(monkeypatch, 6_000_060.0)
        answer = await limited.get("/healthz")
        assert (answer.status_code, answer.headers["ratelimit-reset"]) == (200, "60")

    async def test_counts_each_client_by_its_address(self, limited: httpx.AsyncClient) -> None:
        for _ in range(4):
            await limited.get("/healthz")
        app = limited._transport.app  # type: ignore[attr-defined]  # noqa: SLF001 (a client shows its app nowhere else)
        transport = httpx.ASGITransport(app, client=("192.0.2.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://register.test") as other:
            assert (await other.get("/healthz")).status_code == 200


@any_database
class TestPositions:
    async def test_of_a_write_are_what_is_read_back(self, client: httpx.AsyncClient) -> None:
        made = await client.post("/v1/topics", json=body_of("topics"))
        changed = await client.patch(made.headers["location"], json={"name": "Neu"}, headers={"If-Match": '"1"'})
        same = await client.patch(made.headers["location"], json={"name": "Neu"}, headers={"If-Match": '"2"'})
        deleted = await client.delete(made.headers["location"], headers={"If-Match": '"2"'})
        key = await client.post("/v1/keys", json={"partner_id": str(LIGA), "role": "reader", "description": "Probe"})
        assert key.status_code == 201
        first = int(made.headers["change-position"])
        positions = [int(answer.headers["change-position"]) for answer in (changed, same, deleted, key)]
        assert positions == [first + 1, first + 1, first + 2, first + 3]
        read = await client.get("/v1/topics", headers={"Read-After": deleted.headers["change-position"]})
        assert read.status_code == 200
        assert "change-position" not in read.headers

    @pytest.mark.parametrize("value", ["", "-1", "1.5", "nine", "9" * 17, "1, 2"])
    async def test_that_are_none_are_malformed(self, client: httpx.AsyncClient, value: str) -> None:
        problem = problem_of(await client.get("/v1/topics", headers={"Read-After": value}), 400, "malformed-request")
        assert [(error["header"], error["code"]) for error in problem["errors"]] == [("Read-After", "not_a_position")]
