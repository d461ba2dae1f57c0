"""Every field of every body: what the contract promises is accepted, and all beyond is refused with its place.

The cases come from the contract itself, so a new field is tried as soon as it is there. One request tries a case of
every field at once: each wrong one must be named, and no other.
"""

import json
import unicodedata
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice, pairwise
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.resources.external_ids import EXTERNAL_IDS
from app.schema import fields, text
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import CITY, PATHS, body_of, delete, make, numbers, patch
from tests.kinds import POSTED, REFERENCES, THERE, sample_of
from tests.problems import problem_of
from tests.schemas import Schema, body_schema, resolved, takes_null

ONCE_EACH = {"participants": "partner_id", "memberships": "umbrella_id"}
"""Lists in which nobody stands twice, each with the field that says who it is."""
ACCEPTED = {"post": 201, "patch": 200}
BODIES = [(path, method) for path in PATHS for method in ("post", "patch")]

Step = str | int


@dataclass(frozen=True, eq=False)
class Place:
    """A value in a body, and what it may hold."""

    path: tuple[Step, ...]
    schema: Schema
    nullable: bool

    @property
    def pointer(self) -> str:
        return "#/" + "/".join(str(step) for step in self.path)

    @property
    def name(self) -> str:
        return next(step for step in reversed(self.path) if isinstance(step, str))

    @property
    def is_container(self) -> bool:
        return self.schema.get("type") in {"array", "object"}


def places(schema: Schema, path: tuple[Step, ...] = ()) -> Iterator[Place]:
    """Every value in a body, those in the first entry of each array too."""
    for name, member in schema.get("properties", {}).items():
        yield from place(member, (*path, name))


def place(schema: Schema, path: tuple[Step, ...]) -> Iterator[Place]:
    """One value and those in it."""
    inner = resolved(schema)
    yield Place(path, inner, takes_null(schema))
    if inner.get("type") == "array":
        yield from place(inner["items"], (*path, 0))
    elif inner.get("type") == "object" and "properties" in inner:
        yield from places(inner, path)
    elif inner.get("type") == "object":
        yield from place(inner["additionalProperties"], (*path, "en"))


# What rules between fields leave of their values: an end after the start, a status with its reason, a zone that exists.
RULED: dict[str, list[Any]] = {
    "starts_at": ["1000-01-02T00:00:00Z", "2024-02-29t10:00:00.5z", "2024-06-01T23:30:00-05:00"],
    "ends_at": ["2999-12-31T23:59:59Z", "2024-02-29T10:00:01+00:00", "2024-06-02T06:30:01+02:00"],
    "status_reason": ["Grund", "ä" * 20_000],
    "signed_on": ["1000-01-01", "2024-02-29"],
    "reached_on": ["1000-01-01", "2024-02-29"],
    "baseline_on": ["1000-01-01", "2999-12-30", "2024-02-28"],
    "target_on": ["1000-01-02", "2999-12-31", "2024-02-29"],
    "timezone": ["Europe/Berlin", "UTC", "America/Argentina/ComodRivadavia", "Europe/Kiev"],
}
SENT_ALONG = {"ends_at", "starts_at", "status_reason", "baseline_on", "target_on"}
LONGEST_EMAIL = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 58}.de"
GOOD_FORMS: dict[str, list[Any]] = {
    "date": ["1000-01-01", "2999-12-31", "2024-02-29"],
    "email": [LONGEST_EMAIL, "kontakt@diakonie-dresden.de"],
}
LETTERS = "Ärzte & Pflege — „größer“ 😀 e\u0301 ﬀ"


def good_values(place: Place) -> list[Any]:
    """Values that a field must accept, those at its limits among them."""
    schema = place.schema
    if place.name in RULED:
        return RULED[place.name]
    if "enum" in schema or schema["type"] == "boolean":
        return list(schema.get("enum", [True, False]))
    if schema["type"] in {"integer", "number"}:
        return [schema["minimum"], schema["maximum"], float(schema["minimum"] + 1)]
    if schema.get("format") == "uuid":
        there = THERE.get(REFERENCES[place.name])
        return [there, there.upper()] if there else [None]
    return GOOD_FORMS.get(schema.get("format", "")) or [
        *(text_of(schema, length) for length in lengths(schema)),
        *spellings(schema),
    ]


def lengths(schema: Schema) -> list[int]:
    """The shortest and the longest that a text can be."""
    shortest = {fields.URL_PATTERN: 8, fields.LANGUAGE_PATTERN: 2}.get(schema["pattern"], schema.get("minLength", 0))
    return sorted({shortest, schema["maxLength"]})


