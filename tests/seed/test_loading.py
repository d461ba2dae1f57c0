"""Loading an agreement: what the file says is what is served, and what partners did stays as they did it."""

import asyncio
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from app.cli import Failed, load_content, read_agreement, verify_all
from app.resources.ids import named_id
from app.settings import Settings
from tests.conftest import client_of, running
from tests.factories import CARITAS, delete, goal_id, items_of, make, measure_id, patch

BUILT_IN = (files("app") / "data/agreement.yaml").read_text("utf-8")
RESOURCES = ("agreements", "partners", "topics", "goals", "sub-measures", "consultation-events")

OTHER_CITY = """
agreement: {slug: leipzig-2025, title: Vereinbarung Leipzig, signed_on: 2025-02-01}
partners:
  - {slug: stadtverein, name: Stadtverein, kind: member_association, member_of: verband}
  - {slug: verband, name: Verband, kind: umbrella_association}
  - {slug: caritas-dresden, name: Caritas unter anderem Namen, kind: other}
topics:
  - {slug: health, name_de: Gesundheit}
goals:
  - {number: 1, topic: health, title: Gesund leben, sub_measures: [Sport, Ernährung]}
"""


def facts() -> Any:
    """The built-in file, read without the register's own reader."""
    return yaml.load(BUILT_IN, yaml.BaseLoader)  # noqa: S506 (it makes nothing but text)


async def everything(client: httpx.AsyncClient) -> dict[str, list[dict[str, Any]]]:
    """The whole register, as it is served."""
    return {path: await items_of(client, path) for path in RESOURCES}


def without_stamps(resource: dict[str, Any]) -> dict[str, Any]:
    """What was said about a resource, without what the register adds, and without what nobody said."""
    stamps = ("id", "version", "created_at", "updated_at")
    return {name: value for name, value in resource.items() if name not in stamps and value not in (None, [], {})}


def write(path: Path, text: str) -> Path:
    """A file with this text."""
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """Another city's file."""
    return write(tmp_path / "leipzig.yaml", OTHER_CITY)


class TestBuiltInAgreement:
    def test_is_what_was_agreed(self) -> None:
        content = facts()
        assert content["agreement"]["slug"] == "dresden-liga-2024"
        assert [len(content[part]) for part in ("partners", "topics", "goals")] == [8, 5, 5]
        assert [len(goal["sub_measures"]) for goal in content["goals"]] == [2, 3, 7, 2, 3]

    async def test_is_served_as_it_stands_in_the_file(self, client: httpx.AsyncClient) -> None:
        content, agreement = facts(), facts()["agreement"]
        served = {path: [without_stamps(each) for each in found] for path, found in (await everything(client)).items()}
        public = {"visibility": "public"}
        partner_id = {each["slug"]: str(named_id("partners", each["slug"])) for each in content["partners"]}
        topic = {each["slug"]: str(named_id("topics", agreement["slug"], each["slug"])) for each in content["topics"]}
        agreement_id = str(named_id("agreements", agreement["slug"]))

        signatories = [
            {"name": each["name"], "function": each["function"], "partner_id": partner_id[each["partner"]]}
            for each in agreement.pop("signatories")
        ]
        del agreement["exchange"], agreement["early_involvement"]
        assert served["agreements"] == [{**agreement, **public, "language": "de", "signatories": signatories}]

        partners = []
        for each in content["partners"]:
            if "member_of" in each:
                each["member_of_id"] = partner_id[each.pop("member_of")]
            if "staff_count" in each:
                each["staff_count"] = int(each["staff_count"])
            partners.append(each | public)
        assert sorted(served["partners"], key=str) == sorted(partners, key=str)

        assert {each["slug"]: each for each in served["topics"]} == {
            each["slug"]: {
                "agreement_id": agreement_id,
                "slug": each["slug"],
                "name": each["name_de"],
                "translations": {"en": each["name_en"]},
                **public,
            }
            for each in content["topics"]
        }
        assert served["goals"] == [
            {
                "agreement_id": agreement_id,
                "topic_id": topic[goal["topic"]],
                "number": int(goal["number"]),
                "title": goal["title"],
                **public,
            }
            for goal in content["goals"]
        ]
        assert served["sub-measures"] == [
            {
                "goal_id": goal_id(int(goal["number"])),
                "number": number,
                "code": f"{goal['number']}.{number}",
                "title": title,
                "status": "agreed",
                **public,
            }
            for goal in content["goals"]
            for number, title in enumerate(goal["sub_measures"], 1)
        ]
        assert served["consultation-events"] == []

    async def test_has_the_same_ids_in_every_installation(self, client: httpx.AsyncClient) -> None:
        """They stand in other systems and in bookmarks: a change of these three is a change of all."""
        for path, name in {
            "agreements/a5bee32d-270e-5adc-96d8-cda1c6650974": "dresden-liga-2024",
            "partners/4db3c7cf-7e68-5975-9d97-8ccb4d6acffa": "liga-dresden",
        }.items():
            assert (await client.get(f"/v1/{path}")).json()["slug"] == name
        assert (await client.get("/v1/sub-measures/b8a21715-d6a3-562d-b333-eddc00963720")).json()["code"] == "3.4"

    async def test_is_packaged(self) -> None:
        """Without a file named, the command loads what came with the package."""
        assert read_agreement(None).agreement.slug == "dresden-liga-2024"


