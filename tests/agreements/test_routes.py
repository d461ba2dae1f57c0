"""`/v1/agreements`"""

import httpx
import pytest

from tests.databases import any_database
from tests.factories import (
    AGREEMENT,
    CARITAS,
    CITY,
    LIGA,
    NOWHERE,
    body_of,
    delete,
    errors_of,
    items_of,
    make,
    patch,
    referrers_of,
)
from tests.filters import Filter, check_filters
from tests.problems import problem_of
from tests.schemas import defaults_of

PATH = "agreements"

SIGNATORIES = [
    {"name": "Dirk Hilbert", "function": "Oberbürgermeister", "partner_id": CITY},
    {"name": "Sven Marschel", "function": None, "partner_id": LIGA},
    {"name": "Anna Beispiel", "function": "Zeugin", "partner_id": None},
]

PARTIES = [
    {"from": None, "until": None, "partner_id": CITY, "side": "authority"},
    {"from": "2024-08-29", "until": "2025-12-31", "partner_id": CARITAS, "side": "associations"},
]
EXCHANGE = [
    {"level": "strategic", "format": None, "description": "Zweimal im Jahr"},
    {"level": None, "format": "talk", "description": None},
]
HEARING = {
    "text": "Die Verbände werden vor wichtigen Entscheidungen gehört.",
    "source": "agreement",
    "said_by": None,
    "source_url": "https://www.example.org/vereinbarung",
    "decision_kinds": ["financial"],
    "minimum_lead_days": 28,
}


class TestListAgreements:
    async def test_is_ordered_by_title(self, client: httpx.AsyncClient) -> None:
        for title in ("Ärzte", "Zukunft", "arbeit"):
            await make(client, PATH, title=title)
        titles = [each["title"] for each in await items_of(client, PATH)]
        assert [title for title in titles if not title.startswith("Koop")] == ["arbeit", "Ärzte", "Zukunft"]
        assert titles[2].startswith("Kooperationsvereinbarung Landeshauptstadt Dresden")

    async def test_stands_last_without_day_of_signature_in_both_directions(self, client: httpx.AsyncClient) -> None:
        unsigned = await make(client, PATH)
        later = await make(client, PATH, signed_on="2025-01-01")
        for sort, expected in (("signed_on", [AGREEMENT, later["id"]]), ("-signed_on", [later["id"], AGREEMENT])):
            assert [each["id"] for each in await items_of(client, PATH, sort=sort)] == [*expected, unsigned["id"]]

    async def test_has_a_case_for_each_filter(self, client: httpx.AsyncClient) -> None:
        earlier = (await make(client, PATH))["id"]
        await check_filters(
            client,
            PATH,
            [
                Filter("slug", "jena", {"slug": "jena"}, {"slug": "jena-2"}, "jena-2"),
                Filter(
                    "municipality_key",
                    "16053000",
                    {"municipality_key": "16053000"},
                    {"municipality_key": "16054000"},
                    "16054000",
                ),
                Filter(
                    "partner_id",
                    LIGA,
                    {"signatories": SIGNATORIES},
                    {"signatories": [{"name": "A", "partner_id": CARITAS}]},
                    CARITAS,
                ),
                Filter("signed_on_from", "2024-09-02", {"signed_on": "2024-09-02"}, {"signed_on": "2024-09-01"}),
                Filter("signed_on_from", "2024-09-02", {"signed_on": "2024-09-03"}, {"signed_on": None}),
                Filter("signed_on_before", "2024-09-02", {"signed_on": "2024-09-01"}, {"signed_on": "2024-09-02"}),
                Filter("signed_on_before", "2024-09-02", {"signed_on": "2023-01-01"}, {"signed_on": None}),
                Filter("partner_id", CITY, {"parties": PARTIES[:1]}, {"parties": PARTIES[1:]}, CARITAS),
                Filter("succeeds_id", AGREEMENT, {"succeeds_id": AGREEMENT}, {"succeeds_id": earlier}, earlier),
                Filter("starts_on_from", "2024-09-02", {"starts_on": "2024-09-02"}, {"starts_on": "2024-09-01"}),
                Filter("starts_on_before", "2024-09-02", {"starts_on": "2024-09-01"}, {"starts_on": "2024-09-02"}),
                Filter("ends_on_from", "2024-09-02", {"ends_on": "2024-09-02"}, {"ends_on": None}),
                Filter("ends_on_before", "2024-09-02", {"ends_on": "2024-09-01"}, {"ends_on": "2024-09-02"}),
            ],
        )

    async def test_finds_an_agreement_once_that_several_of_the_partners_signed(self, client: httpx.AsyncClient) -> None:
        found = await items_of(client, PATH, partner_id=[CITY, LIGA])
        assert [each["id"] for each in found] == [AGREEMENT]


