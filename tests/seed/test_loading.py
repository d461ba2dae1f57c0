"""`register seed`: the agreement as its file says, and nobody's work overwritten."""

import unicodedata
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from app.cli.seed import load_content, read_agreement
from app.cli.verify import verify_and_note
from app.seed.document import read_file
from app.seed.plain_yaml import BadFile
from app.settings import Settings
from tests.factories import AGREEMENT, LIGA, delete, goal_id, items_of, measure_id, patch, topic_id

BUILT_IN = Path(str(files("app") / "data/agreement.yaml"))

OTHER_CITY = """
agreement: {slug: halle-2026, title: Vereinbarung Halle, municipality_key: "15002000", signatories: [{name: A, partner: halle}]}
partners:
  - {slug: mitglied, name: Mitglied, kind: member_association, member_of: dach}
  - {slug: dach, name: Dach, kind: umbrella_association}
  - {slug: halle, name: Halle, kind: municipality}
topics: [{slug: health, name_de: Gesundheit}]
goals: [{number: 1, topic: health, title: Ziel, sub_measures: [Erste, Zweite]}]
"""

MEMBERS = """member_of: dach, memberships: [{umbrella: zweites, from: 2026-01-01}], former_names: [{name: Verein, until: 1999-12-31}]}
  - {slug: altes, name: Altes, kind: member_association, member_of: dach, dissolved_on: 2025-12-31, merged_into: mitglied}
  - {slug: ausgetreten, name: A, kind: member_association, memberships: [{umbrella: dach, until: 2025-12-31}]}
  - {slug: eingetreten, name: E, kind: member_association, memberships: [{umbrella: dach, from: 2026-01-02}]}
  - {slug: zweites, name: Z, kind: umbrella_association}"""
OVER_TIME = OTHER_CITY.replace("title: V", "signed_on: 2026-01-01, title: V").replace("member_of: dach}", MEMBERS)


def facts() -> dict[str, Any]:
    """The facts of the agreement."""
    loaded: dict[str, Any] = yaml.safe_load(BUILT_IN.read_text("utf-8"))
    return loaded


async def everything(client: httpx.AsyncClient) -> dict[str, list[dict[str, Any]]]:
    """The whole register."""
    paths = ("agreements", "topics", "partners", "goals", "sub-measures", "consultation-events")
    return {path: await items_of(client, path, limit=200) for path in paths}


class TestBuiltInAgreement:
    async def test_is_in_the_register_exactly(self, client: httpx.AsyncClient) -> None:
        wanted = facts()
        register = await everything(client)
        (agreement,) = register["agreements"]
        for name in ("slug", "title", "description", "source_url", "municipality_key"):
            assert agreement[name] == wanted["agreement"][name]
        assert (agreement["signed_on"], agreement["published_on"]) == ("2024-08-29", "2024-08-30")
        slugs = {partner["id"]: partner["slug"] for partner in register["partners"]}
        assert [
            {"name": each["name"], "function": each["function"], "partner": slugs[each["partner_id"]]}
            for each in agreement["signatories"]
        ] == wanted["agreement"]["signatories"]
        assert [
            {"partner": slugs[each["partner_id"]], "side": each["side"]} for each in agreement["parties"]
        ] == wanted["agreement"]["parties"]
        hearing = wanted["agreement"]["hearing"]
        assert agreement["hearing"] == {"source_url": None, "minimum_lead_days": None, **hearing}
        exchange = wanted["agreement"]["exchange"]
        assert [(each["level"] or each["format"], each["description"]) for each in agreement["exchange"]] == [
            (each, exchange["description"]) for each in [*exchange["levels"], *exchange["formats"]]
        ]
        assert sorted(map(partner_facts, register["partners"]), key=str) == sorted(
            wanted_partners(wanted, slugs), key=str
        )
        assert {(each["slug"], each["name"], each["translations"]["en"]) for each in register["topics"]} == {
            (each["slug"], each["name_de"], each["name_en"]) for each in wanted["topics"]
        }
        topics = {topic["id"]: topic["slug"] for topic in register["topics"]}
        assert [
            (each["number"], topics[each["topic_id"]], each["title"], each["description"]) for each in register["goals"]
        ] == [(each["number"], each["topic"], each["title"], each["description"]) for each in wanted["goals"]]
        assert [(each["code"], each["title"], each["status"]) for each in register["sub-measures"]] == [
            (f"{goal['number']}.{number}", title, "agreed")
            for goal in wanted["goals"]
            for number, title in enumerate(goal["sub_measures"], start=1)
        ]
        counts = {path: len(entries) for path, entries in register.items()}
        assert counts == {
            "agreements": 1,
            "topics": 5,
            "partners": 8,
            "goals": 5,
            "sub-measures": 17,
            "consultation-events": 0,
        }

    def test_has_the_same_ids_everywhere(self) -> None:
        assert LIGA == "4db3c7cf-7e68-5975-9d97-8ccb4d6acffa"
        assert goal_id(1) == "ef4f3ce5-012d-5861-88b4-80728bf304a1"
        assert measure_id(1, 1) == "5693ee72-be49-524e-8994-39f47cd3dd92"
        assert topic_id("democracy") == "03733aa9-6212-5dbd-8b91-d6b3119d06ec"