class TestLoadingAgain:
    async def test_changes_nothing(self, settings: Settings, client: httpx.AsyncClient) -> None:
        before = await everything(client)
        for _ in range(2):
            loaded = await load_content(settings, read_agreement(None))
            assert (len(loaded.unchanged), loaded.added, loaded.kept, loaded.deleted) == (36, [], [], [])
            assert await everything(client) == before

    async def test_keeps_what_partners_changed_and_deleted(self, settings: Settings, client: httpx.AsyncClient) -> None:
        measure = (await client.get(f"/v1/sub-measures/{measure_id(3, 4)}")).json()
        changed = (await patch(client, "sub-measures", measure, status="in_progress")).json()
        noted = (await client.get(f"/v1/sub-measures/{measure_id(3, 5)}")).json()
        await patch(client, "sub-measures", noted, summary="Die Datei sagt dazu nichts.")
        gone = (await client.get(f"/v1/sub-measures/{measure_id(1, 2)}")).json()
        assert (await delete(client, "sub-measures", gone)).status_code == 204
        caritas = (await client.get(f"/v1/partners/{CARITAS}")).json()
        assert (await delete(client, "partners", caritas)).status_code == 204
        before = await everything(client)

        loaded = await load_content(settings, read_agreement(None))
        assert loaded.kept == ["sub-measures/dresden-liga-2024/3/4"]
        assert loaded.deleted == ["partners/caritas-dresden", "sub-measures/dresden-liga-2024/1/2"]
        assert (loaded.added, len(loaded.unchanged)) == ([], 33)
        assert await everything(client) == before
        assert (await client.get(f"/v1/sub-measures/{measure_id(3, 4)}")).json() == changed
        assert (await client.get(f"/v1/sub-measures/{measure_id(1, 2)}")).status_code == 410

    async def test_adds_what_is_new_in_the_file(
        self, settings: Settings, client: httpx.AsyncClient, another: Path
    ) -> None:
        await load_content(settings, read_agreement(another))
        longer = write(another, OTHER_CITY.replace("[Sport, Ernährung]", "[Sport, Ernährung, Schlaf]"))
        loaded = await load_content(settings, read_agreement(longer))
        assert loaded.added == ["sub-measures/leipzig-2025/1/3"]
        assert "Schlaf" in [each["title"] for each in await items_of(client, "sub-measures")]

    async def test_at_the_same_time_loads_once(self, empty_settings: Settings) -> None:
        """Two replicas that start together: one loads, the other finds it or is told that it was too late."""
        results = await asyncio.gather(
            *(load_content(empty_settings, read_agreement(None)) for _ in range(2)), return_exceptions=True
        )
        complete = [each for each in results if not isinstance(each, BaseException)]
        assert complete
        assert {len(each.added) for each in complete} <= {36, 0}
        assert {type(each) for each in results if isinstance(each, BaseException)} <= {Failed}
        assert await verify_all(empty_settings) == (36, [])

    async def test_says_so_when_a_slug_is_taken(self, empty_settings: Settings) -> None:
        async with running(empty_settings) as app, client_of(app) as client:
            await make(client, "partners", slug="liga-dresden", name="Von Hand angelegt")
            before = await everything(client)
            with pytest.raises(Failed, match="slug"):
                await load_content(empty_settings, read_agreement(None))
            assert await everything(client) == before


