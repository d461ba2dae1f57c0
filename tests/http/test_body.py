"""The edge that request bodies pass."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from app.access import guards
from app.access.guards import require_coordinator
from app.http import body as guard
from app.http.body import MAX_BODY_BYTES, BodyPolicy
from app.http.problems import ERRORS_SHOWN
from app.http.strict_json import MAX_DEPTH, MOST_MEMBERS, MOST_VALUES
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import CITY, NOWHERE, PATHS, body_of, errors_of, items_of, make, measure_id
from tests.problems import problem_of
from tests.schemas import document

PATH = "/v1/sub-measures"
JSON = {"Content-Type": "application/json"}
NO_JSON = "No valid JSON at line 1, column {column}."


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    """A value that is nested so deeply."""
    return (opening * depth + closing * depth).encode()


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "blank": (b" ", NO_JSON.format(column=2)),
    "trailing comma in an object": (b'{"title": "x",}', NO_JSON.format(column=15)),
    "trailing comma in an array": (b'{"sdgs": [1,]}', NO_JSON.format(column=13)),
    "two documents": (b"{} {}", NO_JSON.format(column=4)),
    "unfinished": (b'{"title": "x"', NO_JSON.format(column=14)),
    "single quotes": (b"{'title': 'x'}", NO_JSON.format(column=2)),
    "a line comment": (b'{"title": "x"} // y', NO_JSON.format(column=16)),
    "a block comment": (b'{/* y */"title": "x"}', NO_JSON.format(column=2)),
    "a leading zero": (b'{"number": 01}', NO_JSON.format(column=13)),
    "a plus": (b'{"number": +1}', NO_JSON.format(column=12)),
    "hexadecimal": (b'{"number": 0x1}', NO_JSON.format(column=13)),
    "a form": (b"title=x", NO_JSON.format(column=1)),
    "YAML": (b"title: x", NO_JSON.format(column=1)),
    "NaN": (b'{"number": NaN}', "NaN and Infinity are not JSON."),
    "Infinity": (b'{"number": Infinity}', "NaN and Infinity are not JSON."),
    "-Infinity": (b'{"number": -Infinity}', "NaN and Infinity are not JSON."),
    "1e400": (b'{"number": 1e400}', "A number is too large."),
    "-1e400": (b'{"number": -1e400}', "A number is too large."),
    "5,000 digits": (b'{"number": ' + b"9" * 5000 + b"}", "A number has too many digits."),
    "depth 33": (b'{"links": ' + nested(MAX_DEPTH) + b"}", "More than 32 levels are not allowed."),
    "depth 100": (nested(100), "More than 32 levels are not allowed."),
    "depth 100,000": (nested(100_000), "More than 32 levels are not allowed."),
    "objects of depth 50,000": (nested(50_000, '{"a":', "}"), "More than 32 levels are not allowed."),
    "a name twice": (b'{"title": "x", "title": "y"}', "A name stands twice in one object."),
    "a name twice, once escaped": (b'{"title": "x", "\\u0074itle": "y"}', "A name stands twice in one object."),
    "a name twice below": (b'{"links": [{"url": "x", "url": "y"}]}', "A name stands twice in one object."),
    "a byte order mark": (b"\xef\xbb\xbf{}", NO_JSON.format(column=1)),
    "UTF-16": ('{"title": "x"}'.encode("utf-16"), "The body is not UTF-8."),
    "UTF-16 without mark": ('{"title": "x"}'.encode("utf-16-le"), NO_JSON.format(column=2)),
    "UTF-32": ('{"title": "x"}'.encode("utf-32"), "The body is not UTF-8."),
    "Latin-1": ('{"title": "ä"}'.encode("latin-1"), "The body is not UTF-8."),
    "a cut character": (b'{"title": "\xc3"}', "The body is not UTF-8."),
    "overlong UTF-8": (b'{"title": "\xc0\xaf"}', "The body is not UTF-8."),
    "a surrogate in UTF-8": (b'{"title": "\xed\xa0\x80"}', "The body is not UTF-8."),
    "a code point beyond Unicode": (b'{"title": "\xf4\x90\x80\x80"}', "The body is not UTF-8."),
    "a high surrogate": (b'{"title": "\\ud800"}', "The text contains a lone surrogate."),
    "a low surrogate": (b'{"title": "x\\udfffy"}', "The text contains a lone surrogate."),
    "swapped surrogates": (b'{"title": "\\ude00\\ud83d"}', "The text contains a lone surrogate."),
    "a surrogate in a name": (b'{"\\ud800": 1}', "The text contains a lone surrogate."),
    "a surrogate below": (b'{"links": [{"title": "\\ud800"}]}', "The text contains a lone surrogate."),
    "NUL escaped": (b'{"title": "a\\u0000b"}', "NUL characters are not allowed."),
    "NUL in a name": (b'{"\\u0000": 1}', "NUL characters are not allowed."),
    "NUL raw": (b'{"title": "a\x00b"}', NO_JSON.format(column=13)),
    "NUL between": (b"{}\x00", NO_JSON.format(column=3)),
    "a raw line break in a string": (b'{"title": "a\nb"}', NO_JSON.format(column=13)),
    "an unknown escape": (b'{"title": "\\x41"}', NO_JSON.format(column=12)),
    "gzip": (gzip.compress(b"{}"), "The body is not UTF-8."),
}

INVALID: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "missing"),
    "an array": (b"[]", "model_attributes_type"),
    "an array of resources": (b'[{"title": "x"}]', "model_attributes_type"),
    "a string": (b'"x"', "model_attributes_type"),
    "a number": (b"1", "model_attributes_type"),
    "true": (b"true", "model_attributes_type"),
    "null": (b"null", "model_attributes_type"),
    "depth 32": (nested(MAX_DEPTH), "model_attributes_type"),
}


@any_database
class TestUnreadableBodies:
    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    @pytest.mark.parametrize(("body", "detail"), UNREADABLE.values(), ids=UNREADABLE)
    async def test_are_refused_before_a_database_is_asked(
        self, offline: httpx.AsyncClient, method: str, body: bytes, detail: str
    ) -> None:
        path = PATH if method == "POST" else f"{PATH}/{measure_id(1, 1)}"
        answer = await offline.request(method, path, content=body, headers=JSON | {"If-Match": '"1"'})
        assert problem_of(answer, 400, "malformed-request")["detail"] == detail

    @pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
    async def test_are_described_in_german_too(self, offline: httpx.AsyncClient, body: tuple[bytes, str]) -> None:
        answer = await offline.post(PATH, content=body[0], headers=JSON | {"Accept-Language": "de"})
        assert problem_of(answer, 400, "malformed-request", "de")["detail"] != body[1]

    @pytest.mark.parametrize(("body", "code"), INVALID.values(), ids=INVALID)
    async def test_differ_from_those_that_are_no_object(
        self, offline: httpx.AsyncClient, body: bytes, code: str
    ) -> None:
        assert errors_of(await offline.post(PATH, content=body, headers=JSON)) == [("#", code)]
        path = f"{PATH}/{measure_id(1, 1)}"
        answer = await offline.patch(path, content=body, headers=JSON | {"If-Match": '"1"'})
        assert errors_of(answer) == [("#", code)]

    async def test_change_nothing(self, client: httpx.AsyncClient) -> None:
        made = await make(client, "sub-measures", title="unberührt")
        before = {path: await items_of(client, path) for path in PATHS}
        sent = [*((400, body) for body, _ in UNREADABLE.values()), *((422, body) for body, _ in INVALID.values())]
        for status, body in sent:
            for path in PATHS:
                answer = await client.post(f"/v1/{path}", content=body, headers=JSON)
                assert answer.status_code == status
            answer = await client.patch(f"{PATH}/{made['id']}", content=body, headers=JSON | {"If-Match": '"1"'})
            assert answer.status_code == status
        assert {path: await items_of(client, path) for path in PATHS} == before

    @pytest.mark.parametrize(
        "literal", ["4" * 4000, "-" + "4" * 4000, str(2**31), str(2**63), str(2**64), "1e300", "1e-300", "1.5", "-0"]
    )
    async def test_differ_from_numbers_that_are_out_of_range(self, offline: httpx.AsyncClient, literal: str) -> None:
        fields = json.dumps(body_of("sub-measures"))[:-1]
        answer = await offline.post(PATH, content=f'{fields}, "number": {literal}}}', headers=JSON)
        ((place, code),) = errors_of(answer)
        assert place == "#/number"
        assert code in ("greater_than_equal", "less_than_equal", "int_from_float", "int_parsing_size")


class TestReadableBodies:
    async def test_may_hold_every_character_of_unicode_that_people_write(self, client: httpx.AsyncClient) -> None:
        title = "ẞß äöü «»„“ 𝔄 👩‍👩‍👧 \u0301 <script>'\"\\/ =cmd|' {{7*7}} %00 ../ ; DROP TABLE goal"  # noqa: RUF001 (that is the point)
        body = body_of("sub-measures", title=title)
        for sent in (json.dumps(body), json.dumps(body, ensure_ascii=False), json.dumps(body, indent=8)):
            answer = await client.post(PATH, content=sent.encode(), headers=JSON)
            assert answer.status_code == 201, answer.text
            assert answer.json()["title"] == title
            assert (await client.get(answer.headers["location"])).json()["title"] == title

    @any_database
    @pytest.mark.parametrize(
        "media_type",
        [
            "application/json",
            "application/json; charset=utf-8",
            'application/json;charset="UTF-8"',
            "Application/JSON",
            " application/json ; charset=utf-8",
            'application/json; profile="a; charset=latin1"; charset=utf-8',
            "application/json; version=2",
            "application/json;",
        ],
    )
    async def test_may_be_named_in_any_spelling(self, client: httpx.AsyncClient, media_type: str) -> None:
        content = json.dumps(body_of("topics"))
        answer = await client.post("/v1/topics", content=content, headers={"Content-Type": media_type})
        assert answer.status_code == 201, answer.text

    @any_database
    @pytest.mark.parametrize("coding", ["identity", "Identity, ,identity", ""])
    async def test_may_say_that_they_are_not_packed(self, client: httpx.AsyncClient, coding: str) -> None:
        answer = await client.post("/v1/topics", json=body_of("topics"), headers={"Content-Encoding": coding})
        assert answer.status_code == 201, answer.text

    @any_database
    @pytest.mark.parametrize(
        "media_type",
        ["application/merge-patch+json", "application/json", 'Application/Merge-Patch+JSON;charset="UTF-8"'],
    )
    async def test_of_a_patch_may_be_either_kind(self, client: httpx.AsyncClient, media_type: str) -> None:
        headers = {"Content-Type": media_type, "If-Match": "*"}
        answer = await client.patch(f"{PATH}/{measure_id(1, 1)}", content='{"summary": "kurz"}', headers=headers)
        assert (answer.status_code, answer.json()["summary"]) == (200, "kurz")

    @any_database
    async def test_may_come_in_pieces(self, client: httpx.AsyncClient) -> None:
        body = json.dumps(body_of("topics", name="Ä" * 100), ensure_ascii=False).encode()

        async def pieces() -> AsyncIterator[bytes]:
            for byte in body:
                yield bytes([byte])

        answer = await client.post("/v1/topics", content=pieces(), headers=JSON)
        assert (answer.status_code, answer.json()["name"]) == (201, "Ä" * 100)


class TestMediaType:
    @pytest.mark.parametrize(
        "headers",
        [
            [],
            [("Content-Type", "")],
            [("Content-Type", "text/plain")],
            [("Content-Type", "text/json")],
            [("Content-Type", "application/x-www-form-urlencoded")],
            [("Content-Type", "multipart/form-data; boundary=x")],
            [("Content-Type", "application/vnd.register+json")],
            [("Content-Type", "application/jsonl")],
            [("Content-Type", "application/json, text/plain")],
            [("Content-Type", "application/json; charset")],
            [("Content-Type", "application/json; charset=latin1")],
            [("Content-Type", "application/json; charset=utf-16")],
            [("Content-Type", "application/json; x=1; charset=utf-16")],
            [("Content-Type", "application/json; charset=utf-8; charset=latin1")],
            [("Content-Type", "application/json"), ("Content-Type", "text/plain")],
            [("Content-Type", "text/plain"), ("Content-Type", "application/json")],
        ],
    )
    async def test_other_than_json_in_utf8_is_refused(
        self, offline: httpx.AsyncClient, headers: list[tuple[str, str]]
    ) -> None:
        answer = await offline.post(PATH, content=b"{}", headers=headers)
        problem_of(answer, 415, "unsupported-media-type")
        assert answer.headers["accept"] == "application/json"
        answer = await offline.patch(f"{PATH}/{measure_id(1, 1)}", content=b"{}", headers=headers)
        document = problem_of(answer, 415, "unsupported-media-type")
        assert answer.headers["accept-patch"] == "application/merge-patch+json, application/json"
        assert document["detail"] == "This address reads application/merge-patch+json, application/json, in UTF-8."

    @pytest.mark.parametrize("codings", [["gzip"], ["br, identity"], ["identity", "GZIP"], ["identity;q=0"]])
    async def test_of_what_is_packed_is_not_asked_for(self, offline: httpx.AsyncClient, codings: list[str]) -> None:
        headers = [*JSON.items(), *(("Content-Encoding", coding) for coding in codings)]
        answer = await offline.post(PATH, content=b"{}", headers=headers)
        problem = problem_of(answer, 415, "unsupported-media-type")
        assert problem["detail"] == "A body that is compressed is not read."
        assert answer.headers["accept-encoding"] == "identity"

    async def test_of_a_patch_creates_nothing(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.post(PATH, content=b"{}", headers={"Content-Type": "application/merge-patch+json"})
        problem_of(answer, 415, "unsupported-media-type")

    async def test_json_patch_is_no_merge_patch(self, offline: httpx.AsyncClient) -> None:
        headers = {"Content-Type": "application/json-patch+json", "If-Match": "*"}
        answer = await offline.patch(f"{PATH}/{measure_id(1, 1)}", content=b"[]", headers=headers)
        problem_of(answer, 415, "unsupported-media-type")


class TestSize:
    @staticmethod
    def body_of_size(size: int) -> bytes:
        """A body of this size whose content is no measure."""
        return b'{"title": "' + b"x" * (size - 13) + b'"}'

    async def test_may_be_one_mebibyte(self, offline: httpx.AsyncClient) -> None:
        answer = await offline.post(PATH, content=self.body_of_size(MAX_BODY_BYTES), headers=JSON)
        assert errors_of(answer) == [("#/goal_id", "missing"), ("#/title", "string_too_long")]

    async def test_may_not_be_announced_larger(self, offline: httpx.AsyncClient) -> None:
        read = 0

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal read
            read += 1
            yield b"{}"

        headers = JSON | {"Content-Length": str(MAX_BODY_BYTES + 1)}
        problem_of(await offline.post(PATH, content=pieces(), headers=headers), 413, "payload-too-large")
        assert read == 0

    async def test_may_not_be_larger_without_saying_so(self, offline: httpx.AsyncClient) -> None:
        read = 0

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal read
            while read < 100:
                read += 1
                yield b" " * 65_536

        answer = await offline.post(PATH, content=pieces(), headers=JSON)
        problem_of(answer, 413, "payload-too-large")
        assert read == 17, "nothing is read beyond the limit"

    async def test_is_limited_for_every_method_with_a_body(self, offline: httpx.AsyncClient) -> None:
        body = self.body_of_size(MAX_BODY_BYTES + 1)
        one = f"/v1/consultation-events/{NOWHERE}/participants/{CITY}"
        for method, path in (("POST", PATH), ("PUT", one), ("PATCH", f"{PATH}/{measure_id(1, 1)}")):
            answer = await offline.request(method, path, content=body, headers=JSON)
            problem = problem_of(answer, 413, "payload-too-large")
            assert problem["detail"] == "The body may have 1 MiB at most here."


class Unread:
    """A body that notes how much of it was read."""

    def __init__(self) -> None:
        self.parts = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in (b'{"title": ', b"no JSON"):
            self.parts += 1
            yield part


REFUSED_UNREAD: tuple[tuple[str, str, str, int, str], ...] = (
    ("admin", "POST", "/v1/nowhere", 404, "not-found"),
    ("admin", "PATCH", "/nowhere", 404, "not-found"),
    ("anonymous", "PUT", PATH, 405, "method-not-allowed"),
    ("admin", "POST", f"/v1/goals/{NOWHERE}", 405, "method-not-allowed"),
    ("anonymous", "POST", PATH, 401, "unauthorized"),
    ("anonymous", "PATCH", f"/v1/goals/{NOWHERE}", 401, "unauthorized"),
    ("reader", "POST", PATH, 403, "forbidden"),
    ("contributor", "POST", "/v1/goals", 403, "forbidden"),
    ("coordinator", "POST", "/v1/keys", 403, "forbidden"),
    ("coordinator", "PATCH", f"/v1/partners/{CITY}", 403, "forbidden"),
)


@any_database
class TestSender:
    @pytest.mark.parametrize(("caller", "method", "path", "status", "slug"), REFUSED_UNREAD)
    async def test_that_has_no_business_here_is_not_listened_to(
        self, callers: dict[str, httpx.AsyncClient], caller: str, method: str, path: str, status: int, slug: str
    ) -> None:
        body = Unread()
        answer = await callers[caller].request(method, path, content=body, headers=JSON)
        problem_of(answer, status, slug)
        assert body.parts == 0

    async def test_that_may_write_is_listened_to(self, callers: dict[str, httpx.AsyncClient]) -> None:
        body = Unread()
        answer = await callers["contributor"].post(PATH, content=body, headers=JSON)
        problem_of(answer, 400, "malformed-request")
        assert body.parts == 2

    async def test_with_an_unknown_key_is_not_listened_to(self, callers: dict[str, httpx.AsyncClient]) -> None:
        body = Unread()
        headers = JSON | {"Authorization": f"Bearer crk_{'x' * 43}"}
        problem_of(await callers["anonymous"].post(PATH, content=body, headers=headers), 401, "unauthorized")
        assert body.parts == 0

    async def test_is_looked_up_once(
        self, app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = []
        find = guards.find

        async def finding(*arguments: Any) -> Any:
            found.append(arguments)
            return await find(*arguments)

        monkeypatch.setattr(guards, "find", finding)
        await make(client, "topics")
        assert len(found) == 1
        assert app.state.runtime.database is found[0][0]


def most_values(schema: dict[str, Any], known: dict[str, Any]) -> int:
    """How many values a body can hold that a schema takes."""
    if "$ref" in schema:
        return most_values(known[schema["$ref"].rpartition("/")[2]], known)
    nested = [most_values(each, known) for each in schema.get("anyOf", [])]
    if "items" in schema:
        nested.append(schema["maxItems"] * most_values(schema["items"], known))
    if isinstance(schema.get("additionalProperties"), dict):
        nested.append(schema["maxProperties"] * most_values(schema["additionalProperties"], known))
    nested.append(sum(most_values(each, known) for each in schema.get("properties", {}).values()))
    return 1 + max(nested)


class TestNumberOfValues:
    TOO_MANY = "More than 1000 names in one object, or 10000 values in all, are not allowed."

    @pytest.mark.parametrize(
        "body",
        [
            {str(number): number for number in range(MOST_MEMBERS + 1)},
            {str(number): None for number in range(60_000)},
            {"links": [{str(number): number for number in range(MOST_MEMBERS + 1)}]},
            {"links": [{"url": "x", "title": "y"}] * (MOST_VALUES // 2)},
            {"sdgs": [1] * MOST_VALUES},
            {"sdgs": [[]] * 200_000},
            [0] * 300_000,
            [{}] * 200_000,
            ["x"] * 30_000,
            [',"\\,'] * MOST_VALUES + [0],
        ],
        ids=lambda body: str(body)[:30],
    )
    async def test_is_limited_to_what_somebody_could_mean(self, offline: httpx.AsyncClient, body: Any) -> None:
        answer = await offline.post(PATH, json=body)
        assert problem_of(answer, 400, "malformed-request")["detail"] == self.TOO_MANY

    async def test_may_be_as_large_as_the_limits(self, offline: httpx.AsyncClient) -> None:
        body: Any = {str(number): number for number in range(MOST_MEMBERS)}
        assert len(errors_of(await offline.post(PATH, json=body))) == ERRORS_SHOWN
        answer = await offline.post(PATH, json={"sdgs": [1] * (MOST_VALUES - 1)})
        assert ("#/sdgs", "too_long") in errors_of(answer)
        answer = await offline.post(PATH, json={"title": ',"\\,' * 2 * MOST_VALUES})
        assert ("#/title", "string_too_long") in errors_of(answer)

    def test_is_more_than_any_schema_takes(self) -> None:
        schemas = [
            content["schema"]
            for item in document()["paths"].values()
            for operation in item.values()
            if isinstance(operation, dict)
            for content in operation.get("requestBody", {}).get("content", {}).values()
        ]
        largest = max(most_values(schema, document()["components"]["schemas"]) for schema in schemas)
        assert 1_000 < largest < MOST_VALUES


class TestPolicy:
    @pytest.fixture
    async def importing(self, settings: Settings, templates: Templates) -> AsyncIterator[dict[str, Any]]:
        """Clients of an app that also reads CSV of 3 MiB as it comes."""
        policy = BodyPolicy(("text/csv",), 3 * MAX_BODY_BYTES, 60, is_streamed=True)
        async with running(settings) as app:

            @app.post("/v1/uploads", dependencies=[Depends(policy), Depends(require_coordinator)])
            async def read(request: Request) -> dict[str, int]:
                sizes = [len(part) async for part in request.stream()]
                return {"bytes": sum(sizes), "parts": len([size for size in sizes if size])}

            async with AsyncExitStack() as stack:
                yield {
                    name: await stack.enter_async_context(client_of(app, key)) for name, key in templates.keys.items()
                }

    @staticmethod
    async def rows(size: int) -> AsyncIterator[bytes]:
        """So many bytes, in parts."""
        for _ in range(size // 65_536):
            yield b"x" * 65_536

    async def test_of_a_route_goes_before_the_usual_one(self, importing: dict[str, httpx.AsyncClient]) -> None:
        sending = importing["coordinator"]
        headers = {"Content-Type": "text/csv; charset=utf-8"}
        answer = await sending.post("/v1/uploads", content=self.rows(3 * MAX_BODY_BYTES), headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"bytes": 3 * MAX_BODY_BYTES, "parts": 48})
        answer = await sending.post("/v1/uploads", content=self.rows(3 * MAX_BODY_BYTES + 65_536), headers=headers)
        assert problem_of(answer, 413, "payload-too-large")["detail"] == "The body may have 3 MiB at most here."
        answer = await sending.post("/v1/uploads", content=b"{}", headers=JSON)
        problem_of(answer, 415, "unsupported-media-type")
        assert answer.headers["accept"] == "text/csv"
        answer = await importing["reader"].post("/v1/uploads", content=b"x", headers=headers)
        problem_of(answer, 403, "forbidden")

    async def test_of_other_routes_stays_as_it_is(self, importing: dict[str, httpx.AsyncClient]) -> None:
        answer = await importing["admin"].post(PATH, content=b"x", headers={"Content-Type": "text/csv"})
        problem_of(answer, 415, "unsupported-media-type")
        answer = await importing["admin"].post(PATH, content=b" " * (MAX_BODY_BYTES + 1), headers=JSON)
        problem_of(answer, 413, "payload-too-large")


class Exchange:
    """One request as a server hands it over, message by message, and what is answered."""

    def __init__(self, client: httpx.AsyncClient, *messages: dict[str, Any]) -> None:
        assert isinstance(client._transport, httpx.ASGITransport)  # noqa: SLF001 (a client shows its app nowhere else)
        self.app = client._transport.app  # noqa: SLF001
        self.key = client.headers.get("authorization", "")
        self.messages = list(messages)
        self.waiting = asyncio.Event()
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        """The next message; when there is none, the client is silent for ever."""
        if self.messages:
            return self.messages.pop(0)
        self.waiting.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))

    async def run(self) -> None:
        """Let the app answer."""
        headers = [(b"content-type", b"application/json"), (b"host", b"register.test")]
        headers += [(b"authorization", self.key.encode())] if self.key else []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": PATH,
            "raw_path": PATH.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("register.test", 80),
        }
        await self.app(scope, self.receive, self.send)


class TestSlowClients:
    async def test_are_told_when_their_time_is_over(
        self, offline: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guard, "SECONDS_TO_SEND", 0.01)
        exchange = Exchange(offline, {"type": "http.request", "body": b'{"title": ', "more_body": True})
        await asyncio.wait_for(exchange.run(), 10)
        assert exchange.waiting.is_set()
        start, body = exchange.sent
        answer = httpx.Response(start["status"], headers=start["headers"], content=body["body"])
        problem_of(answer, 408, "request-timeout")
        assert answer.headers["connection"] == "close"

    async def test_that_go_away_are_not_answered_and_change_nothing(self, offline: httpx.AsyncClient) -> None:
        beginning = {"type": "http.request", "body": json.dumps(body_of("sub-measures")).encode(), "more_body": True}
        exchange = Exchange(offline, beginning, {"type": "http.disconnect"})
        await asyncio.wait_for(exchange.run(), 10)
        assert exchange.sent == []
        assert exchange.messages == []

    async def test_hold_no_database_connection(self, client: httpx.AsyncClient) -> None:
        """All connections together are fewer than the clients that are slow here."""
        beginning = {"type": "http.request", "body": b"{", "more_body": True}
        exchanges = [Exchange(client, beginning) for _ in range(50)]
        tasks = [asyncio.create_task(exchange.run()) for exchange in exchanges]
        await asyncio.gather(*(exchange.waiting.wait() for exchange in exchanges))
        await make(client, "sub-measures")
        assert (await client.get(PATH)).status_code == 200
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} == {asyncio.CancelledError}
