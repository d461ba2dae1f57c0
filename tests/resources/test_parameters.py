"""Query parameters: what holds for every list, report and feed."""

import random
from typing import Any

import httpx
import pytest

from app.http.messages import MESSAGES
from tests.contract.reading import OPERATIONS, Operation
from tests.databases import any_database
from tests.factories import NOWHERE, errors_of, goal_id, make, measure_id
from tests.problems import problem_of

Pairs = list[tuple[str, str | int | float | bool | None]]


def parameters_of(operation: Operation, *, many: bool) -> list[str]:
    """The names of the query parameters that take many values, or of those that take one."""
    return [
        each["name"]
        for each in operation.content.get("parameters", [])
        if each["in"] == "query" and (each["schema"].get("type") == "array") is many
    ]


def address_of(operation: Operation) -> str:
    """Where an operation is asked for; nothing needs to be there."""
    path = operation.path.replace("{id}", NOWHERE).replace("{partner_id}", NOWHERE).replace("{on}", "2025-02-28")
    return f"/v1{path}"


READS = [each for each in OPERATIONS if each.method == "get" and parameters_of(each, many=False)]


class TestRepetition:
    @pytest.mark.parametrize("operation", [pytest.param(each, id=each.id) for each in READS])
    async def test_is_refused_where_one_value_is_taken(self, offline: httpx.AsyncClient, operation: Operation) -> None:
        names = parameters_of(operation, many=False)
        for value in ("1", ""):
            answer = await offline.get(address_of(operation), params=[(name, value) for name in names * 2])
            assert errors_of(answer) == [(name, "sent_twice") for name in names]

    async def test_is_named_in_both_languages(self, offline: httpx.AsyncClient) -> None:
        for query in ("limit=abc&limit=1", "limit=1&limit=1", "sort=title&limit=1&limit=2&agreement_id=x"):
            for language in ("de", "en"):
                answer = await offline.get(f"/v1/goals?{query}", headers={"Accept-Language": language})
                (error,) = answer.json()["errors"]
                text = getattr(MESSAGES["sent_twice"], language)
                assert error == {"parameter": "limit", "code": "sent_twice", "detail": text}

    async def test_of_an_unknown_name_is_as_unknown_as_the_name(self, offline: httpx.AsyncClient) -> None:
        assert errors_of(await offline.get("/v1/goals?limmit=1&limmit=2")) == [("limmit", "extra_forbidden")]

    @any_database
    async def test_comes_after_the_key(self, client: httpx.AsyncClient) -> None:
        headers = {"Authorization": "Bearer crk_unknown"}
        problem_of(await client.get("/v1/goals?limit=1&limit=2", headers=headers), 401, "unauthorized")

    @any_database
    async def test_of_a_filter_means_any_of_its_values(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/v1/goals?number=1&number=2&number=1")
        assert [each["number"] for each in answer.json()["items"]] == [1, 2]


@any_database
class TestOrderOfValues:
    async def test_leaves_the_cursor_of_a_list_valid(self, client: httpx.AsyncClient) -> None:
        choice = random.Random(1)  # noqa: S311 (orders that can be repeated)
        asked: Pairs = [("visibility", "public"), ("visibility", "partners")]
        asked += [("goal_id", goal_id(number)) for number in (1, 2, 3)]
        whole = (await client.get("/v1/sub-measures", params=[*asked, ("limit", "200")])).json()["items"]
        found: list[dict[str, Any]] = []
        cursor = ""
        while cursor is not None:
            choice.shuffle(asked)
            params = [*asked, ("goal_id", goal_id(1)), ("cursor", cursor), ("limit", "2")]
            page = (await client.get("/v1/sub-measures", params=params)).json()
            found += page["items"]
            cursor = page["next_cursor"]
        assert found == whole
        assert len(found) > 4

    async def test_leaves_the_cursor_of_a_report_valid(self, client: httpx.AsyncClient) -> None:
        asked = [("status", "proposed"), ("status", "agreed"), ("status", "in_progress")]
        address = "/v1/reports/progress/sub-measures"
        page = (await client.get(address, params=[*asked, ("limit", "1")])).json()
        next_page = [*reversed(asked), ("limit", "1"), ("cursor", page["next_cursor"])]
        assert (await client.get(address, params=next_page)).status_code == 200
        assert errors_of(await client.get(address, params=next_page[1:])) == [("cursor", "invalid_cursor")]


class TestNotation:
    """Numbers, true and false are written as in JSON; Python alone reads more."""

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            *((f"limit={value}", "int_parsing") for value in ("1_0", "%201", "1%20", "%2B1", "01", "1.", "-01", "1,0")),
            *((f"number=1&number={value}", "int_parsing") for value in ("1_0", "02", "")),
            *(
                (f"include_total={value}", "bool_parsing")
                for value in ("1", "0", "yes", "on", "t", "True", "FALSE", "")
            ),
        ],
    )
    async def test_of_others_is_refused(self, offline: httpx.AsyncClient, query: str, code: str) -> None:
        assert errors_of(await offline.get(f"/v1/goals?{query}")) == [(query.partition("=")[0], code)]

    @any_database
    @pytest.mark.parametrize("query", ["limit=1.0", "number=2&number=1.0", "include_total=true", "q=1_0", "q=on"])
    async def test_of_json_is_read(self, client: httpx.AsyncClient, query: str) -> None:
        assert (await client.get(f"/v1/goals?{query}")).status_code == 200


class TestEmptyCursor:
    @any_database
    async def test_is_the_beginning(self, client: httpx.AsyncClient) -> None:
        await make(client, "indicators", sub_measure_id=None)
        asked = [each for each in READS if "cursor" in parameters_of(each, many=False)]
        assert {"listGoals", "listChanges", "listGoalHistory", "reportUpcoming", "listKeys"} <= {
            each.id for each in asked
        }
        for operation in asked:
            if "{" not in operation.path and not operation.path.endswith("/stream"):
                address = address_of(operation)
                first, empty = await client.get(address), await client.get(address, params={"cursor": ""})
                assert (empty.status_code, empty.content) == (200, first.content), operation.id
        history = f"/v1/sub-measures/{measure_id(1, 1)}/history"
        assert (await client.get(f"{history}?cursor=")).json() == (await client.get(history)).json()


class TestTimes:
    @pytest.mark.parametrize("name", ["updated_at_from", "created_at_before", "starts_at_from", "ends_at_before"])
    async def test_say_how_a_plus_is_written(self, offline: httpx.AsyncClient, name: str) -> None:
        address = "/v1/consultation-events"
        for language in ("de", "en"):
            answer = await offline.get(
                f"{address}?{name}=2024-08-29T10:00:00+02:00", headers={"Accept-Language": language}
            )
            assert errors_of(answer) == [(name, "plus_as_space")]
            assert "%2B" in answer.json()["errors"][0]["detail"]
        for value in ("2024-08-29 10:00:00+02:00", "2024-08-29T10:00:00 ", "2024-08-29T10:00:00  02:00", "2024-08-29"):
            assert errors_of(await offline.get(address, params={name: value})) == [(name, "time_format")]

    @any_database
    async def test_with_a_plus_that_is_encoded_are_read(self, client: httpx.AsyncClient) -> None:
        address = "/v1/consultation-events?starts_at_from="
        made = await make(client, "consultation-events", starts_at="2024-08-29T08:00:00Z")
        for value, count in (("2024-08-29T10:00:00%2B02:00", 1), ("2024-08-29T10:00:01%2B02:00", 0)):
            items = (await client.get(f"{address}{value}")).json()["items"]
            assert [each["id"] for each in items] == [made["id"]] * count