def text_of(schema: Schema, length: int) -> str:
    """A text of a length."""
    match schema["pattern"]:
        case text.LINE_PATTERN | text.PARAGRAPHS_PATTERN:
            return "ä" * length
        case fields.URL_PATTERN:
            return "http://a" if length == 8 else "https://a.de:65535/?q=".ljust(length, "ü")
        case fields.LANGUAGE_PATTERN:
            return "de" + "-abcdefgh" * ((length - 2) // 9) + "-abcdefgh"[: (length - 2) % 9]
        case _:
            return "1" * length


def decomposed(letters: str) -> str:
    """The same letters, each taken apart as some systems send them."""
    return unicodedata.normalize("NFD", letters)


def spellings(schema: Schema) -> list[str]:
    """Texts that must come back as they were sent, in NFC."""
    match schema["pattern"]:
        case text.LINE_PATTERN:
            return [LETTERS, decomposed("ä" * schema["maxLength"])]
        case text.PARAGRAPHS_PATTERN:
            return [LETTERS, " \tZeile\nZeile\r\n ", decomposed("ä" * schema["maxLength"])]
        case fields.SLUG_PATTERN:
            return ["a-1", "1-a-b2"]
        case fields.URL_PATTERN:
            return ["https://köln.de/ä?b=c&d#e", "HTTP://a.de".lower()]
        case _:
            return []


WRONG_TYPES: dict[str, list[Any]] = {
    "string": [5, 5.5, True, [], {}, ["a"]],
    "integer": [True, False, "5", "", 5.5, 1e300, [], {}, 2**31, -(2**63), 10**30],
    "number": [True, False, "5", "", 1e300, -1e300, [], {}, 10**30],
    "boolean": ["true", "yes", "", 0, 1, 1.0, [], {}],
    "array": ["x", 5, True, {}, {"0": "x"}],
    "object": ["x", 5, True, []],
}

WRONG_TEXTS: dict[str, list[str]] = {
    text.LINE_PATTERN: [
        *(" a", "a ", "\u00a0a", "a\u3000", "\u2003a"),
        *("a\nb", "a\r", "a\u0085", "a\u2028b", "a\u2029"),
        *("a\tb", "a\u0007", "\u007f", "a\u202eb", "a\u2066", "\u2069a"),
        *(" ", "\u00a0", "\u00ad", "\u200b\u200d", "\u3164", "\u2800", "\u0301", "\u093f", "\U000e0100\ufe0f"),
    ],
    text.PARAGRAPHS_PATTERN: ["a\u0007", "\u001b[31m", "a\u007f", "a\u009f", "a\u202eb", "a\u202a", "a\u2067b"],
    fields.SLUG_PATTERN: ["A", "a_b", "-a", "a-", "a--b", "ä", "a b", "a/b", "a\n", "٣"],
    fields.URL_PATTERN: [
        "",
        "a.de",
        "//a.de",
        "ftp://a.de",
        "javascript:alert(1)",
        "https://",
        "https://user@a.de",
        "https://a.de/ b",
        "https://a.de/\n",
        'https://a.de/"',
        "https://a.de/\u202e",
        "https://a\u0085.de",
        "https://a.de/\u2028",
        "https://a.de/\u00a0",
        "https://a\u202e.de",
        "https://\u2066a.de",
        "HTTPS://a.de",
    ],
    fields.LANGUAGE_PATTERN: ["", "d", "DE", "deutsch", "de_DE", "de-", "de-a", "d€"],
    "^[0-9]{8}$": ["1461200", "146120000", "1461200x", "1461200٣", " 1461200"],
    fields.ZONE_PATTERN: [
        *("", "Europe/Dresden", "europe/berlin", "../UTC", "UTC\n", "Europe/", "Europe", "posix/Europe/Berlin"),
        *("CEST", "CET", "EST5EDT", "Etc/GMT+5", "Etc/UTC", "GMT", "Factory", "localtime", "posixrules", "US/Eastern"),
    ],
}

WRONG_FORMS: dict[str, list[Any]] = {
    "uuid": [
        "",
        "5",
        "0198c5d27c1e7a639f103b5f0f6f2a11",
        "{0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11}",
        "urn:uuid:0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11",
        "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a1",
        "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a1g",
        0,
    ],
    "date": [
        "",
        0,
        20240101,
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "0999-12-31",
        "3000-01-01",
        "0000-01-01",
        "2024-2-3",
        "20240203",
        "2024-W01-1",
        "2024-01-01T00:00:00Z",
        " 2024-01-01",
        "2024-01-01\n",
        "٢٠٢٤-01-01",
        "heute",
    ],
    "date-time": [
        "",
        0,
        1_700_000_000,
        1.5,
        "1700000000",
        "2024-01-01",
        "2024-01-01T10:00:00",
        "2024-01-01T10:00Z",
        "2024-01-01 10:00:00Z",
        "2024-02-30T10:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T10:60:00Z",
        "2024-01-01T10:00:60Z",
        "2024-01-01T10:00:00+24:00",
        "2024-01-01T10:00:00+01:60",
        "2024-01-01T10:00:00+0100",
        "2024-01-01T10:00:00.Z",
        "0999-12-31T23:59:59Z",
        "1000-01-01T00:00:00+00:01",
        "2999-12-31T23:59:59-00:01",
        "3000-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "20240101T100000Z",
        "2024-W01-1T10:00:00Z",
    ],
    "email": [
        "",
        "a",
        "a@",
        "@b.de",
        "a@b",
        "a b@c.de",
        "A <a@b.de>",
        "a@b.de,c@d.de",
        "a@b.de\n",
        "a\u202e@b.de",
        f"{LONGEST_EMAIL}x",
    ],
}


def bad_values(place: Place) -> list[Any]:
    """Values that a field must refuse."""
    schema = place.schema
    values: list[Any] = [] if place.nullable else [None]
    values += WRONG_TYPES[schema["type"]]
    if schema["type"] == "array":
        return [*values, [[]], [None], *too_many(schema)]
    if schema["type"] == "object":
        return values + ([] if "properties" in schema else bad_names(schema))
    if schema["type"] in {"integer", "number"}:
        return [*values, schema["minimum"] - 1, schema["maximum"] + 1]
    if "enum" in schema:
        return [*values, "", "nonsense", schema["enum"][0].upper(), f"{schema['enum'][0]} "]
    if "format" in schema or schema["type"] == "boolean":
        return values + WRONG_FORMS.get(schema.get("format", ""), [])
    too_short = [""] if schema.get("minLength") else []
    return [*values, *WRONG_TEXTS[schema["pattern"]], *too_short, text_of(schema, schema["maxLength"]) + "1"]


def bad_names(schema: Schema) -> list[Any]:
    """Objects with more members than there may be, or with one whose name is not of the form that it must be."""
    names = [f"a{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"][: schema["maxProperties"] + 1]
    return [dict.fromkeys(names, "x"), {"Deutsch!": "x"}, {"": "x"}]


def too_many(schema: Schema) -> list[Any]:
    """An array with one entry more than it may have, and one with an entry twice."""
    entries = many(schema, schema["maxItems"] + 1)
    return [entries, entries[:1] * 2] if schema.get("uniqueItems") else [entries]


def many(schema: Schema, length: int) -> list[Any]:
    """That many entries, each once as far as there are so many."""
    entry = resolved(schema["items"])
    if "enum" in entry:
        return (list(entry["enum"]) * 2)[:length]
    if entry["type"] == "object":
        differs, full = "id" if schema.get("uniqueItems") else None, full_entry(entry)
        return [full | ({differs: f"Nr. {next(numbers)}"} if differs else {}) for _ in range(length)]
    if entry["type"] == "integer":
        return list(range(1, length + 1))
    return [str(uuid4()) if entry.get("format") == "uuid" else f"Nr. {number}" for number in range(length)]


def full_entry(schema: Schema) -> dict[str, Any]:
    """An entry of an array, with every field."""
    scalars = (each for each in places(schema) if len(each.path) == 1 and not each.is_container)
    return {each.path[0]: good_values(each)[0] for each in scalars}  # type: ignore[misc]


def put(body: dict[str, Any], path: Sequence[Step], value: Any) -> None:
    """Set the value at a place; what leads to it is made."""
    current: Any = body
    for step, following in pairwise(path):
        if isinstance(step, int):
            if not current:
                current.append([] if isinstance(following, int) else {})
            current = current[0]
        else:
            current = current.setdefault(step, [] if isinstance(following, int) else {})
    if isinstance(path[-1], int):
        current[:] = [value]
    else:
        current[path[-1]] = value


def rounds(cases: dict[Place, list[Any]]) -> Iterator[dict[Place, Any]]:
    """The first case of every place, then the second of those that have one ..."""
    for number in range(max(map(len, cases.values()), default=0)):
        yield {place: values[number] for place, values in cases.items() if number < len(values)}


class Target:
    """Where bodies are sent, and how the answer tells whether they were accepted."""

    def __init__(self, client: httpx.AsyncClient, path: str, method: str) -> None:
        self.client, self.path, self.method = client, path, method
        self.places = list(places(body_schema(path, method)))
        self.made: dict[str, Any] = {}

    async def prepare(self) -> None:
        """Make what bodies refer to, with every number still free, and what is patched."""
        self.parents: dict[str, Any] = {}
        if self.path == "goals":
            agreement = await make(self.client, "agreements")
            topic = await make(self.client, "topics", agreement_id=agreement["id"])
            self.parents = {"agreement_id": agreement["id"], "topic_id": topic["id"]}
        if self.path == "sub-measures":
            self.parents = {"goal_id": (await make(self.client, "goals"))["id"]}
        # Of what Dresden's agreement brings none, one is made.
        names = {each.name for each in self.places if not each.is_container}
        self.links = {
            name: (await make(self.client, REFERENCES[name]))["id"]
            for name in names & REFERENCES.keys()
            if REFERENCES[name] not in THERE
        }
        if self.method == "patch":
            self.made = await make(self.client, self.path, **self.parents)

    async def send(self, **values: Any) -> httpx.Response:
        """Send a body with these fields."""
        if self.method == "post":
            if self.path == "sub-measures":
                values.setdefault("number", next(numbers))
            return await self.client.post(f"/v1/{self.path}", json=body_of(self.path, **(self.parents | values)))
        answer = await patch(self.client, self.path, self.made, **values)
        if answer.status_code == 200:
            self.made = answer.json()
        return answer

    async def send_text(self, text: str) -> httpx.Response:
        """Send a body as it is."""
        address = f"/v1/{self.path}" if self.method == "post" else f"/v1/{self.path}/{self.made['id']}"
        headers = {"Content-Type": "application/json", "If-Match": "*"}
        return await self.client.request(self.method, address, content=text, headers=headers)

    def good(self, place: Place) -> list[Any]:
        """The good values of a place, where the parents of this target are the only ones that go together."""
        given = sample_of(self.path).allowed.get(place.name)
        if given is not None and len(place.path) == 1:
            return list(given)
        one = self.links.get(place.name) or (self.parents.get(place.name) if len(place.path) == 1 else None)
        return [one, one.upper()] if one else good_values(place)


@pytest.fixture(scope="module")
async def register(templates: Templates) -> AsyncIterator[httpx.AsyncClient]:
    """One register for all: what one test leaves behind is in no other one's way, and a copy for each would take long."""
    async with (
        templates.fresh("seeded") as settings,
        running(settings) as app,
        client_of(app, templates.keys["operator"]) as client,
    ):
        yield client


@pytest.fixture
async def target(register: httpx.AsyncClient, request: pytest.FixtureRequest) -> Target:
    """The target that a test names as its parameter."""
    path, method = request.param
    target = Target(register, path, method)
    await target.prepare()
    return target


every_body = pytest.mark.parametrize("target", BODIES, ids=" ".join, indirect=True)


def expected_of(value: Any, place: Place) -> Any:
    """How a value that was accepted is answered."""
    match place.schema.get("format"):
        case "uuid":
            return value.lower()
        case "date-time":
            moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
            return moment.isoformat().replace("+00:00", "Z")
        case _:
            return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def found_at(body: Any, path: Sequence[Step]) -> Any:
    """The value at a place."""
    for step in path:
        body = body[step]
    return body


def unstated_time(value: Any) -> Any:
    """A time as one can compare it; anything else as it is."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and value.endswith("Z") else value
    except ValueError:
        return value


@every_body
class TestFields:
    async def test_accept_what_is_in_their_limits_and_answer_it(self, target: Target) -> None:
        scalars = [each for each in target.places if not each.is_container]
        cases = {each: target.good(each) for each in scalars}
        for wanted in rounds(cases):
            body: dict[str, Any] = {}
            for each, value in wanted.items():
                put(body, each.path, value)
            for each in scalars:
                # An entry is sent as a whole; what must differ from one resource to the next is not sent again.
                if each not in wanted and (len(each.path) > 1 or each.name in SENT_ALONG):
                    differs = each.path[0] == EXTERNAL_IDS
                    put(body, each.path, f"s{next(numbers)}" if differs else cases[each][-1])
            state = POSTED[target.path].state
            if target.method == "patch" and POSTED[target.path].transitions and state in body:
                # Not each status can follow the one before: a resource that has it keeps it.
                if not any(child.kept for child in POSTED[target.path].lists.values()):
                    assert (await delete(target.client, target.path, target.made)).status_code == 204
                reasons = {"status_reason"} & {each.name for each in scalars}
                target.made = await make(
                    target.client, target.path, **target.parents, **{state: body[state]}, **dict.fromkeys(reasons, "x")
                )
            answer = await target.send(**body)
            assert answer.status_code == ACCEPTED[target.method], answer.text
            for each, value in wanted.items():
                got = found_at(answer.json(), each.path)
                assert unstated_time(got) == unstated_time(expected_of(value, each)), each.pointer
            read = await target.client.get(f"/v1/{target.path}/{answer.json()['id']}")
            assert read.json() == answer.json()
            if body.get(EXTERNAL_IDS):
                # The next one has the same.
                freed = await patch(target.client, target.path, read.json(), **{EXTERNAL_IDS: []})
                target.made = freed.json() if target.method == "patch" else target.made

    @any_database
    @pytest.mark.parametrize("most", [1, pytest.param(None, id="all", marks=pytest.mark.thorough)])
    async def test_refuse_what_is_beyond_with_its_place(self, target: Target, most: int | None) -> None:
        """One case of every field, or all."""
        tried = set()
        for containers in (False, True):
            chosen = {each: bad_values(each) for each in target.places if each.is_container is containers}
            for level in sorted({len(each.path) for each in chosen}):
                cases = {each: values for each, values in chosen.items() if len(each.path) == level}
                for wrong in islice(rounds(cases), most):
                    body: dict[str, Any] = {}
                    for each, value in wrong.items():
                        for above in target.places:
                            is_above = above.path == each.path[: len(above.path)] != each.path
                            if is_above and "properties" in above.schema and not has(body, above.path):
                                put(body, above.path, full_entry(above.schema))
                        put(body, each.path, value)
                        tried.add(each)
                    answer = await target.send(**body)
                    errors = problem_of(answer, 422, "validation-error")["errors"]
                    named = {named_place(error["pointer"], wrong) for error in errors}
                    assert named == {each.pointer for each in wrong}, body
        assert tried == set(target.places)

    @any_database
    async def test_hold_null_only_where_the_contract_says_so(self, target: Target) -> None:
        top = [each for each in target.places if len(each.path) == 1]
        names = [each.name for each in top if each.nullable and each.name not in sample_of(target.path).given]
        answer = await target.send(**dict.fromkeys(names))
        assert answer.status_code == ACCEPTED[target.method], answer.text
        assert all(answer.json()[name] is None for name in names)
        answer = await target.send(**{each.name: None for each in top if not each.nullable})
        errors = problem_of(answer, 422, "validation-error")["errors"]
        assert {error["pointer"] for error in errors} == {each.pointer for each in top if not each.nullable}

    @any_database
    async def test_hold_as_many_entries_as_the_contract_says(self, target: Target) -> None:
        for each in target.places:
            if each.schema["type"] != "array":
                continue
            entries = many(each.schema, each.schema["maxItems"])
            if each.name in ONCE_EACH:
                entries = [entry | {ONCE_EACH[each.name]: str(uuid4())} for entry in entries]
            body: dict[str, Any] = {each.name: entries}
            if len(each.path) > 1:
                above = next(other for other in target.places if other.path == each.path[:-1])
                body = {above.name: full_entry(above.schema) | body}
            answer = await target.send(**body)
            if each.name in ONCE_EACH or resolved(each.schema["items"]).get("format") == "uuid":
                # So many partners are not there, but the number itself is not what is wrong.
                errors = problem_of(answer, 422, "validation-error")["errors"]
                assert {error["code"] for error in errors} == {"unknown_reference"}
            else:
                assert answer.status_code == ACCEPTED[target.method], answer.text
                assert len(found_at(answer.json(), each.path)) == each.schema["maxItems"]

    @any_database
    async def test_are_only_those_of_the_contract(self, target: Target) -> None:
        answer = await target.send(nonsense=1, id=CITY, version=1, created_at="2024-01-01T00:00:00Z", Title="x")
        errors = problem_of(answer, 422, "validation-error")["errors"]
        assert [(error["pointer"], error["code"]) for error in errors] == [
            (f"#/{name}", "extra_forbidden") for name in ("nonsense", "id", "version", "created_at", "Title")
        ]
        for each in target.places:
            if each.schema["type"] == "array" and "properties" in resolved(each.schema["items"]):
                entry = full_entry(resolved(each.schema["items"]))
                answer = await target.send(**{each.name: [entry, entry | {"nonsense": None}]})
                (error,) = problem_of(answer, 422, "validation-error")["errors"]
                assert (error["pointer"], error["code"]) == (f"#/{each.name}/1/nonsense", "extra_forbidden")

    @any_database
    async def test_are_required_as_the_contract_says(self, target: Target) -> None:
        for each in target.places:
            if each.schema["type"] == "array" and "properties" in resolved(each.schema["items"]):
                required = resolved(each.schema["items"]).get("required", [])
                answer = await target.send(**{each.name: [{}]})
                if not required:
                    assert answer.status_code == ACCEPTED[target.method], answer.text
                    continue
                errors = problem_of(answer, 422, "validation-error")["errors"]
                assert [error["pointer"] for error in errors] == [f"#/{each.name}/0/{name}" for name in required]
                assert {error["code"] for error in errors} == {"missing"}
        schema = body_schema(target.path, target.method)
        if target.method == "post":
            answer = await target.client.post(f"/v1/{target.path}", json={})
            errors = problem_of(answer, 422, "validation-error")["errors"]
            assert {error["pointer"] for error in errors} == {f"#/{name}" for name in schema["required"]}
        else:
            assert "required" not in schema

    @any_database
    async def test_hold_no_nul(self, target: Target) -> None:
        """No database keeps it, so a body with it is as unreadable as one with a lone surrogate: what a POST has in one place,
        a PATCH has in the next."""
        broken = cycle(("a\0b", "\ud800") if target.method == "post" else ("\ud800", "a\0b"))
        for each, text_that_is_none in zip(target.places, broken, strict=False):
            body: dict[str, Any] = {}
            put(body, each.path, text_that_is_none)
            answer = await target.send_text(json.dumps(body))
            problem_of(answer, 400, "malformed-request")


EQUAL_NUMBERS = (("2", "2.0", "2e0", "20e-1"), ("0", "-0.0", "0e7", "-0"))


@any_database
@pytest.mark.parametrize("target", [(path, "patch") for path in PATHS], ids=" ".join, indirect=True)
class TestEqualContent:
    """However it is spelled, content that is equal is stored once, and sent again it changes nothing."""

    async def test_is_the_same_text(self, target: Target) -> None:
        patterns = {text.LINE_PATTERN, text.PARAGRAPHS_PATTERN}
        body: dict[str, Any] = {}
        for each in target.places:
            if each.schema.get("pattern") in patterns and len(each.path) == 1:
                put(body, each.path, "Übergänge für Łódź")
        assert body
        first = await target.send_text(json.dumps(body))
        again = await target.send_text(decomposed(json.dumps(body, ensure_ascii=False)))
        assert again.status_code == 200, again.text
        assert again.json() == first.json()

    @pytest.mark.parametrize("spelled", EQUAL_NUMBERS, ids=["two", "zero"])
    async def test_is_the_same_number(self, target: Target, spelled: Sequence[str]) -> None:
        number = float(spelled[0])
        names = [
            each.name
            for each in target.places
            if each.schema.get("type") in {"integer", "number"}
            and len(each.path) == 1
            and each.schema["minimum"] <= number <= each.schema["maximum"]
        ]
        bodies = ["{" + ",".join(f'"{name}":{digits}' for name in names) + "}" for digits in spelled]
        first, *others = [await target.send_text(each) for each in bodies]
        assert first.status_code == 200, first.text
        assert all(each.content == first.content for each in others)
        reverse = [await target.send_text(each) for each in reversed(bodies)]
        assert all(each.content == first.content for each in reverse)


def has(body: Any, path: Sequence[Step]) -> bool:
    """Whether a body has something at a place."""
    try:
        found_at(body, path)
    except (KeyError, IndexError):
        return False
    return True


def named_place(pointer: str, wrong: dict[Place, Any]) -> str:
    """The place that was wrong, when the error stands in an entry of it."""
    for each in wrong:
        if pointer == each.pointer or (each.is_container and pointer.startswith(f"{each.pointer}/")):
            return each.pointer
    return pointer
