"""Conditional requests: nobody reads twice what has not changed, nobody overwrites what they have not seen."""

import asyncio
from typing import Any

import httpx
import pytest

from app.http.conditional import etag, is_known, require_match
from app.http.problems import Malformed, PreconditionFailed
from tests.databases import any_database
from tests.factories import LIGA, NOWHERE, delete, make, patch
from tests.problems import detail_of, problem_of

PATH = "sub-measures"
WRITERS = 32
MALFORMED = (
    "1",
    "",
    " ",
    "W/",
    "W/1",
    '"1',
    '1"',
    '"1" "2"',
    '"1";q=1',
    "'1'",
    '"\t"',
    "**",
    '*, "1"',
    'w/"1"',
)


class TestIfNoneMatch:
    @any_database
    @pytest.mark.parametrize(
        "header", ['"1"', 'W/"1"', "*", ' "1" ', '"0", "1"', '"a","b" ,W/"1"', '"7", "1",', '"a,b", "1"']
    )
    async def test_answers_304_to_who_has_the_version(self, client: httpx.AsyncClient, header: str) -> None:
        answer = await client.get(f"/v1/partners/{LIGA}", headers={"If-None-Match": header})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == '"1"'
        assert "content-type" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
        headed = await client.head(f"/v1/partners/{LIGA}", headers={"If-None-Match": header})
        assert (headed.status_code, headed.headers["etag"]) == (304, '"1"')

    @any_database
    @pytest.mark.parametrize("header", ['"2"', 'W/"0"', '"11"', '"0", "2"', '""', '"*"'])
    async def test_answers_in_full_to_who_has_another(self, client: httpx.AsyncClient, header: str) -> None:
        answer = await client.get(f"/v1/partners/{LIGA}", headers={"If-None-Match": header})
        assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
        assert answer.json()["slug"] == "liga-dresden"

    async def test_follows_the_version(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        path, old = f"/v1/{PATH}/{made['id']}", {"If-None-Match": '"1"'}
        assert (await client.get(path, headers=old)).status_code == 304
        changed = await patch(client, PATH, made, summary="neu")
        assert changed.headers["etag"] == '"2"'
        answer = await client.get(path, headers=old)
        assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"2"', changed.json())

    @any_database
    @pytest.mark.parametrize("header", MALFORMED)
    async def test_is_refused_when_it_is_no_list_of_tags(self, client: httpx.AsyncClient, header: str) -> None:
        answer = await client.get(f"/v1/partners/{LIGA}", headers={"If-None-Match": header})
        document = problem_of(answer, 400, "malformed-request")
        assert document["errors"] == [
            {"header": "If-None-Match", "code": "not_an_etag", "detail": detail_of(answer)},
        ]

    @any_database
    async def test_hides_no_absence(self, client: httpx.AsyncClient) -> None:
        answer = await client.get(f"/v1/partners/{NOWHERE}", headers={"If-None-Match": "*"})
        problem_of(answer, 404, "not-found")


class TestIfMatch:
    @any_database
    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    async def test_is_required_for_every_change(self, client: httpx.AsyncClient, method: str) -> None:
        made = await make(client, PATH)
        answer = await client.request(method, f"/v1/{PATH}/{made['id']}", **body_for(method))
        problem_of(answer, 428, "precondition-required")
        assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == made

    @any_database
    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    @pytest.mark.parametrize("header", ['"1"', 'W/"2"', '"3"', '"1", "3"', '"02"', '""', '"*"'])
    async def test_refuses_every_other_version(self, client: httpx.AsyncClient, method: str, header: str) -> None:
        """A weak tag never matches: it says only that two versions are alike."""
        made = (await patch(client, PATH, await make(client, PATH), summary="zweite Fassung")).json()
        path = f"/v1/{PATH}/{made['id']}"
        answer = await client.request(method, path, headers={"If-Match": header}, **body_for(method))
        document = problem_of(answer, 412, "precondition-failed")
        assert document["current_etag"] == answer.headers["etag"] == '"2"'
        assert (await client.get(path)).json() == made

    @any_database
    @pytest.mark.parametrize("header", ['"1"', "*", " * ", '"7", "1"', '"7","1",', 'W/"1", "1"'])
    async def test_lets_the_current_version_be_changed(self, client: httpx.AsyncClient, header: str) -> None:
        made = await make(client, PATH)
        path = f"/v1/{PATH}/{made['id']}"
        answer = await client.patch(path, json={"summary": "neu"}, headers={"If-Match": header})
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
        answer = await client.delete(path, headers={"If-Match": header.replace("1", "2")})
        assert (answer.status_code, answer.content) == (204, b"")

    @any_database
    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    @pytest.mark.parametrize("header", MALFORMED)
    async def test_is_refused_when_it_is_no_list_of_tags(
        self, client: httpx.AsyncClient, method: str, header: str
    ) -> None:
        answer = await client.request(
            method, f"/v1/partners/{LIGA}", headers={"If-Match": header}, **body_for(method, name="neu")
        )
        document = problem_of(answer, 400, "malformed-request")
        assert document["errors"] == [{"header": "If-Match", "code": "not_an_etag", "detail": detail_of(answer)}]

    @any_database
    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    async def test_is_asked_for_only_where_there_is_something(self, client: httpx.AsyncClient, method: str) -> None:
        made = await make(client, PATH)
        assert (await delete(client, PATH, made)).status_code == 204
        for headers in ({}, {"If-Match": "nonsense"}, {"If-Match": '"1"'}, {"If-Match": "*"}):
            answer = await client.request(method, f"/v1/{PATH}/{NOWHERE}", headers=headers, **body_for(method))
            problem_of(answer, 404, "not-found")
            answer = await client.request(method, f"/v1/{PATH}/{made['id']}", headers=headers, **body_for(method))
            problem_of(answer, 410, "gone")

    @any_database
    async def test_comes_after_the_body_was_judged(self, client: httpx.AsyncClient) -> None:
        answer = await client.patch(f"/v1/partners/{LIGA}", json={"name": None}, headers={"If-Match": '"9"'})
        problem_of(answer, 422, "validation-error")

    async def test_lets_exactly_one_of_many_writers_win(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        answers = await asyncio.gather(*(patch(client, PATH, made, summary=f"{n}") for n in range(WRITERS)))
        won = [answer for answer in answers if answer.status_code == 200]
        lost = [answer for answer in answers if answer.status_code != 200]
        assert len(won) == 1
        assert {problem_of(answer, 412, "precondition-failed")["current_etag"] for answer in lost} == {'"2"'}
        assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == won[0].json()

    async def test_lets_exactly_one_of_many_deletions_win(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        answers = await asyncio.gather(*(delete(client, PATH, made) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [204, *[410] * 7]

    async def test_loses_no_update_of_writers_that_try_again(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)

        async def append(entry: str) -> None:
            """What a careful client does: read, change, and read again when another one was faster."""
            while True:
                current = (await client.get(f"/v1/{PATH}/{made['id']}")).json()
                answer = await patch(client, PATH, current, districts=[*current["districts"], entry])
                if answer.status_code == 200:
                    return
                problem_of(answer, 412, "precondition-failed")

        await asyncio.gather(*(append(f"Stadtteil {n}") for n in range(8)))
        after = (await client.get(f"/v1/{PATH}/{made['id']}")).json()
        assert sorted(after["districts"]) == [f"Stadtteil {n}" for n in range(8)]
        assert after["version"] == 9


class TestTags:
    def test_are_strong_and_quoted(self) -> None:
        assert etag(7) == '"7"'

    def test_are_compared_weakly_for_reading_and_strongly_for_writing(self) -> None:
        assert is_known('W/"7"', 7)
        assert not is_known(None, 7)
        with pytest.raises(PreconditionFailed):
            require_match('W/"7"', 7)
        require_match('W/"7", "7"', 7)

    def test_of_any_length_are_read_in_time(self) -> None:
        """A thousand characters is what the header may have; its reader must not try their combinations."""
        for header in ('"' * 1000, '"a" ' * 250, "W/" * 500, '"1",' * 250 + "x", " " * 1000):
            with pytest.raises(Malformed):
                is_known(header, 1)


def body_for(method: str, **fields: str) -> dict[str, Any]:
    """What a request with this method is called with: only a patch has a body."""
    return {"json": fields or {"summary": "überschrieben"}} if method == "PATCH" else {}
