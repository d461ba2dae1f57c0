"""`/v1/partners`"""

import asyncio
from typing import Any

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

PATH = "partners"
DRESDEN = [
    "awo-dresden",
    "caritas-dresden",
    "paritaet-sachsen",
    "drk-dresden",
    "diakonie-dresden",
    "landeshauptstadt-dresden",
    "juedische-gemeinden-sachsen",
    "liga-dresden",
]


def of(umbrella: str | dict[str, Any], start: str | None = None, end: str | None = None) -> dict[str, Any]:
    """A membership."""
    return {"umbrella_id": umbrella if isinstance(umbrella, str) else umbrella["id"], "from": start, "until": end}


DAYS_OF_CIRCLES = [
    ((("2020-01-01", "2020-12-31"), (None, None), ("2020-12-31", None)), "cycle"),
    ((("2020-01-01", "2020-12-31"), (None, None), ("2021-01-01", None)), None),
    ((("2020-01-01", None), (None, "2020-01-01"), (None, None)), "cycle"),
    ((("2020-01-02", None), (None, "2020-01-01"), (None, None)), None),
    ((("2020-01-01", "2022-12-31"), ("2022-01-01", "2023-12-31"), ("2021-01-01", "2022-06-30")), "cycle"),
    ((("2020-01-01", "2022-12-31"), ("2022-01-01", "2023-12-31"), ("2021-01-01", "2021-12-31")), None),
]


class TestListPartners:
    async def test_is_ordered_by_name(self, client: httpx.AsyncClient) -> None:
        assert [each["slug"] for each in await items_of(client, PATH)] == DRESDEN

    async def test_has_a_case_for_each_filter(self, client: httpx.AsyncClient) -> None:
        umbrella = (await make(client, PATH, kind="umbrella_association"))["id"]
        ended = {"dissolved_on": "2019-12-31"}
        await check_filters(
            client,
            PATH,
            [
                Filter("slug", "verein", {"slug": "verein"}, {"slug": "verein-2"}, "verein-2"),
                Filter("kind", "other", {"kind": "other"}, {"kind": "municipality"}, "municipality"),
                Filter(
                    "member_of_id",
                    umbrella,
                    {"memberships": [{"umbrella_id": umbrella}]},
                    {"memberships": [{"umbrella_id": LIGA}]},
                    LIGA,
                ),
                Filter(
                    "merged_into_id", LIGA, ended | {"merged_into_id": LIGA}, ended | {"merged_into_id": CITY}, CITY
                ),
                Filter(
                    "service_field",
                    "nursing",
                    {"service_fields": ["daycare", "nursing"]},
                    {"service_fields": ["schools"]},
                    "schools",
                ),
                Filter("founded_on_from", "1900-01-02", {"founded_on": "1900-01-02"}, {"founded_on": "1900-01-01"}),
                Filter("founded_on_from", "1900-01-02", {"founded_on": "2000-01-01"}, {"founded_on": None}),
                Filter("founded_on_before", "1900-01-02", {"founded_on": "1900-01-01"}, {"founded_on": "1900-01-02"}),
                Filter("founded_on_before", "1900-01-02", {"founded_on": "1800-01-01"}, {"founded_on": None}),
                Filter(
                    "dissolved_on_from", "2020-01-02", {"dissolved_on": "2020-01-02"}, {"dissolved_on": "2020-01-01"}
                ),
                Filter("dissolved_on_from", "2020-01-02", {"dissolved_on": "2021-01-01"}, {"dissolved_on": None}),
                Filter(
                    "dissolved_on_before", "2020-01-02", {"dissolved_on": "2020-01-01"}, {"dissolved_on": "2020-01-02"}
                ),
                Filter("dissolved_on_before", "2020-01-02", {"dissolved_on": "1999-01-01"}, {"dissolved_on": None}),
            ],
        )

    async def test_finds_a_partner_once_that_offers_several_of_the_services(self, client: httpx.AsyncClient) -> None:
        found = await items_of(client, PATH, service_field=["daycare", "schools", "nursing"])
        assert [each["id"] for each in found] == [LIGA]

    async def test_combines_filters(self, client: httpx.AsyncClient) -> None:
        made = await make(
            client, PATH, kind="member_association", memberships=[{"umbrella_id": LIGA}], service_fields=["nursing"]
        )
        await make(client, PATH, kind="other", memberships=[{"umbrella_id": LIGA}], service_fields=["nursing"])
        wanted = {"kind": "member_association", "member_of_id": LIGA, "service_field": "nursing"}
        assert await items_of(client, PATH, **wanted) == [made]

    async def test_searches_names_short_names_and_descriptions(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, name="Eins", short_name="Zwei", description="Drei\nVier")
        for text in ("eins", "ZWEI", "drei", "ier"):
            assert await items_of(client, PATH, q=text) == [made]
        assert await items_of(client, PATH, q="Fünf") == []