def partner_facts(partner: Mapping[str, Any]) -> dict[str, Any]:
    """What a partner of the register says of the facts."""
    names = (
        *("slug", "name", "short_name", "kind", "memberships", "legal_form", "description", "service_fields"),
        *("staff_count", "staff_count_as_of", "staff_count_is_approximate", "staff_count_note"),
    )
    return {name: partner[name] for name in names}


def wanted_partners(wanted: Mapping[str, Any], slugs: Mapping[str, str]) -> list[dict[str, Any]]:
    """The partners as the facts say."""
    ids = {slug: id for id, slug in slugs.items()}
    return [
        {
            "slug": each["slug"],
            "name": each["name"],
            "short_name": each.get("short_name"),
            "kind": each["kind"],
            "description": each.get("description"),
            "staff_count_is_approximate": each.get("staff_count_is_approximate", False),
            "staff_count_note": each.get("staff_count_note"),
            "memberships": [{"from": None, "until": None, "umbrella_id": ids[each["member_of"]]}]
            if "member_of" in each
            else [],
            "legal_form": each.get("legal_form"),
            "staff_count": each.get("staff_count"),
            "staff_count_as_of": str(each["staff_count_as_of"]) if "staff_count_as_of" in each else None,
            "service_fields": each.get("service_fields", []),
        }
        for each in wanted["partners"]
    ]


EARLIER_FORM = """
agreement:
  slug: halle-2026
  title: Vereinbarung Halle
  starts_on: 2026-01-01
  succeeds: dresden-liga-2024
  language: fr
  exchange: [{level: strategic, description: Zweimal im Jahr}]
  early_involvement: {decision_kinds: [financial]}
  parties: [{partner: halle, side: other, from: 2026-01-01, until: 2026-12-31}]
partners: [{slug: halle, name: Halle, kind: municipality, staff_count: 4, founded_on: 1990-10-03}]
topics:
  - {slug: sante, name: Santé, name_de: Gesundheit, translations: {pl: Zdrowie}}
  - {slug: work, name_en: Work}
goals: [{number: 1, topic: work, title: Ziel, description: Der ganze Satz.}]
"""


