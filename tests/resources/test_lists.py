"""What every list does, whatever it lists: order, pages, search, filters and what it refuses."""

import base64
import json
import random
from collections.abc import AsyncIterator, Iterator
from itertools import count, zip_longest
from typing import Any
from unicodedata import normalize

import httpx
import pytest

from app.catalogue import FEATURES
from app.resources.text import sortable
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import CITY, LIGA, NOWHERE, PATHS, delete, errors_of, items_of, make, patch
from tests.filters import ids_of
from tests.kinds import sample_of
from tests.schemas import Schema, answer_schema, parameters, resolved, sort_keys, takes_null

KINDS = tuple(feature.kind for feature in FEATURES)

NAMES = {resource.path: resource.named_by for resource in KINDS}
ORDERS = {path: [f"{sign}{key}" for key in sort_keys(path) for sign in ("", "-")] for path in PATHS}

every_list = pytest.mark.parametrize("path", PATHS)

WORDS = ["Ärzte", "arzt", "Zukunft", "Förderung", "forderung", "Öffnung", "ß", "Straße", "strasse", "a b", "a-b", "1"]
SEARCHED = [
    "Förderung Xyz",
    "forderung xyz",
    "Straße Xyz",
    "100 % Xyz",
    "100 Prozent Xyz",
    "a_b Xyz",
    "a\\b Xyz",
    "axb Xyz",
    "😀 Xyz",
    "Fo\u0308rderung nfd Xyz",
]
WITHOUT_TIES = {"slug", "number", "code", "created_at", "updated_at"}


def some_fields(chance: random.Random, path: str) -> dict[str, Any]:
    """Values for a new resource, with many ties."""
    sample = sample_of(path)
    wanted = {NAMES[path]: WORDS, **sample.sorted, "visibility": ["public", "partners"]}
    return {**{name: chance.choice(values) for name, values in wanted.items()}, **chance.choice(sample.together)}


def placed(path: str, sort: str, entry: dict[str, Any]) -> tuple[Any, ...]:
    """What an entry is sorted by."""
    key = sort.removeprefix("-")
    value = entry[key]
    if key == NAMES[path]:
        value = sortable(value)
    if key == "code":
        value = [int(number) for number in value.split(".")]
    if key.endswith("_at"):
        # Without a fraction the text is shorter, and would stand behind those with one.
        value = (
            value.removesuffix("Z").ljust(len("2024-03-01T00:00:00.000000"), "0") if "." in value else value[:19] + ".0"
        )
    return value, entry["id"]


