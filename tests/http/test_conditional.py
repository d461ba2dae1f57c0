"""Conditional requests: nobody reads twice what has not changed, nobody overwrites what they have not seen."""

import asyncio
from typing import Any

import httpx
import pytest

from app.http.conditional import Preconditions, etag
from app.http.errors import Malformed
from tests.databases import any_database
from tests.factories import CITY, LIGA, NOWHERE, PATHS, delete, make, patch
from tests.problems import detail_of, problem_of

PATH = "sub-measures"
WRITERS = 32
MALFORMED = (
    "1",
    "",
    " ",
    ",",
    ", ,",
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
    "*, *",
    'w/"1"',
)


class TestIfNoneMatch:
    @any_database
    @pytest.mark.parametrize(
        "header",
        ['"1"', 'W/"1"', "*", ' "1" ', '"0", "1"', '"a","b" ,W/"1"', '"7", "1",', '"a,b", "1"', ', ,"1",,'],
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
    @pytest.mark.parametrize("header", ['"1"', 'W/"1"', '"3"', '"1", "3"', '"02"', '""', '"*"'])
    async def test_refuses_every_other_version(self, client: httpx.AsyncClient, method: str, header: str) -> None:
        made = (await patch(client, PATH, await make(client, PATH), summary="zweite Fassung")).json()
        path = f"/v1/{PATH}/{made['id']}"
        answer = await client.request(method, path, headers={"If-Match": header}, **body_for(method))
        document = problem_of(answer, 412, "precondition-failed")
        assert document["current_etag"] == answer.headers["etag"] == '"2"'
        assert (await client.get(path)).json() == made

    @any_database
    @pytest.mark.parametrize(
        "header", ['"1"', "*", " * ", '"7", "1"', '"7","1",', 'W/"1"', '"7", W/"1"', ',,"1" , ,"9"']
    )
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


Address = tuple[str, dict[str, Any]]

KINDS = (*PATHS, "statements", "observations", "participants")
PUT = ("statements", "observations", "participants")


async def address_of(client: httpx.AsyncClient, kind: str) -> Address:
    """Where something of this kind can stand, and what a write to it sends; below another, nothing stands there yet."""
    match kind:
        case "statements":
            return f"/v1/decisions/{(await make(client, 'decisions'))['id']}/statements/{CITY}", {"position": "support"}
        case "observations":
            return f"/v1/indicators/{(await make(client, 'indicators'))['id']}/observations/2025-02-28", {"value": 1}
        case "participants":
            event = await make(client, "consultation-events")
            return f"/v1/consultation-events/{event['id']}/participants/{CITY}", {"delegates": 2}
        case _:
            return f"/v1/{kind}/{(await make(client, kind))['id']}", {"visibility": "partners"}


async def present(client: httpx.AsyncClient, kind: str) -> Address:
    """The same, with something there in version 1; a participation is in version 2 of its event."""
    address, body = await address_of(client, kind)
    if kind in PUT:
        assert (await client.put(address, json=body)).is_success
    return address, body


def tags_of(kind: str) -> tuple[str, str]:
    """The ETag of what is there, and another one."""
    return ('"2"', '"1"') if kind == "participants" else ('"1"', '"2"')


async def reading(client: httpx.AsyncClient, address: str, **headers: str) -> httpx.Response:
    """Read what is at an address: for a participation its event."""
    return await client.get(address.partition("/participants/")[0], headers=headers)


@any_database
@pytest.mark.parametrize("kind", KINDS)
class TestOfEveryKind:
    """RFC 9110, section 13.2.2, at every address that has versions."""

    async def test_are_honoured_by_reads(self, client: httpx.AsyncClient, kind: str) -> None:
        address, _ = await present(client, kind)
        current, other = tags_of(kind)
        whole = await reading(client, address)
        for headers in (
            {"If-Match": current},
            {"If-Match": f"W/{current}"},
            {"If-Match": "*", "If-None-Match": other},
        ):
            assert (await reading(client, address, **headers)).json() == whole.json()
        for headers in ({"If-None-Match": current}, {"If-Match": current, "If-None-Match": "*"}):
            assert (await reading(client, address, **headers)).status_code == 304
        for headers in ({"If-Match": other}, {"If-Match": other, "If-None-Match": current}):
            answer = await reading(client, address, **headers)
            assert problem_of(answer, 412, "precondition-failed")["current_etag"] == current

    async def test_are_honoured_by_writes(self, client: httpx.AsyncClient, kind: str) -> None:
        address, body = await present(client, kind)
        current, other = tags_of(kind)
        before = (await reading(client, address)).json()
        method = "PUT" if kind in PUT else "PATCH"
        for headers in (
            {"If-Match": other},
            {"If-Match": current, "If-None-Match": "*"},
            {"If-Match": current, "If-None-Match": current},
            {"If-Match": current, "If-None-Match": f"{other}, W/{current}"},
        ):
            for answer in (
                await client.request(method, address, json=body, headers=headers),
                await client.delete(address, headers=headers),
            ):
                assert problem_of(answer, 412, "precondition-failed")["current_etag"] == current
            assert (await reading(client, address)).json() == before
        headers = {"If-Match": f"{other},,W/{current}", "If-None-Match": other}
        assert (await client.request(method, address, json=body, headers=headers)).status_code == 200

    async def test_in_several_lines_are_one_list(self, client: httpx.AsyncClient, kind: str) -> None:
        address, body = await present(client, kind)
        current, other = tags_of(kind)
        for tags in ((other, current), (current, other), ("", current), (f"{other},", f", {current}")):
            lines = [("If-None-Match", each) for each in tags]
            whole = address.partition("/participants/")[0]
            assert (await client.get(whole, headers=httpx.Headers(lines))).status_code == 304
            lines.append(("If-Match", "*"))
            answer = await client.request(
                "PUT" if kind in PUT else "PATCH", address, json=body, headers=httpx.Headers(lines)
            )
            problem_of(answer, 412, "precondition-failed")
        matching = httpx.Headers([("If-Match", other), ("If-Match", current)])
        assert (await client.delete(address, headers=matching)).status_code == 204


@pytest.mark.parametrize("kind", PUT)
class TestOfPut:
    async def test_create_only_what_is_not_there(self, client: httpx.AsyncClient, kind: str) -> None:
        address, body = await address_of(client, kind)
        before = await reading(client, address)
        for tag in ("*", '"7"', 'W/"7"'):
            document = problem_of(
                await client.put(address, json=body, headers={"If-Match": tag}), 412, "precondition-failed"
            )
            # A participation has the version of its event.
            assert document.get("current_etag") == ('"1"' if kind == "participants" else None)
        assert (await reading(client, address)).status_code == before.status_code
        made = await client.put(address, json=body, headers={"If-None-Match": "*"})
        assert made.status_code == (200 if kind == "participants" else 201)
        again = await client.put(address, json=body, headers={"If-None-Match": "*"})
        document = problem_of(again, 412, "precondition-failed")
        assert document["current_etag"] == again.headers["etag"] == made.headers["etag"]
        assert "If-None-Match" in document["detail"]
        assert (await reading(client, address)).json() == made.json()

    async def test_create_again_what_was_deleted(self, client: httpx.AsyncClient, kind: str) -> None:
        address, body = await present(client, kind)
        assert (await client.delete(address, headers={"If-Match": "*"})).status_code == 204
        problem_of(await client.put(address, json=body, headers={"If-Match": "*"}), 412, "precondition-failed")
        assert (await client.put(address, json=body, headers={"If-None-Match": "*"})).is_success

    async def test_let_one_of_many_create(self, client: httpx.AsyncClient, kind: str) -> None:
        address, body = await address_of(client, kind)
        first = {"If-None-Match": "*"}
        answers = await asyncio.gather(*(client.put(address, json=body, headers=first) for _ in range(6)))
        assert sorted(answer.is_success for answer in answers) == [*[False] * 5, True]

    @any_database
    async def test_are_refused_when_they_are_no_lists_of_tags(self, client: httpx.AsyncClient, kind: str) -> None:
        address, body = await address_of(client, kind)
        for name in ("If-Match", "If-None-Match"):
            for header in MALFORMED:
                answer = await client.put(address, json=body, headers={name: header})
                assert problem_of(answer, 400, "malformed-request")["errors"][0]["header"] == name
        assert (await client.put(address, json=body, headers={"If-None-Match": "*"})).is_success


@any_database
@pytest.mark.parametrize(
    "address",
    [
        "/v1/calendar.ics",
        "/v1/vocabularies",
        "/v1/vocabularies/event-status",
        "/openapi.json",
        "/contexts/goals.jsonld",
        "/ontology.jsonld",
        "/catalog.jsonld",
        "/oparl/v1.1",
        "/goals",
    ],
)
async def test_what_has_a_tag_but_no_version_honours_both_headers(client: httpx.AsyncClient, address: str) -> None:
    whole = await client.get(address)
    tag = whole.headers["etag"]
    bare = tag.removeprefix("W/")
    for headers in ([("If-Match", tag)], [("If-Match", '"other"'), ("If-Match", f"W/{bare}")], [("If-Match", "*")]):
        answer = await client.get(address, headers=headers)
        assert (answer.status_code, answer.content) == (200, whole.content)
    for headers in (
        [("If-None-Match", f"W/{bare}")],
        [("If-None-Match", '"other"'), ("If-None-Match", bare)],
        [("If-Match", bare), ("If-None-Match", "*")],
    ):
        assert (await client.get(address, headers=headers)).status_code == 304
    answer = await client.get(address, headers={"If-Match": '"other"', "If-None-Match": tag})
    assert (answer.status_code, answer.headers["etag"]) == (412, tag)
    for name in ("If-Match", "If-None-Match"):
        assert (await client.get(address, headers={name: "other"})).status_code == 400


class TestTags:
    def test_are_strong_and_quoted(self) -> None:
        assert etag(7) == '"7"'

    def test_may_hold_what_is_not_ascii(self) -> None:
        assert Preconditions(if_none_match='"é", "7"').is_known(7)

    def test_of_any_length_are_read_in_time(self) -> None:
        """A line may have a thousand characters, and there may be many: their reader must not try combinations."""
        for header in ('"' * 1000, '"a" ' * 250, "W/" * 500, '"1",' * 250 + "x", " " * 1000, " " * 60_000 + "x"):
            with pytest.raises(Malformed):
                Preconditions(if_none_match=header).is_known(1)


def body_for(method: str, **fields: str) -> dict[str, Any]:
    """What a request with this method is called with: only a patch has a body."""
    return {"json": fields or {"summary": "überschrieben"}} if method == "PATCH" else {}