class TestAnotherCity:
    async def test_loads_beside_the_first(self, settings: Settings, client: httpx.AsyncClient, another: Path) -> None:
        before = await everything(client)
        loaded = await load_content(settings, read_agreement(another))
        assert loaded.added == [
            "partners/verband",
            "partners/stadtverein",
            "agreements/leipzig-2025",
            "topics/leipzig-2025/health",
            "goals/leipzig-2025/1",
            "sub-measures/leipzig-2025/1/1",
            "sub-measures/leipzig-2025/1/2",
        ]
        assert loaded.kept == ["partners/caritas-dresden"]
        after = await everything(client)
        for path, found in before.items():
            assert [each for each in after[path] if each in found] == found
        measures = await items_of(client, "sub-measures", agreement_id=str(named_id("agreements", "leipzig-2025")))
        assert [(each["code"], each["title"]) for each in measures] == [("1.1", "Sport"), ("1.2", "Ernährung")]
        (member,) = await items_of(client, "partners", member_of_id=str(named_id("partners", "verband")))
        assert member["slug"] == "stadtverein"
        assert await verify_all(settings) == (43, [])

    async def test_loads_into_an_empty_register(self, empty_settings: Settings, another: Path) -> None:
        loaded = await load_content(empty_settings, read_agreement(another))
        assert len(loaded.added) == 8
        async with running(empty_settings) as app, client_of(app) as client:
            assert len(await items_of(client, "agreements")) == 1


def replaced(old: str, new: str) -> Callable[[], bytes]:
    """The built-in file with one thing otherwise."""

    def change() -> bytes:
        assert old in BUILT_IN
        return BUILT_IN.replace(old, new, 1).encode()

    return change


def line_of(text: str) -> int:
    """The number of the first line of the built-in file that holds a text."""
    return next(number for number, line in enumerate(BUILT_IN.splitlines(), 1) if text in line)


SIGNED = "  signed_on: 2024-08-29"
LIGA_SLUG = "  - slug: liga-dresden"
STAFF = "    staff_count: 8600"
CARITAS_LINE = "  - {slug: caritas-dresden,"
GOAL_2 = "  - number: 2"

BAD_FILES: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "bad YAML": (replaced(SIGNED, "  signed_on: [2024"), line_of("published_on"), "expected"),
    "a tab": (replaced(SIGNED, "\tsigned_on: 2024-08-29"), line_of(SIGNED), "cannot start any token"),
    "an unknown anchor": (replaced(SIGNED, "  signed_on: *day"), line_of(SIGNED), "undefined alias"),
    "a Python object": (replaced("  slug: dresden-liga-2024", "  slug: !!python/name:os.system x"), 5, "tag"),
    "an unknown field": (
        replaced(SIGNED, SIGNED + "\n  signed: 2024-08-29"),
        line_of(SIGNED) + 1,
        "agreement.signed: This name is not known here.",
    ),
    "an unknown field of a partner": (
        replaced(CARITAS_LINE, CARITAS_LINE + " phone: '0351',"),
        line_of(CARITAS_LINE),
        "partners.2.phone: This name is not known here.",
    ),
    "a missing field": (
        replaced("    kind: umbrella_association\n", ""),
        line_of(LIGA_SLUG),
        "partners.1.kind: The value is missing.",
    ),
    "a missing part": (replaced("topics:", "themes:"), line_of("agreement:"), "topics: The value is missing."),
    "an impossible date": (
        replaced(SIGNED, "  signed_on: 2024-02-30"),
        line_of(SIGNED),
        "agreement.signed_on: A date such as 2024-08-29 is expected (ISO 8601).",
    ),
    "a German date": (
        replaced(SIGNED, "  signed_on: 29.08.2024"),
        line_of(SIGNED),
        "agreement.signed_on: A date such as 2024-08-29 is expected (ISO 8601).",
    ),
    "a slug twice": (
        replaced(CARITAS_LINE, "  - {slug: liga-dresden,"),
        line_of(CARITAS_LINE),
        "partners.2.slug: liga-dresden stands twice",
    ),
    "a topic twice": (
        replaced("{slug: health,", "{slug: democracy,"),
        line_of("{slug: health,"),
        "topics.1.slug: democracy stands twice",
    ),
    "a number twice": (replaced(GOAL_2, "  - number: 1"), line_of(GOAL_2), "goals.1.number: 1 stands twice"),
    "a key twice": (replaced(SIGNED, f"{SIGNED}\n{SIGNED}"), line_of(SIGNED) + 1, "signed_on stands twice"),
    "an unknown umbrella": (
        replaced("member_of: liga-dresden", "member_of: liga"),
        line_of(CARITAS_LINE),
        "partners.2.member_of: there is no liga in this file",
    ),
    "an unknown topic": (
        replaced("    topic: health", "    topic: sports"),
        line_of("    topic: health"),
        "goals.1.topic: there is no sports in this file",
    ),
    "an unknown signatory": (
        replaced("partner: landeshauptstadt-dresden}", "partner: dresden}"),
        line_of("partner: landeshauptstadt-dresden}"),
        "agreement.signatories.0.partner: there is no dresden in this file",
    ),
    "an unknown kind": (
        replaced("kind: umbrella_association", "kind: umbrella"),
        line_of("kind: umbrella_association"),
        "partners.1.kind: Only these are allowed: 'municipality'",
    ),
    "a field of service that there is not": (
        replaced("[counselling, daycare,", "[counselling, hospitals,"),
        line_of("[counselling, daycare,"),
        "partners.1.service_fields.1: Only these are allowed:",
    ),
    "a text for a number": (
        replaced(STAFF, "    staff_count: many"),
        line_of(STAFF),
        "partners.1.staff_count: A number is expected.",
    ),
    "a list for a text": (
        replaced("    title: Lokale", "    title: [Lokale]\n    note: Lokale"),
        line_of("    title: Lokale"),
        "goals.0.title: A string is expected.",
    ),
    "a number below zero": (
        replaced(STAFF, "    staff_count: -1"),
        line_of(STAFF),
        "partners.1.staff_count: The number must be at least 0.",
    ),
    "a bad slug": (
        replaced(LIGA_SLUG, "  - slug: Liga Dresden"),
        line_of(LIGA_SLUG),
        "partners.1.slug: The string does not match the pattern",
    ),
    "a key without its leading zero": (
        replaced('"14612000"', "14612000"),
        line_of("14612000"),
        "agreement.municipality_key: A string is expected.",
    ),
    "a circle of members": (
        replaced("kind: umbrella_association", "kind: umbrella_association\n    member_of: caritas-dresden"),
        line_of(LIGA_SLUG) + 3,
        "partners.1.member_of: liga-dresden is a member of itself",
    ),
    "a tag that does not fit": (
        replaced(STAFF, "    staff_count: !!int many"),
        line_of(STAFF),
        "many is not tag:yaml.org,2002:int",
    ),
    "a list as a name": (replaced(SIGNED, SIGNED + "\n  ? [a]\n  : b"), line_of(SIGNED) + 1, "a name is not text"),
    "a control character": (replaced(SIGNED, SIGNED + "\x00"), line_of(SIGNED), "special characters are not allowed"),
    "only a list": (lambda: b"- agreement\n", 1, "An object is expected."),
    "only a text": (lambda: b"agreement\n", 1, "An object is expected."),
    "nothing": (lambda: b"", 1, "An object is expected."),
    "only comments": (lambda: b"# nothing\n", 1, "An object is expected."),
    "two documents": (lambda: b"agreement: {}\n---\nagreement: {}\n", 2, "expected a single document"),
}