class TestCreatePartner:
    @any_database
    async def test_sets_what_is_not_given(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, slug="verein", name="Verein", kind="other")
        for stamp in ("id", "created_at", "updated_at"):
            made.pop(stamp)
        assert made == {
            **defaults_of(PATH),
            "version": 1,
            "visibility": "public",
            "slug": "verein",
            "name": "Verein",
            "kind": "other",
            "service_fields": [],
        }

    async def test_keeps_the_order_of_services(self, client: httpx.AsyncClient) -> None:
        for services in (["nursing", "daycare", "other"], ["other", "daycare", "nursing"]):
            assert (await make(client, PATH, service_fields=services))["service_fields"] == services

    async def test_refuses_a_slug_that_is_taken(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, slug="liga-dresden"))
        assert problem_of(answer, 409, "duplicate")["fields"] == ["slug"]

    @any_database
    async def test_refuses_an_unknown_umbrella_association(self, client: httpx.AsyncClient) -> None:
        for umbrella in (NOWHERE, AGREEMENT):
            answer = await client.post(
                f"/v1/{PATH}", json=body_of(PATH, memberships=[{"umbrella_id": LIGA}, {"umbrella_id": umbrella}])
            )
            assert errors_of(answer) == [("#/memberships/1/umbrella_id", "unknown_reference")]

    @any_database
    async def test_refuses_an_end_before_the_founding(self, client: httpx.AsyncClient) -> None:
        body = body_of(PATH, founded_on="2000-01-02", dissolved_on="2000-01-01")
        assert errors_of(await client.post(f"/v1/{PATH}", json=body)) == [("#/dissolved_on", "before_start")]
        same_day = await make(client, PATH, founded_on="2000-01-02", dissolved_on="2000-01-02")
        assert same_day["dissolved_on"] == "2000-01-02"

    async def test_keeps_an_address_as_it_is_written_but_for_its_domain(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, email="Kontakt@Diakonie-Dresden.DE")
        assert made["email"] == "Kontakt@diakonie-dresden.de"
        unchanged = await patch(client, PATH, made, email="Kontakt@DIAKONIE-Dresden.de")
        assert unchanged.json() == made