class TestOtherAgreements:
    async def test_make_parties_of_the_municipality_and_of_umbrella_associations_with_their_members(
        self, client: httpx.AsyncClient, settings: Settings
    ) -> None:
        files = Path(__file__).parents[1] / "files"
        for name, associations in (("berlin", 7), ("duesseldorf", 7), ("reading", 0)):
            content = read_agreement(files / f"{name}.yaml")
            assert (await load_content(settings, content)).kept == []
            (agreement,) = await items_of(client, "agreements", slug=content.agreement.slug)
            sides = [each["side"] for each in agreement["parties"]]
            assert sorted(sides) == ["associations"] * associations + ["authority"]
            again = await load_content(settings, content)
            assert (again.added, again.kept) == ([], [])
        assert [each["name"] for each in await items_of(client, "topics", slug="partnership")] == ["Working together"]
        assert agreement["area_code"] == {"scheme": "gss", "code": "E06000038"}
        assert (await verify_and_note(settings)).faults == []

    async def test_lose_nothing_that_their_file_says(
        self, client: httpx.AsyncClient, settings: Settings, tmp_path: Path
    ) -> None:
        (tmp_path / "halle.yaml").write_text(EARLIER_FORM, "utf-8")
        assert (await load_content(settings, read_agreement(tmp_path / "halle.yaml"))).kept == []
        (agreement,) = await items_of(client, "agreements", slug="halle-2026")
        (halle,) = await items_of(client, "partners", slug="halle")
        party = {"from": "2026-01-01", "until": "2026-12-31", "partner_id": halle["id"], "side": "other"}
        assert agreement["parties"] == [party]
        assert agreement["exchange"] == [{"level": "strategic", "format": None, "description": "Zweimal im Jahr"}]
        hearing = {"text": None, "source": "statement", "said_by": None, "source_url": None}
        assert agreement["hearing"] == {**hearing, "decision_kinds": ["financial"], "minimum_lead_days": None}
        assert (agreement["starts_on"], agreement["succeeds_id"]) == ("2026-01-01", AGREEMENT)
        topics = await items_of(client, "topics", agreement_id=agreement["id"])
        assert {each["slug"]: (each["name"], each["translations"]) for each in topics} == {
            "sante": ("Santé", {"de": "Gesundheit", "pl": "Zdrowie"}),
            "work": ("Work", {"en": "Work"}),
        }
        assert halle["founded_on"] == "1990-10-03"
        (goal,) = await items_of(client, "goals", agreement_id=agreement["id"])
        assert goal["description"] == "Der ganze Satz."

    @pytest.mark.parametrize(
        ("old", "new", "place"),
        [
            ("name_en: Work", "translations: {}", "topics.1"),
            ("partner: halle", "partner: jena", "agreement.parties.0.partner"),
            ("side: other", "side: both", "agreement.parties.0.side"),
            ("[financial]", "[secret]", "agreement.early_involvement.decision_kinds.0"),
        ],
    )
    def test_are_refused_with_the_place_of_a_mistake(self, tmp_path: Path, old: str, new: str, place: str) -> None:
        (tmp_path / "halle.yaml").write_text(EARLIER_FORM.replace(old, new), "utf-8")
        with pytest.raises(BadFile, match=place):
            read_file(tmp_path / "halle.yaml")


class TestSeedAgain:
    async def test_changes_nothing(self, client: httpx.AsyncClient, settings: Settings) -> None:
        before = await everything(client)
        loaded = await load_content(settings, read_agreement(None))
        assert (len(loaded.added), len(loaded.unchanged), loaded.kept, loaded.deleted) == (0, 36, [], [])
        assert await everything(client) == before
        assert (await verify_and_note(settings))[:2] == (36, [])

    async def test_keeps_what_partners_changed_and_deleted(self, client: httpx.AsyncClient, settings: Settings) -> None:
        goal = (await client.get(f"/v1/goals/{goal_id(2)}")).json()
        changed = (await patch(client, "goals", goal, title="Anders")).json()
        work = (await client.get(f"/v1/topics/{topic_id('work')}")).json()
        for each in (await client.get("/v1/goals", params={"topic_id": work["id"]})).json()["items"]:
            assert (await patch(client, "goals", each, topic_id=topic_id("health"))).status_code == 200
        assert (await delete(client, "topics", work)).status_code == 204
        loaded = await load_content(settings, read_agreement(None))
        assert loaded.added == []
        assert loaded.kept == ["goals/dresden-liga-2024/2", "goals/dresden-liga-2024/5"]
        assert loaded.deleted == ["topics/dresden-liga-2024/work"]
        assert (await client.get(f"/v1/goals/{goal_id(2)}")).json() == changed
        assert (await client.get(f"/v1/topics/{work['id']}")).status_code == 410