class TestBadFiles:
    @pytest.mark.parametrize(("content", "line", "message"), BAD_FILES.values(), ids=BAD_FILES)
    def test_are_refused_with_line_and_field(
        self, tmp_path: Path, content: Callable[[], bytes], line: int, message: str
    ) -> None:
        path = tmp_path / "agreement.yaml"
        path.write_bytes(content())
        with pytest.raises(Failed) as refused:
            read_agreement(path)
        assert str(refused.value).startswith((f"{path}, line {line}:", f"{path}, line {line},")), refused.value
        assert message in str(refused.value)
        assert "\n" not in str(refused.value)

    def test_that_are_not_utf8_are_refused(self, tmp_path: Path) -> None:
        for content in (BUILT_IN.encode("utf-16"), BUILT_IN.encode("latin-1", "replace"), b"\xff\xfe\x00"):
            path = tmp_path / "agreement.yaml"
            path.write_bytes(content)
            with pytest.raises(Failed, match=r"agreement\.yaml: the file is not UTF-8$"):
                read_agreement(path)

    def test_that_are_not_there_are_named(self, tmp_path: Path) -> None:
        with pytest.raises(Failed, match=r"none\.yaml: No such file or directory"):
            read_agreement(tmp_path / "none.yaml")
        with pytest.raises(Failed, match="Is a directory"):
            read_agreement(tmp_path)

    def test_that_are_nested_without_end_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "agreement.yaml"
        for text in ("[" * 20_000, "&a [*a]"):
            with pytest.raises(Failed, match=r"agreement\.yaml: it is nested too deeply$"):
                read_agreement(write(path, text))

    async def test_change_nothing_however_late_they_fail(
        self, settings: Settings, client: httpx.AsyncClient, tmp_path: Path
    ) -> None:
        """A file that reads well and whose last entry a constraint refuses."""
        taken = await make(
            client, "topics", agreement_id=str(named_id("agreements", "dresden-liga-2024")), slug="sport"
        )
        before = await everything(client)
        text = BUILT_IN.replace(
            "topics:\n", "topics:\n  - {slug: new, name_de: Neu}\n  - {slug: sport, name_de: Sport}\n"
        )
        content = read_agreement(write(tmp_path / "agreement.yaml", text))
        with pytest.raises(Failed, match="agreement_id, slug"):
            await load_content(settings, content)
        assert taken in before["topics"]
        assert await everything(client) == before