class TestUpdatePartner:
    @any_database
    async def test_replaces_services_as_a_whole(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, service_fields=["nursing", "daycare"])
        answer = await patch(client, PATH, made, service_fields=["daycare", "schools"])
        assert answer.json()["service_fields"] == ["daycare", "schools"]
        turned = await patch(client, PATH, answer.json(), service_fields=["schools", "daycare"])
        assert (turned.json()["service_fields"], turned.json()["version"]) == (["schools", "daycare"], 3)
        for service, found in (("nursing", False), ("schools", True)):
            ids = {each["id"] for each in await items_of(client, PATH, service_field=service)}
            assert (made["id"] in ids) is found

    @any_database
    async def test_refuses_a_member_of_itself_by_whatever_way(self, client: httpx.AsyncClient) -> None:
        first = await make(client, PATH)
        second = await make(client, PATH, memberships=[of(first)])
        third = await make(client, PATH, memberships=[of(CITY), of(second)])
        for umbrella in (first, second, third):
            answer = await patch(client, PATH, first, memberships=[of(LIGA), of(umbrella)])
            assert errors_of(answer) == [("#/memberships/1/umbrella_id", "cycle")]
        assert (await client.get(f"/v1/{PATH}/{first['id']}")).json() == first
        answer = await patch(client, PATH, third, memberships=[of(first)])
        assert (answer.status_code, answer.json()["memberships"]) == (200, [of(first)])

    @any_database
    @pytest.mark.parametrize(("days", "code"), DAYS_OF_CIRCLES)
    async def test_refuses_a_circle_on_any_day_and_on_no_other(
        self, client: httpx.AsyncClient, days: tuple[tuple[str | None, str | None], ...], code: str | None
    ) -> None:
        """The first is a member of the second, that of the third, and the third is to be one of the first."""
        first, second, third = [await make(client, PATH) for _ in days]
        for one, umbrella, period in ((first, second, days[0]), (second, third, days[1])):
            assert (await patch(client, PATH, one, memberships=[of(umbrella, *period)])).status_code == 200
        answer = await patch(client, PATH, third, memberships=[of(LIGA), of(first, *days[2])])
        if code is None:
            assert (answer.status_code, answer.json()["memberships"][1]) == (200, of(first, *days[2]))
        else:
            assert errors_of(answer) == [("#/memberships/1/umbrella_id", code)]

    async def test_keeps_several_umbrellas_and_one_that_it_came_back_to(self, client: httpx.AsyncClient) -> None:
        memberships = [of(LIGA, None, "2019-12-31"), of(CITY, "2015-01-01"), of(LIGA, "2021-01-01")]
        made = await make(client, PATH, memberships=memberships)
        assert made["memberships"] == memberships
        for day, umbrellas in (("2019-12-31", [LIGA, CITY]), ("2020-06-01", [CITY]), ("2014-12-31", [LIGA])):
            for umbrella in (LIGA, CITY):
                found = [each["id"] for each in await items_of(client, PATH, member_of_id=umbrella, on=day)]
                assert (made["id"] in found) is (umbrella in umbrellas), (day, umbrella)
        assert made in await items_of(client, PATH, member_of_id=LIGA), "today when no day is said"
        assert made in await items_of(client, PATH, on="1900-01-01"), "a day alone leaves nothing out"
        for entries, error in (
            ([of(LIGA, "2020-01-02", "2020-01-01")], ("#/memberships/0/until", "before_start")),
            ([of(LIGA, None, "2020-01-01"), of(LIGA, "2020-01-01")], ("#/memberships/1/umbrella_id", "repeated")),
        ):
            assert errors_of(await patch(client, PATH, made, memberships=entries)) == [error]

    async def test_lets_concurrent_ones_close_no_circle(self, client: httpx.AsyncClient) -> None:
        """Each of the two is allowed alone; whichever is second must see the first."""
        for _ in range(3):
            one, other = await make(client, PATH), await make(client, PATH)
            answers = await asyncio.gather(
                patch(client, PATH, one, memberships=[of(other)]), patch(client, PATH, other, memberships=[of(one)])
            )
            assert sorted(answer.status_code for answer in answers) == [200, 422]
            (refused,) = (answer for answer in answers if answer.status_code == 422)
            assert errors_of(refused) == [("#/memberships/0/umbrella_id", "cycle")]

    async def test_leaves_an_umbrella_association(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, memberships=[of(LIGA)])
        answer = await patch(client, PATH, made, memberships=[])
        assert (answer.status_code, answer.json()["memberships"]) == (200, [])

    async def test_merges_into_another_one_with_a_last_day(self, client: httpx.AsyncClient) -> None:
        one, other, third = [await make(client, PATH) for _ in range(3)]
        answer = await patch(client, PATH, one, merged_into_id=other["id"])
        assert errors_of(answer) == [("#/dissolved_on", "day_required")]
        end = {"dissolved_on": "2024-12-31"}
        answer = await patch(client, PATH, one, merged_into_id=one["id"], **end)
        assert errors_of(answer) == [("#/merged_into_id", "cycle")]
        answer = await patch(client, PATH, one, merged_into_id=NOWHERE, **end)
        assert errors_of(answer) == [("#/merged_into_id", "unknown_reference")]
        merged = await patch(client, PATH, one, merged_into_id=other["id"], **end)
        assert (merged.status_code, merged.json()["merged_into_id"]) == (200, other["id"])
        assert await items_of(client, PATH, merged_into_id=other["id"]) == [merged.json()]
        assert (await patch(client, PATH, other, merged_into_id=third["id"], **end)).status_code == 200
        answer = await patch(client, PATH, third, merged_into_id=one["id"], **end)
        assert errors_of(answer) == [("#/merged_into_id", "cycle")]
        answer = await patch(client, PATH, merged.json(), dissolved_on=None)
        assert errors_of(answer) == [("#/dissolved_on", "day_required")]

    async def test_is_found_by_a_former_name(self, client: httpx.AsyncClient) -> None:
        names = [{"name": "Armenpflege Löbtau", "until": "1953-12-31"}]
        made = await make(client, PATH, former_names=names)
        assert made["former_names"] == names
        assert await items_of(client, PATH, q="armenpflege lobtau") == [made]
        answer = await patch(client, PATH, made, former_names=[{"name": "ohne Tag"}])
        assert errors_of(answer) == [("#/former_names/0/until", "missing")]

    @any_database
    async def test_weighs_what_is_sent_against_what_is_there(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, founded_on="2000-01-02")
        answer = await patch(client, PATH, made, dissolved_on="2000-01-01")
        assert errors_of(answer) == [("#/dissolved_on", "before_start")]
        answer = await patch(client, PATH, made, founded_on="1999-01-01", dissolved_on="2000-01-01")
        assert answer.status_code == 200

    @any_database
    async def test_refuses_another_slug(self, client: httpx.AsyncClient) -> None:
        answer = await patch(client, PATH, await make(client, PATH), slug="anders")
        assert errors_of(answer) == [("#/slug", "extra_forbidden")]