class TestAnotherCity:
    async def test_stands_beside_dresden(self, client: httpx.AsyncClient, settings: Settings, tmp_path: Path) -> None:
        file = tmp_path / "halle.yaml"
        file.write_text(OTHER_CITY, "utf-8")
        loaded = await load_content(settings, read_file(file))
        assert len(loaded.added) == 8
        agreement = (await items_of(client, "agreements", slug="halle-2026"))[0]
        measures = await items_of(client, "sub-measures", agreement_id=agreement["id"])
        assert [(each["code"], each["title"]) for each in measures] == [("1.1", "Erste"), ("1.2", "Zweite")]
        assert len(await items_of(client, "sub-measures")) == 19
        (member,) = await items_of(client, "partners", slug="mitglied")
        (umbrella,) = await items_of(client, "partners", slug="dach")
        assert [each["umbrella_id"] for each in member["memberships"]] == [umbrella["id"]]

    async def test_brings_partners_over_time(
        self, client: httpx.AsyncClient, settings: Settings, tmp_path: Path
    ) -> None:
        """Parties are those that are members when the agreement is signed, and have not ended by then."""
        file = tmp_path / "halle.yaml"
        file.write_text(OVER_TIME, "utf-8")
        await load_content(settings, read_file(file))
        partners = {each["slug"]: each for each in await items_of(client, "partners")}
        ids = {slug: each["id"] for slug, each in partners.items()}
        assert partners["mitglied"]["memberships"] == [
            {"umbrella_id": ids["dach"], "from": None, "until": None},
            {"umbrella_id": ids["zweites"], "from": "2026-01-01", "until": None},
        ]
        assert partners["mitglied"]["former_names"] == [{"name": "Verein", "until": "1999-12-31"}]
        assert partners["altes"]["merged_into_id"] == ids["mitglied"]
        (agreement,) = await items_of(client, "agreements", slug="halle-2026")
        names = {id: slug for slug, id in ids.items()}
        sides = {names[each["partner_id"]]: each["side"] for each in agreement["parties"]}
        associations = dict.fromkeys(("mitglied", "dach", "zweites"), "associations")
        assert sides == {**associations, "halle": "authority"}

    async def test_can_have_a_second_agreement_with_the_same_partners(
        self, client: httpx.AsyncClient, settings: Settings, tmp_path: Path
    ) -> None:
        file = tmp_path / "halle.yaml"
        for slug in ("halle-2026", "halle-2027"):
            file.write_text(OTHER_CITY.replace("halle-2026", slug), "utf-8")
            loaded = await load_content(settings, read_file(file))
        assert len(loaded.unchanged) == 3
        assert "sub-measures/halle-2027/1/2" in loaded.added
        assert len(await items_of(client, "agreements")) == 3


BAD_FILES: Mapping[str, tuple[str, str]] = {
    "no YAML": ("agreement: [", "line"),
    "a tab": ("agreement:\n\t- x", "line 2"),
    "empty": ("", "line 1"),
    "a list": ("- a", "line 1"),
    "an unknown name": (OTHER_CITY + "extra: 1\n", "line 9, extra"),
    "a missing part": (OTHER_CITY.replace("topics:", "themes:"), "topics"),
    "a name twice": (OTHER_CITY + "topics: []\n", "line 9: topics stands twice"),
    "a missing field": (OTHER_CITY.replace(", name: Dach", ""), "line 5, partners.1.name"),
    "a bad kind": (OTHER_CITY.replace("kind: municipality", "kind: city"), "line 6, partners.2.kind"),
    "a bad slug": (OTHER_CITY.replace("slug: halle,", "slug: Halle,"), "line 6, partners.2.slug"),
    "a slug twice": (OTHER_CITY.replace("slug: dach,", "slug: halle,"), "partners.2.slug: halle stands twice"),
    "an unknown umbrella": (OTHER_CITY.replace("member_of: dach", "member_of: nix"), "line 4, partners.0.member_of"),
    "an unknown umbrella of several": (
        OTHER_CITY.replace("member_of: dach", "memberships: [{umbrella: dach}, {umbrella: nix}]"),
        "line 4, partners.0.memberships.1.umbrella",
    ),
    "an unknown successor": (OTHER_CITY.replace("member_of: dach", "merged_into: nix"), "partners.0.merged_into"),
    "a circle": (OTHER_CITY.replace("name: Dach", "name: Dach, merged_into: mitglied"), "line 4, partners.0.member_of"),
    "an unknown topic": (OTHER_CITY.replace("topic: health,", "topic: sport,"), "line 8, goals.0.topic"),
    "an unknown signatory": (OTHER_CITY.replace("partner: halle}", "partner: nix}"), "agreement.signatories.0.partner"),
    "a number that is none": (OTHER_CITY.replace("number: 1", "number: eins"), "line 8, goals.0.number"),
    "a number too small": (OTHER_CITY.replace("number: 1", "number: 0"), "line 8, goals.0.number"),
    "a bad date": (
        OTHER_CITY.replace("title: Vereinbarung", "signed_on: 2024-02-30, title: X"),
        "line 2, agreement.signed_on",
    ),
    "a bad key": (OTHER_CITY.replace("15002000", "1500"), "line 2, agreement.municipality_key"),
    "an empty title": (OTHER_CITY.replace("title: Ziel", 'title: ""'), "line 8, goals.0.title"),
    "text for a list": (OTHER_CITY.replace("[Erste, Zweite]", "Erste"), "line 8, goals.0.sub_measures"),
    "nothing to see": (OTHER_CITY.replace("Ziel", '"\\u200b"'), "line 8, goals.0.title"),
    "space at an end": (OTHER_CITY.replace("Ziel", '"Ziel "'), "line 8, goals.0.title"),
    "a control character": (OTHER_CITY.replace("Zweite", '"a\\u0007b"'), "line 8, goals.0.sub_measures.1"),
}

