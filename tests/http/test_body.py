"""The edge that request bodies pass."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.http import body as guard
from app.http.body import MAX_BODY_BYTES, MAX_DEPTH
from tests.databases import any_database
from tests.factories import PATHS, body_of, errors_of, items_of, make, measure_id
from tests.problems import problem_of

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
        ],
    )
    async def test_may_be_named_in_any_spelling(self, client: httpx.AsyncClient, media_type: str) -> None:
        content = json.dumps(body_of("topics"))
        answer = await client.post("/v1/topics", content=content, headers={"Content-Type": media_type})
        assert answer.status_code == 201, answer.text

    @any_database
    @pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json"])
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
            {},
            {"Content-Type": ""},
            {"Content-Type": "text/plain"},
            {"Content-Type": "text/json"},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "multipart/form-data; boundary=x"},
            {"Content-Type": "application/vnd.register+json"},
            {"Content-Type": "application/jsonl"},
            {"Content-Type": "application/json, text/plain"},
            {"Content-Type": "application/json; charset=latin1"},
            {"Content-Type": "application/json; charset=utf-16"},
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
            {"Content-Type": "application/json", "Content-Encoding": "br, identity"},
        ],
    )
    async def test_other_than_json_in_utf8_is_refused(
        self, offline: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        answer = await offline.post(PATH, content=b"{}", headers=headers)
        problem_of(answer, 415, "unsupported-media-type")
        assert answer.headers["accept"] == "application/json"
        answer = await offline.patch(f"{PATH}/{measure_id(1, 1)}", content=b"{}", headers=headers)
        problem_of(answer, 415, "unsupported-media-type")
        assert answer.headers["accept-patch"] == "application/merge-patch+json, application/json"

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
        for method, path in (("POST", "/nowhere"), ("PUT", PATH), ("PATCH", f"{PATH}/{measure_id(1, 1)}")):
            answer = await offline.request(method, path, content=body, headers=JSON)
            problem_of(answer, 413, "payload-too-large")


class Exchange:
    """One request as a server hands it over, message by message, and what is answered."""

    def __init__(self, client: httpx.AsyncClient, *messages: dict[str, Any]) -> None:
        assert isinstance(client._transport, httpx.ASGITransport)  # noqa: SLF001 (a client shows its app nowhere else)
        self.app = client._transport.app  # noqa: SLF001
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