class TestDeletePartner:
    @pytest.mark.parametrize(
        ("path", "field"),
        [
            ("partners", "memberships"),
            ("partners", "merged_into_id"),
            ("agreements", "signatories"),
            ("sub-measures", "lead_partner_id"),
            ("sub-measures", "supporting_partner_ids"),
            ("consultation-events", "organiser_id"),
            ("consultation-events", "participants"),
        ],
    )
    async def test_refuses_one_that_others_refer_to(self, client: httpx.AsyncClient, path: str, field: str) -> None:
        made = await make(client, PATH)
        values = {
            "signatories": [{"name": "A", "partner_id": CITY}, {"name": "B", "partner_id": made["id"]}],
            "supporting_partner_ids": [CARITAS, made["id"]],
            "memberships": [{"umbrella_id": LIGA}, {"umbrella_id": made["id"]}],
            "participants": [{"partner_id": CITY}, {"partner_id": made["id"]}],
        }
        ended = {"dissolved_on": "2024-12-31"} if field == "merged_into_id" else {}
        referrer = await make(client, path, **{field: values.get(field, made["id"])}, **ended)
        assert referrers_of(await delete(client, PATH, made)) == {(path, referrer["id"])}
        assert (await delete(client, path, referrer)).status_code == 204
        assert (await delete(client, PATH, made)).status_code == 204

    @any_database
    async def test_lists_a_referrer_once_and_a_hundred_at_most(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        event = await make(
            client, "consultation-events", organiser_id=made["id"], participants=[{"partner_id": made["id"]}]
        )
        assert referrers_of(await delete(client, PATH, made)) == {("consultation-events", event["id"])}
        for _ in range(101):
            await make(client, PATH, memberships=[{"umbrella_id": made["id"]}])
        assert len(referrers_of(await delete(client, PATH, made))) == 100
