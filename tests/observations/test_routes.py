"""`/v1/indicators/{id}/observations`"""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.databases import any_database
from tests.factories import (
    CARITAS,
    CITY,
    LIGA,
    NOWHERE,
    changes_after,
    delete,
    end_of_feed,
    errors_of,
    history_of,
    items_of,
    make,
    patch,
    rule_of,
)
from tests.problems import problem_of
from tests.schemas import defaults_of, own_filters

Callers = Mapping[str, httpx.AsyncClient]

DAY = "2025-02-28"
VALUE: dict[str, Any] = {"value": 46.5, "state": "provisional", "comment": "Ohne Januar.", "source": "Jugendamt"}


def address_of(indicator: Mapping[str, Any] | str, on: str = DAY) -> str:
    """Where the value of a day stands."""
    id = indicator if isinstance(indicator, str) else indicator["id"]
    return f"/v1/indicators/{id}/observations/{on}"


async def observe(
    client: httpx.AsyncClient, indicator: Mapping[str, Any], on: str = DAY, **fields: Any
) -> dict[str, Any]:
    """Observe what was not observed before and return the observation."""
    answer = await client.put(address_of(indicator, on), json={"value": 1, **fields})
    assert answer.status_code == 201, answer.text
    observation: dict[str, Any] = answer.json()
    return observation


async def indicator_led_by(client: httpx.AsyncClient, partner_id: str | None) -> dict[str, Any]:
    """An indicator of a sub-measure that a partner leads."""
    measure = await make(client, "sub-measures", lead_partner_id=partner_id)
    return await make(client, "indicators", goal_id=None, sub_measure_id=measure["id"])


async def unchanged(client: httpx.AsyncClient, observation: Mapping[str, Any]) -> None:
    """Check that an observation is as it was."""
    answer = await client.get(address_of(observation["indicator_id"], observation["on"]))
    assert (answer.status_code, answer.json()) == (200, observation)


class TestListObservations:
    async def test_stands_in_the_order_of_the_days(self, client: httpx.AsyncClient) -> None:
        indicator = await make(client, "indicators")
        path = f"indicators/{indicator['id']}/observations"
        days = ["2025-02-28", "2024-02-29", "2025-12-31"]
        for day in days:
            await observe(client, indicator, day)
        assert (await client.put(address_of(indicator, days[0]), json={"value": 2})).status_code == 200
        for sort, in_order in (
            (None, ["2024-02-29", "2025-02-28", "2025-12-31"]),
            ("-on", ["2025-12-31", "2025-02-28", "2024-02-29"]),
            ("created_at", days),
            ("-created_at", days[::-1]),
            ("updated_at", [*days[1:], days[0]]),
            ("-updated_at", [days[0], *days[:0:-1]]),
        ):
            params = {"sort": sort} if sort else {}
            assert [each["on"] for each in await items_of(client, path, limit=1, **params)] == in_order, sort

    async def test_shows_those_of_one_indicator(self, client: httpx.AsyncClient) -> None:
        indicator, other = await make(client, "indicators"), await make(client, "indicators")
        observation = await observe(client, indicator)
        assert await items_of(client, f"indicators/{indicator['id']}/observations") == [observation]
        assert await items_of(client, f"indicators/{other['id']}/observations") == []

    async def test_filters_by_each_of_its_fields(self, client: httpx.AsyncClient) -> None:
        indicator = await make(client, "indicators")
        path = f"indicators/{indicator['id']}/observations"
        one = await observe(client, indicator, "2025-01-31", state="final", comment="Größe")
        two = await observe(client, indicator, "2025-02-01", state="provisional", source="Statistik")
        cases: list[tuple[str, Any, list[dict[str, Any]]]] = [
            ("state", "final", [one]),
            ("state", "provisional", [two]),
            ("state", ["provisional", "final"], [one, two]),
            ("on_from", "2025-01-31", [one, two]),
            ("on_from", "2025-02-01", [two]),
            ("on_from", "2025-02-02", []),
            ("on_before", "2025-01-31", []),
            ("on_before", "2025-02-01", [one]),
            ("on_before", "2025-02-02", [one, two]),
        ]
        assert {name for name, _, _ in cases} == own_filters("indicators/{id}/observations") - {"id"}
        for name, value, found in cases:
            assert await items_of(client, path, **{name: value}) == found, (name, value)
        assert await items_of(client, path, q="GRÖSSE") == [one]
        assert await items_of(client, path, q="statistik") == [two]

    @any_database
    async def test_is_not_found_where_there_is_no_such_indicator(self, callers: Callers) -> None:
        problem_of(await callers["admin"].get(f"/v1/indicators/{NOWHERE}/observations"), 404, "not-found")
        hidden = await make(callers["operator"], "indicators", visibility="partners")
        address = f"/v1/indicators/{hidden['id']}/observations"
        assert (await callers["reader"].get(address)).json()["items"] == []
        problem_of(await callers["anonymous"].get(address), 404, "not-found")
        assert (await delete(callers["admin"], "indicators", hidden)).status_code == 204
        problem_of(await callers["reader"].get(address), 410, "gone")
        problem_of(await callers["anonymous"].get(address), 404, "not-found")

    async def test_leaves_out_what_is_for_partners(self, callers: Callers) -> None:
        indicator = await make(callers["operator"], "indicators")
        path = f"indicators/{indicator['id']}/observations"
        hidden = await observe(callers["admin"], indicator, "2025-01-31", visibility="partners")
        shown = await observe(callers["admin"], indicator, "2025-02-28")
        assert await items_of(callers["anonymous"], path) == [shown]
        assert await items_of(callers["reader"], path) == [hidden, shown]