# What YAML 1.1 reads otherwise than people do, as the title of the goal and as its number.
TRAPS = ("010", "007", "0123489", "1_000", "0x1F", "0b11", "1:30", "190:20:30.15", "1_0.5", "+1", ".inf", ".nan", "1.")
WORDS = ("yes", "No", "on", "Off", "TRUE", "False", "Null", "NULL")
QUOTE = "if it is text, put it in quotes"


class TestWithoutQuotes:
    @pytest.mark.parametrize("value", [*TRAPS, *WORDS])
    @pytest.mark.parametrize("field", ["number: 1", "title: Ziel"])
    def test_what_can_be_read_in_two_ways_is_refused(self, value: str, field: str, tmp_path: Path) -> None:
        name = field.partition(":")[0]
        content = OTHER_CITY.replace(field, f"{name}: {value}")
        message = refused(content, tmp_path)
        assert f"line 8, goals.0.{name}: " in message
        assert QUOTE in message

    @pytest.mark.parametrize("key", ["15002000", "01001000", "09162000"])
    def test_a_municipality_key_is_no_number(self, key: str, tmp_path: Path) -> None:
        message = refused(OTHER_CITY.replace('"15002000"', key), tmp_path)
        assert "line 2, agreement.municipality_key: " in message
        assert QUOTE in message

    @pytest.mark.parametrize("value", ["2024", "-5", "1.5", "true", "null", "~"])
    def test_a_number_is_no_title(self, value: str, tmp_path: Path) -> None:
        message = refused(OTHER_CITY.replace("title: Ziel", f"title: {value}"), tmp_path)
        assert message.endswith(QUOTE) or value in {"null", "~"}
        assert "line 8, goals.0.title: A string is expected." in message

    @pytest.mark.parametrize("value", [*TRAPS, *WORDS, "2024", "1.5", "true"])
    def test_everything_in_quotes_is_text(self, value: str, tmp_path: Path) -> None:
        file = tmp_path / "good.yaml"
        for quoted in (f"'{value}'", f'"{value}"'):
            file.write_text(OTHER_CITY.replace("title: Ziel", f"title: {quoted}"), "utf-8")
            assert read_file(file).goals[0].title == value

    def test_what_has_one_meaning_needs_no_quotes(self, tmp_path: Path) -> None:
        file = tmp_path / "good.yaml"
        file.write_text(
            OTHER_CITY.replace("title: Ziel", "title: 2024-08-29").replace("number: 1", "number: 10"), "utf-8"
        )
        (goal,) = read_file(file).goals
        assert (goal.number, goal.title) == (10, "2024-08-29")

    def test_texts_that_are_equal_are_the_same(self, tmp_path: Path) -> None:
        file = tmp_path / "good.yaml"
        file.write_text(unicodedata.normalize("NFD", OTHER_CITY.replace("Erste", "Übergänge")), "utf-8")
        assert read_file(file).goals[0].sub_measures == ["Übergänge", "Zweite"]


def refused(content: str, folder: Path) -> str:
    """Why a file with this content is refused."""
    file = folder / "bad.yaml"
    file.write_text(content, "utf-8")
    with pytest.raises(BadFile) as error:
        read_file(file)
    return str(error.value)


class TestBadFile:
    @pytest.mark.parametrize("name", BAD_FILES)
    def test_is_refused_with_line_and_field(self, name: str, tmp_path: Path) -> None:
        content, message = BAD_FILES[name]
        file = tmp_path / "bad.yaml"
        file.write_text(content, "utf-8")
        with pytest.raises(BadFile) as refused:
            read_file(file)
        assert message in str(refused.value)
        assert str(file) in str(refused.value)

    def test_is_refused_when_it_is_not_utf_8_or_not_there(self, tmp_path: Path) -> None:
        file = tmp_path / "bad.yaml"
        with pytest.raises(BadFile, match="No such file"):
            read_file(file)
        file.write_bytes(b"agreement: \xff")
        with pytest.raises(BadFile, match="not UTF-8"):
            read_file(file)