class TestCreateAgreement:
    @any_database
    async def test_sets_what_is_not_given(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, slug="neu", title="Neu")
        for stamp in ("id", "created_at", "updated_at"):
            made.pop(stamp)
        assert made == {
            **defaults_of(PATH),
            "version": 1,
            "visibility": "public",
            "slug": "neu",
            "title": "Neu",
            "language": "de",
            "signatories": [],
        }

    async def test_keeps_signatories_in_order(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, signatories=SIGNATORIES)
        assert made["signatories"] == SIGNATORIES
        turned = await make(client, PATH, signatories=SIGNATORIES[::-1])
        assert turned["signatories"] == SIGNATORIES[::-1]

    async def test_keeps_all_that_is_agreed(self, client: httpx.AsyncClient) -> None:
        agreed = {
            "parties": PARTIES,
            "exchange": EXCHANGE,
            "hearing": HEARING,
            "area_code": {"scheme": "nuts", "code": "DED21"},
            "starts_on": "2024-09-01",
            "ends_on": "2029-08-31",
            "succeeds_id": AGREEMENT,
        }
        made = await make(client, PATH, **agreed)
        assert {name: made[name] for name in agreed} == agreed
        assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == made
        for name in ("hearing", "area_code"):
            made = (await patch(client, PATH, made, **{name: None})).json()
            assert made[name] is None

    @any_database
    async def test_refuses_days_in_the_wrong_order(self, client: httpx.AsyncClient) -> None:
        term = {"starts_on": "2025-01-02", "ends_on": "2025-01-01"}
        assert errors_of(await client.post(f"/v1/{PATH}", json=body_of(PATH, **term))) == [
            ("#/ends_on", "before_start")
        ]
        party = {"partner_id": CITY, "side": "authority", "from": "2025-01-02", "until": "2025-01-01"}
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, parties=[*PARTIES, party]))
        assert errors_of(answer) == [("#/parties/2/until", "before_start")]

    async def test_refuses_a_slug_that_is_taken(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, slug="dresden-liga-2024"))
        assert problem_of(answer, 409, "duplicate")["fields"] == ["slug"]

    @any_database
    async def test_names_every_unknown_signing_partner(self, client: httpx.AsyncClient) -> None:
        signatories = [{"name": "A", "partner_id": partner} for partner in (LIGA, NOWHERE, AGREEMENT)]
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, signatories=signatories))
        assert errors_of(answer) == [
            ("#/signatories/1/partner_id", "unknown_reference"),
            ("#/signatories/2/partner_id", "unknown_reference"),
        ]


class TestUpdateAgreement:
    async def test_merges_what_is_said_of_the_hearing(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        assert errors_of(await patch(client, PATH, made, hearing={"text": "Text"})) == [("#/hearing/source", "missing")]
        made = (await patch(client, PATH, made, hearing=HEARING)).json()
        changed = (await patch(client, PATH, made, hearing={"text": None, "minimum_lead_days": 14})).json()
        assert changed["hearing"] == HEARING | {"text": None, "minimum_lead_days": 14}
        same = (await patch(client, PATH, changed, hearing={"text": None, "minimum_lead_days": 14})).json()
        assert same == changed
        assert errors_of(await patch(client, PATH, changed, hearing={"source": None}))[0][0] == "#/hearing/source"

    @any_database
    async def test_refuses_to_follow_itself_by_whatever_way(self, client: httpx.AsyncClient) -> None:
        first = await make(client, PATH)
        second = await make(client, PATH, succeeds_id=first["id"])
        third = await make(client, PATH, succeeds_id=second["id"])
        for earlier in (first, second, third):
            assert errors_of(await patch(client, PATH, first, succeeds_id=earlier["id"])) == [
                ("#/succeeds_id", "cycle")
            ]

    async def test_replaces_signatories_as_a_whole(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, signatories=SIGNATORIES)
        answer = await patch(client, PATH, made, signatories=SIGNATORIES[2:0:-1])
        assert answer.json()["signatories"] == SIGNATORIES[2:0:-1]
        answer = await patch(client, PATH, answer.json(), signatories=[])
        assert (answer.json()["signatories"], answer.json()["version"]) == ([], 3)
        assert await items_of(client, PATH, partner_id=CITY) == await items_of(client, PATH, slug="dresden-liga-2024")

    @any_database
    async def test_names_an_unknown_signing_partner(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        answer = await patch(client, PATH, made, signatories=[{"name": "A", "partner_id": NOWHERE}])
        assert errors_of(answer) == [("#/signatories/0/partner_id", "unknown_reference")]

    @any_database
    async def test_refuses_another_slug(self, client: httpx.AsyncClient) -> None:
        assert errors_of(await patch(client, PATH, await make(client, PATH), slug="anders")) == [
            ("#/slug", "extra_forbidden")
        ]

    @any_database
    async def test_keeps_what_is_absent_and_forgets_what_is_null(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, signed_on="2024-08-29", published_on="2024-08-30", description="Text")
        answer = await patch(client, PATH, made, signed_on=None)
        changed = {"signed_on": None, "version": 2, "updated_at": answer.json()["updated_at"]}
        assert answer.json() == made | changed


class TestDeleteAgreement:
    @pytest.mark.parametrize("path", ["topics", "goals"])
    async def test_refuses_one_that_something_belongs_to(self, client: httpx.AsyncClient, path: str) -> None:
        made = await make(client, PATH)
        topic = await make(client, "topics", agreement_id=made["id"])
        belonging = topic
        referrers = {("topics", topic["id"])}
        if path == "goals":
            belonging = await make(client, path, agreement_id=made["id"], topic_id=topic["id"])
            referrers.add(("goals", belonging["id"]))
        assert referrers_of(await delete(client, PATH, made)) == referrers
        assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == made
        assert (await delete(client, path, belonging)).status_code == 204

    async def test_takes_its_signatories_along(self, client: httpx.AsyncClient) -> None:
        partner = await make(client, "partners")
        made = await make(client, PATH, signatories=[{"name": "A", "partner_id": partner["id"]}])
        assert problem_of(await delete(client, "partners", partner), 409, "in-use")["referrers"] == [
            {"resource": "agreements", "id": made["id"]}
        ]
        assert (await delete(client, PATH, made)).status_code == 204
        assert (await delete(client, "partners", partner)).status_code == 204