class TestGetObservation:
    @any_database
    async def test_answers_with_the_version_that_the_caller_may_know(self, callers: Callers) -> None:
        observation = await observe(callers["admin"], await make(callers["operator"], "indicators"))
        address = address_of(observation["indicator_id"])
        answer = await callers["anonymous"].get(address)
        assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, observation, '"1"')
        known = await callers["anonymous"].get(address, headers={"If-None-Match": '"1"'})
        assert (known.status_code, known.content) == (304, b"")

    @any_database
    async def test_is_not_found_where_nothing_was_observed(self, client: httpx.AsyncClient) -> None:
        indicator = await make(client, "indicators")
        await observe(client, indicator)
        for address in (address_of(indicator, "2025-02-27"), address_of(NOWHERE)):
            problem_of(await client.get(address), 404, "not-found")

    @any_database
    async def test_hides_what_is_for_partners(self, callers: Callers) -> None:
        indicator = await make(callers["operator"], "indicators")
        observation = await observe(callers["admin"], indicator, visibility="partners")
        problem_of(await callers["anonymous"].get(address_of(indicator)), 404, "not-found")
        assert (await callers["reader"].get(address_of(indicator))).json() == observation

    @any_database
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    async def test_refuses_an_address_that_is_none(self, client: httpx.AsyncClient, method: str) -> None:
        indicator = await make(client, "indicators")
        body = {"value": 1} if method == "PUT" else None
        for on in ("gestern", "2025-02-29", "2025-2-28", "20250228", "2025-02-28T00:00:00Z"):
            answer = await client.request(method, address_of(indicator, on), json=body)
            assert errors_of(answer) == [("on", "date_format")], on
        assert errors_of(await client.request(method, address_of(indicator, "0999-01-01"), json=body)) == [
            ("on", "year_out_of_range")
        ]
        assert errors_of(await client.request(method, address_of("plaetze"), json=body)) == [("id", "uuid_format")]