def in_order(path: str, sort: str, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries in the order that a sort key promises: what is not known stands last, ids break ties."""
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    known = [entry for entry in entries if entry[key] is not None]
    unknown = [entry for entry in entries if entry[key] is None]
    return [
        *sorted(known, key=lambda entry: placed(path, sort, entry), reverse=descending),
        *sorted(unknown, key=lambda entry: str(entry["id"]), reverse=descending),
    ]


@pytest.fixture(scope="module")
async def filled(templates: Templates) -> AsyncIterator[httpx.AsyncClient]:
    """One register with many of each kind for the tests that only read."""
    chance = random.Random(1)  # noqa: S311 (no secret: the same register in each run)
    async with (
        templates.fresh("seeded") as settings,
        running(settings) as app,
        client_of(app, templates.keys["operator"]) as client,
    ):
        for path in PATHS:
            searched = iter(SEARCHED)
            for each in range(16):
                fields = some_fields(chance, path) | {"visibility": ("public", "partners")[each % 2]}
                if each % 4:
                    fields[NAMES[path]] = next(searched, fields[NAMES[path]])
                entry = await make(client, path, **fields)
                if each % 4 == 0:
                    await patch(client, path, entry, **{NAMES[path]: "Zuletzt geändert"})
        yield client


class TestOrder:
    @every_list
    async def test_is_what_the_sort_key_says_on_one_page_and_on_many(
        self, filled: httpx.AsyncClient, path: str
    ) -> None:
        for sort in ORDERS[path]:
            entries = (await filled.get(f"/v1/{path}", params={"sort": sort, "limit": 200})).json()["items"]
            key = sort.removeprefix("-")
            values = [str(entry[key]) for entry in entries]
            assert len(set(values)) > 1, "nothing to sort"
            assert len(set(values)) < len(values) or key in WITHOUT_TIES, "no tie to break"
            assert ("None" in values) is takes_null(answer_schema(path)["properties"][key])
            assert [entry["id"] for entry in entries] == [entry["id"] for entry in in_order(path, sort, entries)]
            assert await items_of(filled, path, sort=sort, limit=12) == entries

    @any_database
    @every_list
    async def test_is_one_of_the_sort_keys(self, filled: httpx.AsyncClient, path: str) -> None:
        default = parameters(path)["sort"]["default"]
        assert await items_of(filled, path) == await items_of(filled, path, sort=default)
        for sort in ("id", "--title", "+title", "", "search_text", "sort_name", "Title", "title,created_at"):
            assert errors_of(await filled.get(f"/v1/{path}", params={"sort": sort})) == [("sort", "literal_error")]
        repeated = await filled.get(f"/v1/{path}", params={"sort": [default, default]})
        assert errors_of(repeated) == [("sort", "sent_twice")]

    # All kinds page in the same way; these two sort by every type that there is, and by two columns.
    @pytest.mark.parametrize("path", ["sub-measures", "partners"])
    async def test_has_pages_that_repeat_and_skip_nothing_while_others_write(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        """What is there from the first page to the last is shown once, whatever comes and goes in between."""
        chance = random.Random(path)  # noqa: S311 (no secret: the same writes in each run)
        made = {
            entry["id"]: entry for entry in [await make(client, path, **some_fields(chance, path)) for _ in range(30)]
        }
        lasting = {entry["id"] for entry in await items_of(client, path, limit=200)}
        gone: set[str] = set()
        shown: dict[str, list[dict[str, Any]]] = {sort: [] for sort in ORDERS[path]}
        cursors: dict[str, Any] = {sort: {} for sort in ORDERS[path]}
        for part in count():
            for sort, cursor in [*cursors.items()]:
                page = (await client.get(f"/v1/{path}", params={"sort": sort, "limit": 7, **cursor})).json()
                assert not gone & {entry["id"] for entry in page["items"]}
                shown[sort] += page["items"]
                cursors[sort] = {"cursor": page["next_cursor"]}
                if page["next_cursor"] is None:
                    del cursors[sort]
            if not cursors:
                break
            # In every fourth order the one that was just shown goes: the cursor stands for its place, not for it.
            for id in {shown[sort][-1]["id"] for sort in [*cursors][part % 4 :: 4]} & made.keys():
                assert (await delete(client, path, made.pop(id))).status_code == 204
                gone.add(id)
            await make(client, path, **some_fields(chance, path))
        assert len(gone) > 8
        for sort, entries in shown.items():
            ids = [entry["id"] for entry in entries]
            assert len(ids) == len(set(ids)), sort
            assert lasting - gone <= set(ids), sort
            assert entries == in_order(path, sort, entries), sort


class TestPages:
    @every_list
    async def test_are_as_long_as_asked_for(self, filled: httpx.AsyncClient, path: str) -> None:
        whole = await items_of(filled, path, limit=200)
        for limit in (1, 7, 200):
            answer = await filled.get(f"/v1/{path}", params={"limit": limit})
            assert answer.json()["items"] == whole[:limit]
            assert (answer.json()["next_cursor"] is None) is (limit >= len(whole))

    async def test_have_fifty_entries_by_default(self, empty_client: httpx.AsyncClient) -> None:
        for _ in range(51):
            await make(empty_client, "partners")
        answer = (await empty_client.get("/v1/partners")).json()
        assert len(answer["items"]) == 50
        answer = (await empty_client.get("/v1/partners", params={"cursor": answer["next_cursor"]})).json()
        assert (len(answer["items"]), answer["next_cursor"]) == (1, None)

    async def test_end_with_null_where_the_last_one_is_full(self, client: httpx.AsyncClient) -> None:
        first = (await client.get("/v1/partners", params={"limit": 4})).json()
        second = (await client.get("/v1/partners", params={"limit": 4, "cursor": first["next_cursor"]})).json()
        assert (len(second["items"]), second["next_cursor"]) == (4, None)

    @every_list
    async def test_of_an_empty_list_are_one_that_is_empty(self, empty_client: httpx.AsyncClient, path: str) -> None:
        answer = await empty_client.get(f"/v1/{path}", params={"include_total": "true"})
        assert answer.json() == {"items": [], "next_cursor": None, "total": 0}
        assert "link" not in answer.headers

    @any_database
    @every_list
    async def test_refuse_other_limits(self, filled: httpx.AsyncClient, path: str) -> None:
        for limit, code in (
            ("0", "greater_than_equal"),
            ("-1", "greater_than_equal"),
            ("201", "less_than_equal"),
            ("1.5", "int_parsing"),
            ("x", "int_parsing"),
            ("", "int_parsing"),
            ("1e2", "int_parsing"),
        ):
            assert errors_of(await filled.get(f"/v1/{path}", params={"limit": limit})) == [("limit", code)]

    @any_database
    @every_list
    async def test_hold_the_total_only_when_asked_for(self, filled: httpx.AsyncClient, path: str) -> None:
        total = len(await items_of(filled, path, limit=200))
        cursor = None
        while True:
            params: dict[str, Any] = {"limit": 10, "include_total": "true"} | ({"cursor": cursor} if cursor else {})
            page = (await filled.get(f"/v1/{path}", params=params)).json()
            assert page["total"] == total
            cursor = page["next_cursor"]
            if cursor is None:
                break
        public = len(await items_of(filled, path, visibility="public"))
        assert 0 < public < total
        page = (await filled.get(f"/v1/{path}", params={"visibility": "public", "include_total": "true"})).json()
        assert page["total"] == public
        for params in ({}, {"include_total": "false"}):
            assert "total" not in (await filled.get(f"/v1/{path}", params=params)).json()
        assert errors_of(await filled.get(f"/v1/{path}", params={"include_total": "maybe"})) == [
            ("include_total", "bool_parsing")
        ]

    @any_database
    @every_list
    async def test_link_to_the_next_one(self, filled: httpx.AsyncClient, path: str) -> None:
        asked: dict[str, Any] = {
            "limit": "5",
            "visibility": ["public", "partners"],
            "created_at_from": "2024-01-01T00:00:00+01:00",
        }
        answer = await filled.get(f"/v1/{path}", params=asked)
        found = []
        while True:
            found += answer.json()["items"]
            cursor = answer.json()["next_cursor"]
            assert ("link" in answer.headers) is (cursor is not None)
            if cursor is None:
                break
            assert list(answer.links) == ["next"]
            url = httpx.URL(answer.links["next"]["url"])
            assert url.path == f"/v1/{path}"
            assert url.params == httpx.QueryParams({**asked, "cursor": cursor})
            answer = await filled.get(answer.links["next"]["url"])
        assert found == await items_of(filled, path, limit=200)


def forged(cursor: str, *values: Any, mark: Any = None) -> str:
    """A cursor of the same list and order with other values."""
    own, *_ = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    text = json.dumps([own if mark is None else mark, *values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


INVALID = [("cursor", "invalid_cursor")]


class TestCursor:
    @any_database
    @every_list
    async def test_is_bound_to_its_list_filters_and_order(self, filled: httpx.AsyncClient, path: str) -> None:
        asked: dict[str, Any] = {"limit": 2, "visibility": "public", "sort": "created_at"}
        cursor = (await filled.get(f"/v1/{path}", params=asked)).json()["next_cursor"]
        for change in (
            {"visibility": "partners"},
            {"visibility": ["public", "partners"]},
            {"sort": "updated_at"},
            {"sort": "-created_at"},
            {"q": "e"},
            {"created_at_from": "2024-01-01T00:00:00Z"},
        ):
            answer = await filled.get(f"/v1/{path}", params={**asked, "cursor": cursor, **change})
            assert errors_of(answer) == INVALID, change
        answer = await filled.get(f"/v1/{path}", params={"limit": 2, "sort": "created_at", "cursor": cursor})
        assert errors_of(answer) == INVALID
        for other in PATHS:
            if other != path:
                assert errors_of(await filled.get(f"/v1/{other}", params={**asked, "cursor": cursor})) == INVALID
        for other_page in ({"limit": 3}, {"include_total": "true"}):
            answer = await filled.get(f"/v1/{path}", params={**asked, "cursor": cursor, **other_page})
            assert answer.status_code == 200

    @any_database
    @every_list
    async def test_is_refused_when_it_is_forged(self, filled: httpx.AsyncClient, path: str) -> None:
        """The right mark, wrong values: nothing that a database would fail on, or that it would compare otherwise."""
        for sort in sort_keys(path):
            asked: dict[str, Any] = {"sort": sort, "limit": 1}
            cursor = (await filled.get(f"/v1/{path}", params=asked)).json()["next_cursor"]
            _, *values = json.loads(base64.urlsafe_b64decode(cursor + "=="))
            assert len(values) == (3 if sort.endswith("code") else 2)
            wrong: list[Any] = [True, 5.5, [], {}, "\ud800", "a\0b"]
            wrong += [] if takes_null(answer_schema(path)["properties"][sort]) else [None]
            if isinstance(values[0], int):
                wrong += ["5", 2**31, -(2**63), 10**30]
            else:
                wrong += [5, 0]
            if sort.endswith(("_on", "_at")):
                wrong += ["", "gestern", "2024-02-30", "2024-13-01T00:00:00"]
            if sort in {"status", "kind", "urgency"}:
                wrong += ["", "nonsense"]
            for value in wrong:
                answer = await filled.get(f"/v1/{path}", params={**asked, "cursor": forged(cursor, value, *values[1:])})
                assert errors_of(answer) == INVALID, value

    @any_database
    @every_list
    async def test_is_refused_when_its_parts_are_forged(self, filled: httpx.AsyncClient, path: str) -> None:
        asked: dict[str, Any] = {"sort": "created_at", "limit": 1}
        cursor = (await filled.get(f"/v1/{path}", params=asked)).json()["next_cursor"]
        _, *values = json.loads(base64.urlsafe_b64decode(cursor + "=="))
        strange: list[Any] = [None, 5, "", "x", NOWHERE[:-1], []]
        for id in strange:
            answer = await filled.get(f"/v1/{path}", params={**asked, "cursor": forged(cursor, *values[:-1], id)})
            assert errors_of(answer) == INVALID, id
        for other in ([], values[1:], [*values, NOWHERE]):
            answer = await filled.get(f"/v1/{path}", params={**asked, "cursor": forged(cursor, *other)})
            assert errors_of(answer) == INVALID, other
        for mark in [*strange[1:], "000000000000"]:
            answer = await filled.get(f"/v1/{path}", params={**asked, "cursor": forged(cursor, *values, mark=mark)})
            assert errors_of(answer) == INVALID, mark

    @every_list
    async def test_stands_for_a_place_whatever_is_there(self, filled: httpx.AsyncClient, path: str) -> None:
        """A cursor behind the last place, at the edge of what its type can hold, gives the last page."""
        for sort in ORDERS[path]:
            asked: dict[str, Any] = {"sort": sort, "limit": 200}
            whole = (await filled.get(f"/v1/{path}", params=asked)).json()["items"]
            cursor = (await filled.get(f"/v1/{path}", params={**asked, "limit": 1})).json()["next_cursor"]
            _, *values = json.loads(base64.urlsafe_b64decode(cursor + "=="))
            lowest = NOWHERE if sort.startswith("-") else "ffffffff-ffff-4fff-bfff-ffffffffffff"
            answer = await filled.get(f"/v1/{path}", params={**asked, "cursor": forged(cursor, *values[:-1], lowest)})
            key = sort.removeprefix("-")
            place = placed(path, sort, whole[0])[0]
            assert answer.json()["items"] == [
                entry for entry in whole if entry[key] is None or placed(path, sort, entry)[0] != place
            ]

    @any_database
    @every_list
    async def test_is_refused_when_it_is_none(self, filled: httpx.AsyncClient, path: str) -> None:
        for junk in ("x", "abc", "bnVsbA", "e30", "W10", "NQ", "InggeCI", "_-_-", "A" * 2000, "W1tbW1tb" * 200):
            assert errors_of(await filled.get(f"/v1/{path}", params={"cursor": junk})) == INVALID, junk
        for junk, code in (("A" * 2001, "string_too_long"), ("a=", "string_pattern_mismatch")):
            assert errors_of(await filled.get(f"/v1/{path}", params={"cursor": junk})) == [("cursor", code)]


def sample(schema: Schema) -> str:
    """A value that a parameter accepts."""
    schema = resolved(schema)
    if schema["type"] == "array":
        return sample(schema["items"])
    if "enum" in schema:
        return str(schema["enum"][0])
    if schema["type"] == "integer":
        return str(schema["minimum"])
    samples = {"uuid": NOWHERE, "date": "2024-02-29", "date-time": "2024-02-29T10:00:00+01:00"}
    if "format" in schema:
        return samples[schema["format"]]
    if schema["type"] == "boolean":
        return "true"
    return {8: "14612000", 10: "1.1"}.get(schema["maxLength"], "a")


def wrong_samples(schema: Schema) -> Iterator[str]:
    """Values that a parameter refuses."""
    schema = resolved(schema)
    if schema["type"] == "array":
        yield from wrong_samples(schema["items"])
        return
    if schema["type"] == "integer":
        yield from (str(schema["minimum"] - 1), str(schema["maximum"] + 1), str(10**30), "x", "1.5")
    if "maxLength" in schema and "format" not in schema:
        yield "a" * (schema["maxLength"] + 1)
        yield "\0"
    if "enum" in schema or "format" in schema or schema["type"] == "boolean":
        yield from ("nonsense", "\0")
    if schema.get("format") == "date":
        yield from ("2024-02-30", "0999-12-31", "0", "2024-02-29T00:00:00Z")
    if schema.get("format") == "date-time":
        yield from ("2024-02-29", "2024-02-29T10:00:00", "0", "2024-02-30T10:00:00Z", "2024-02-29T10:00:00 01:00")
    if schema.get("format") == "uuid":
        yield NOWHERE.replace("-", "")


class TestFilters:
    @every_list
    async def test_are_accepted_as_the_contract_says(self, filled: httpx.AsyncClient, path: str) -> None:
        every = {name: sample(schema) for name, schema in parameters(path).items() if name != "cursor"}
        for name, value in every.items():
            assert (await filled.get(f"/v1/{path}", params={"limit": "1", name: value})).status_code == 200, name
        assert (await filled.get(f"/v1/{path}", params=every)).status_code == 200

    @any_database
    @every_list
    async def test_are_refused_with_their_name_beyond(self, filled: httpx.AsyncClient, path: str) -> None:
        wrong = {name: list(wrong_samples(schema)) for name, schema in parameters(path).items()}
        assert all(wrong.values()), wrong
        for values in zip_longest(*wrong.values()):
            # What is refused hides what would be looked at after it.
            sent = {name: value for name, value in zip(wrong, values, strict=True) if value is not None}
            while sent:
                errors = errors_of(await filled.get(f"/v1/{path}", params=sent))
                named = {place for place, _ in errors}
                assert named <= sent.keys(), sent
                assert len(errors) == len(named) > 0, sent
                sent = {name: value for name, value in sent.items() if name not in named}
        for name, schema in parameters(path).items():
            if schema["type"] == "array":
                many = [sample(schema)] * (schema["maxItems"] + 1)
                assert errors_of(await filled.get(f"/v1/{path}", params={name: many})) == [(name, "too_long")]
                assert (await filled.get(f"/v1/{path}", params={name: many[1:]})).status_code == 200

    @any_database
    @every_list
    async def test_that_no_list_knows_are_refused(self, filled: httpx.AsyncClient, path: str) -> None:
        for name in ("nonsense", "offset", "page", "id", "Limit", "search_text", "title_from", "visibility[]"):
            answer = await filled.get(f"/v1/{path}", params={name: "1", "limit": "1"})
            assert errors_of(answer) == [(name, "extra_forbidden")]

    @every_list
    async def test_by_visibility_let_in_and_keep_out(self, filled: httpx.AsyncClient, path: str) -> None:
        whole = await items_of(filled, path, limit=200)
        for visibility in ("public", "partners"):
            wanted = [entry for entry in whole if entry["visibility"] == visibility]
            assert 0 < len(wanted) < len(whole)
            assert await items_of(filled, path, visibility=visibility) == wanted
        assert await items_of(filled, path, visibility=["public", "partners"], limit=200) == whole

    @every_list
    @pytest.mark.parametrize("stamp", ["created_at", "updated_at"])
    async def test_by_time_are_half_open(self, filled: httpx.AsyncClient, path: str, stamp: str) -> None:
        whole = await items_of(filled, path, limit=200, sort=stamp)
        # What was loaded together has one time.
        middle = max(entry[stamp] for entry in whole[: len(whole) // 2 + 1])
        if middle == whole[0][stamp]:
            middle = next(entry[stamp] for entry in whole if entry[stamp] > middle)
        earlier = [entry for entry in whole if entry[stamp] < middle]
        later = [entry for entry in whole if entry[stamp] >= middle]
        assert earlier
        assert later[0][stamp] == middle
        assert await items_of(filled, path, sort=stamp, **{f"{stamp}_from": middle}) == later
        assert await items_of(filled, path, sort=stamp, **{f"{stamp}_before": middle}) == earlier
        both = {f"{stamp}_from": earlier[-1][stamp], f"{stamp}_before": middle}
        assert await items_of(filled, path, sort=stamp, **both) == [
            entry for entry in earlier if entry[stamp] == earlier[-1][stamp]
        ]

    async def test_that_are_repeated_mean_any_of_them(self, client: httpx.AsyncClient) -> None:
        assert await ids_of(client, "partners", slug=["landeshauptstadt-dresden", "liga-dresden"]) == {CITY, LIGA}
        assert len(await ids_of(client, "partners", kind=["municipality", "umbrella_association"])) == 2


def composed(names: list[str]) -> set[str]:
    """The names as the register stores them."""
    return {normalize("NFC", name) for name in names}


class TestSearch:
    @every_list
    async def test_finds_text_in_any_case_with_umlauts(self, filled: httpx.AsyncClient, path: str) -> None:
        names = {entry["id"]: entry[NAMES[path]] for entry in await items_of(filled, path, limit=200)}
        for asked, found in (
            ("FÖRDERUNG", ["Förderung Xyz", "forderung xyz", "Fo\u0308rderung nfd Xyz"]),
            ("förderung xyz", ["Förderung Xyz", "forderung xyz"]),
            ("FO\u0308RDERUNG", ["Förderung Xyz", "forderung xyz", "Fo\u0308rderung nfd Xyz"]),
            ("Forderung nfd", ["Fo\u0308rderung nfd Xyz"]),
            ("STRASSE", ["Straße Xyz"]),
            ("straße", ["Straße Xyz"]),
            ("% xyz", ["100 % Xyz"]),
            ("_", ["a_b Xyz"]),
            ("a_b", ["a_b Xyz"]),
            ("\\", ["a\\b Xyz"]),
            ("a\\", ["a\\b Xyz"]),
            ("😀", ["😀 Xyz"]),
            ("'; --", []),
            ("xyz", SEARCHED),
        ):
            ids = await ids_of(filled, path, q=asked)
            assert {names[id] for id in ids} & composed(SEARCHED) == composed(found), asked

    @every_list
    async def test_looks_through_no_other_text(self, filled: httpx.AsyncClient, path: str) -> None:
        """Ids, codes of vocabularies and JSON are no text of the resource."""
        for asked in ("visibility", "created_at", "public", NOWHERE[:8], '":'):
            assert await items_of(filled, path, q=asked) == []

    @any_database
    @every_list
    async def test_refuses_what_no_text_contains(self, client: httpx.AsyncClient, path: str) -> None:
        for asked, code in (
            ("", "string_too_short"),
            ("a" * 201, "string_too_long"),
            ("a\nb", "line_break"),
            ("a\u2028b", "line_break"),
            ("\0", "control_character"),
            ("\u007f", "control_character"),
            (" ", "invisible_text"),
            ("\u00a0\u00ad\u200b", "invisible_text"),
            ("\u0301", "invisible_text"),
        ):
            assert errors_of(await client.get(f"/v1/{path}", params={"q": asked})) == [("q", code)]
        assert (await client.get(f"/v1/{path}", params={"q": "ä" * 200})).json()["items"] == []