class TestPutObservation:
    async def test_creates_what_was_not_observed_before(self, callers: Callers) -> None:
        indicator = await make(callers["operator"], "indicators")
        address = address_of(indicator)
        answer = await callers["coordinator"].put(address, json={"value": 46})
        assert (answer.status_code, answer.headers["etag"], answer.headers["location"]) == (201, '"1"', address)
        assert (await callers["anonymous"].get(answer.headers["location"])).json() == answer.json()
        made = answer.json()
        assert made.pop("created_at") == made.pop("updated_at")
        made.pop("id")
        assert made == {
            **defaults_of("indicators/{id}/observations/{on}"),
            "version": 1,
            "visibility": "public",
            "indicator_id": indicator["id"],
            "on": DAY,
            "value": 46,
            "state": "provisional",
        }

    async def test_replaces_what_was_observed(self, client: httpx.AsyncClient) -> None:
        indicator = await make(client, "indicators")
        observation = await observe(client, indicator, **VALUE)
        answer = await client.put(address_of(indicator), json={"value": 47})
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
        assert "location" not in answer.headers
        assert answer.json() == {
            **observation,
            "value": 47,
            "state": "provisional",
            "comment": None,
            "source": None,
            "version": 2,
            "updated_at": answer.json()["updated_at"],
        }

    async def test_changes_nothing_when_the_same_is_observed_again(self, client: httpx.AsyncClient) -> None:
        indicator = await make(client, "indicators")
        for day, same in (("2025-01-31", VALUE), ("2025-02-28", {"value": 46}), ("2025-03-31", {"value": 0.1})):
            observation = await observe(client, indicator, day, **same)
            cursor = await end_of_feed(client)
            for headers in ({}, {"If-Match": '"1"'}):
                answer = await client.put(address_of(indicator, day), json=same, headers=headers)
                assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"1"', observation)
            assert await changes_after(client, cursor) == ([], cursor)

    @any_database
    async def test_honours_if_match_when_it_is_sent(self, client: httpx.AsyncClient) -> None:
        indicator = await make(client, "indicators")
        address = address_of(indicator)
        for tag in ('"1"', "*"):
            problem_of(await client.put(address, json=VALUE, headers={"If-Match": tag}), 412, "precondition-failed")
        assert (await client.get(address)).status_code == 404
        observation = await observe(client, indicator, **VALUE)
        answer = await client.put(address, json={"value": 2}, headers={"If-Match": '"2"'})
        assert problem_of(answer, 412, "precondition-failed")["current_etag"] == '"1"'
        await unchanged(client, observation)
        for tag, version in (('"1"', 2), ("*", 3)):
            answer = await client.put(address, json={"value": version}, headers={"If-Match": tag})
            assert (answer.status_code, answer.json()["version"]) == (200, version)

    async def test_is_new_once_when_many_observe_it_at_the_same_time(self, client: httpx.AsyncClient) -> None:
        address = address_of(await make(client, "indicators"))
        answers = await asyncio.gather(*(client.put(address, json=VALUE) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert [answer.json() for answer in answers] == [answers[0].json()] * 8
        assert await history_of(client, address) == [("created", 1)]

    async def test_gives_each_of_several_at_the_same_time_its_version(self, client: httpx.AsyncClient) -> None:
        address = address_of(await make(client, "indicators"))
        answers = await asyncio.gather(*(client.put(address, json={"value": number}) for number in range(8)))
        versions = {answer.json()["version"]: answer.status_code for answer in answers}
        assert versions == {1: 201} | dict.fromkeys(range(2, 9), 200)
        assert [answer.json()["value"] for answer in answers] == list(range(8))
        assert len(await history_of(client, address)) == 8

    @any_database
    async def test_is_not_found_where_there_is_no_such_indicator(self, client: httpx.AsyncClient) -> None:
        problem_of(await client.put(address_of(NOWHERE), json=VALUE), 404, "not-found")
        indicator = await make(client, "indicators")
        assert (await delete(client, "indicators", indicator)).status_code == 204
        problem_of(await client.put(address_of(indicator), json=VALUE), 410, "gone")

    @any_database
    async def test_refuses_what_is_no_value(self, client: httpx.AsyncClient) -> None:
        address = address_of(await make(client, "indicators"))
        for body, error in (
            ({}, ("#/value", "missing")),
            ({"value": None}, ("#/value", "float_type")),
            ({"value": "46"}, ("#/value", "not_a_number")),
            ({"value": True}, ("#/value", "not_a_number")),
            ({"value": 2e15}, ("#/value", "less_than_equal")),
            ({"value": 1, "on": "2025-03-31"}, ("#/on", "extra_forbidden")),
            ({"value": 1, "state": "guessed"}, ("#/state", "enum")),
        ):
            assert errors_of(await client.put(address, json=body)) == [error]
        assert (await client.get(address)).status_code == 404
        # The day stands in the address, and nowhere in the body.
        ahead = address.rpartition("/")[0] + "/2999-01-01"
        assert errors_of(await client.put(ahead, json=VALUE)) == [("on", "in_future")]

    @any_database
    async def test_is_the_right_of_who_leads_the_sub_measure(self, callers: Callers) -> None:
        indicator = await indicator_led_by(callers["admin"], CARITAS)
        address = address_of(indicator)
        assert rule_of(await callers["other_contributor"].put(address, json=VALUE)) == "ownership"
        assert rule_of(await callers["reader"].put(address, json=VALUE)) == "role"
        observation = await observe(callers["contributor"], indicator, **VALUE)
        for headers in ({}, {"If-Match": '"1"'}):
            answer = await callers["other_contributor"].put(address, json={"value": 0}, headers=headers)
            assert rule_of(answer) == "ownership"
            answer = await callers["other_contributor"].delete(address, headers=headers)
            assert rule_of(answer) == "ownership"
        assert rule_of(await callers["reader"].delete(address, headers={"If-Match": '"1"'})) == "role"
        await unchanged(callers["admin"], observation)
        for version, caller in enumerate(("coordinator", "contributor"), 2):
            answer = await callers[caller].put(address, json={"value": version})
            assert (answer.status_code, answer.json()["version"]) == (200, version)

    @any_database
    async def test_is_the_right_of_coordinators_where_nobody_leads(self, callers: Callers) -> None:
        for indicator in (
            await make(callers["operator"], "indicators"),
            await indicator_led_by(callers["admin"], None),
            await indicator_led_by(callers["admin"], CITY),
        ):
            assert rule_of(await callers["contributor"].put(address_of(indicator), json=VALUE)) == "ownership"
            await observe(callers["coordinator"], indicator)
            answer = await callers["contributor"].delete(address_of(indicator), headers={"If-Match": '"1"'})
            assert rule_of(answer) == "ownership"

    async def test_is_no_right_of_who_supports_the_sub_measure(self, callers: Callers) -> None:
        measure = await make(
            callers["operator"], "sub-measures", lead_partner_id=LIGA, supporting_partner_ids=[CARITAS]
        )
        indicator = await make(callers["operator"], "indicators", goal_id=None, sub_measure_id=measure["id"])
        assert rule_of(await callers["contributor"].put(address_of(indicator), json=VALUE)) == "ownership"

    async def test_follows_the_lead_to_another_partner(self, callers: Callers) -> None:
        measure = await make(callers["operator"], "sub-measures", lead_partner_id=CARITAS)
        indicator = await make(callers["operator"], "indicators", goal_id=None, sub_measure_id=measure["id"])
        await observe(callers["contributor"], indicator)
        assert (await patch(callers["admin"], "sub-measures", measure, lead_partner_id=LIGA)).status_code == 200
        assert rule_of(await callers["contributor"].put(address_of(indicator), json=VALUE)) == "ownership"
        assert (await callers["other_contributor"].put(address_of(indicator), json=VALUE)).status_code == 200

    @any_database
    async def test_is_as_visible_as_its_indicator_when_it_does_not_say(self, client: httpx.AsyncClient) -> None:
        for visibility in ("public", "partners"):
            indicator = await make(client, "indicators", visibility=visibility)
            assert (await observe(client, indicator))["visibility"] == visibility

    @any_database
    async def test_is_never_more_visible_than_its_indicator(self, client: httpx.AsyncClient) -> None:
        indicator = await make(client, "indicators", visibility="partners")
        too_visible = {**VALUE, "visibility": "public"}
        answer = await client.put(address_of(indicator), json=too_visible)
        assert errors_of(answer) == [("#/visibility", "too_visible")]
        observation = await observe(client, indicator, **VALUE)
        answer = await client.put(address_of(indicator), json=too_visible)
        assert errors_of(answer) == [("#/visibility", "too_visible")]
        await unchanged(client, observation)
        public = await make(client, "indicators")
        assert (await observe(client, public, visibility="partners"))["visibility"] == "partners"


class TestDeleteObservation:
    async def test_takes_it_back(self, callers: Callers) -> None:
        indicator = await indicator_led_by(callers["admin"], CARITAS)
        await observe(callers["contributor"], indicator)
        address = address_of(indicator)
        answer = await callers["contributor"].delete(address, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.content) == (204, b"")
        for caller in ("anonymous", "contributor"):
            problem_of(await callers[caller].get(address), 410, "gone")
        problem_of(await callers["contributor"].delete(address, headers={"If-Match": '"1"'}), 410, "gone")
        assert await items_of(callers["admin"], f"indicators/{indicator['id']}/observations") == []

    async def test_can_be_observed_again_with_the_version_after_the_last(self, callers: Callers) -> None:
        indicator = await make(callers["operator"], "indicators")
        address = address_of(indicator)
        first = await observe(callers["admin"], indicator, **VALUE)
        assert (await callers["admin"].put(address, json={"value": 2})).json()["version"] == 2
        assert (await callers["admin"].delete(address, headers={"If-Match": '"2"'})).status_code == 204
        stale = await callers["admin"].put(address, json=VALUE, headers={"If-Match": '"2"'})
        problem_of(stale, 412, "precondition-failed")
        answer = await callers["admin"].put(address, json=VALUE)
        assert (answer.status_code, answer.headers["etag"], answer.headers["location"]) == (201, '"4"', address)
        assert answer.json()["id"] == first["id"]
        assert answer.json()["created_at"] > first["created_at"]
        assert (await callers["anonymous"].get(address)).json() == answer.json()
        assert await history_of(callers["anonymous"], address) == [
            ("created", 1),
            ("updated", 2),
            ("deleted", 3),
            ("created", 4),
        ]
        assert (await callers["admin"].delete(address, headers={"If-Match": '"4"'})).status_code == 204
        problem_of(await callers["anonymous"].get(address), 410, "gone")

    @any_database
    async def test_needs_the_version_that_the_caller_has_seen(self, client: httpx.AsyncClient) -> None:
        observation = await observe(client, await make(client, "indicators"))
        address = address_of(observation["indicator_id"])
        problem_of(await client.delete(address), 428, "precondition-required")
        answer = await client.delete(address, headers={"If-Match": '"2"'})
        assert problem_of(answer, 412, "precondition-failed")["current_etag"] == '"1"'
        await unchanged(client, observation)

    @any_database
    async def test_is_not_found_where_nothing_was_observed(self, client: httpx.AsyncClient) -> None:
        indicator = await make(client, "indicators")
        for address in (address_of(indicator), address_of(NOWHERE)):
            problem_of(await client.delete(address, headers={"If-Match": "*"}), 404, "not-found")


class TestIndicatorsWithObservations:
    async def test_take_them_out_of_the_view_of_the_public(self, callers: Callers) -> None:
        indicator = await make(callers["operator"], "indicators")
        shown = [await observe(callers["admin"], indicator, day, **VALUE) for day in ("2025-01-31", "2025-02-28")]
        hidden = await observe(callers["admin"], indicator, "2025-03-31", visibility="partners")
        other = await observe(callers["admin"], await make(callers["operator"], "indicators"))
        public, partners = await end_of_feed(callers["anonymous"]), await end_of_feed(callers["admin"])
        narrowed = await patch(callers["coordinator"], "indicators", indicator, visibility="partners")
        assert (narrowed.status_code, narrowed.json()["version"]) == (200, 2)
        for observation in shown:
            address = address_of(indicator, observation["on"])
            problem_of(await callers["anonymous"].get(address), 404, "not-found")
            now = (await callers["reader"].get(address)).json()
            assert now == {**observation, "version": 2, "visibility": "partners", "updated_at": now["updated_at"]}
        await unchanged(callers["admin"], hidden)
        await unchanged(callers["anonymous"], other)
        left, _ = await changes_after(callers["anonymous"], public)
        assert {(each["resource_id"], each["action"], each["data"]) for each in left} == {
            (each["id"], "deleted", None) for each in (indicator, *shown)
        }
        seen, _ = await changes_after(callers["admin"], partners)
        assert [each["position"] for each in seen] == list(range(seen[0]["position"], seen[0]["position"] + 3))
        assert [(each["resource_type"], each["action"], each["changed_fields"]) for each in seen] == [
            ("indicator", "updated", ["visibility"]),
            ("observation", "updated", ["visibility"]),
            ("observation", "updated", ["visibility"]),
        ]
        assert {each["by"]["partner_id"] for each in seen} == {CITY}

    @any_database
    async def test_keep_them_for_partners_when_they_are_for_everyone_again(self, callers: Callers) -> None:
        indicator = await make(callers["operator"], "indicators")
        await observe(callers["admin"], indicator)
        narrowed = await patch(callers["admin"], "indicators", indicator, visibility="partners")
        await patch(callers["admin"], "indicators", narrowed.json(), visibility="public")
        path = f"indicators/{indicator['id']}/observations"
        assert await items_of(callers["anonymous"], path) == []
        answer = await callers["admin"].put(address_of(indicator), json={"value": 1})
        assert (answer.status_code, answer.json()["version"], answer.json()["visibility"]) == (200, 2, "partners")
        answer = await callers["admin"].put(address_of(indicator), json={"value": 1, "visibility": "public"})
        assert (answer.status_code, answer.json()["version"], answer.json()["visibility"]) == (200, 3, "public")
        assert await items_of(callers["anonymous"], path) == [answer.json()]
