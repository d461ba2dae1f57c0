"""Imports: all lines or none, each judged as a single write would be."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from app.cli.verify import verify_and_note
from app.interchange import imports, trying
from app.settings import Settings
from tests.clock import Clock
from tests.databases import any_database, only_postgresql
from tests.factories import AGREEMENT, CARITAS, LIGA, NOWHERE, body_of, end_of_feed, goal_id, items_of, make
from tests.interchange.test_external import known
from tests.problems import problem_of

JSONL, CSV = {"Content-Type": "application/jsonl"}, {"Content-Type": "text/csv"}


def jsonl(lines: Iterable[Mapping[str, Any]]) -> str:
    """Lines of JSON."""
    return "".join(json.dumps(line) + "\n" for line in lines)


def measures(count: int, **fields: Any) -> list[dict[str, Any]]:
    """So many sub-measures of a goal, each under an id of its own."""
    return [
        {"external_ids": [known(f"m{number}")], "goal_id": goal_id(1), "title": f"Nr. {number}", **fields}
        for number in range(count)
    ]


async def imported(
    client: httpx.AsyncClient, resource: str, content: str | bytes, headers: Mapping[str, str] = JSONL, **params: Any
) -> dict[str, Any]:
    """What an import that is answered at once came to."""
    answer = await client.post("/v1/imports", params={"resource": resource, **params}, content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    assert (await client.get(f"/v1/imports/{result['id']}", headers=headers)).json() == result
    return result


def counts(result: Mapping[str, Any]) -> tuple[str, int, int, int, int, int]:
    """How an import ended."""
    return (
        result["state"],
        result["lines_read"],
        result["created"],
        result["updated"],
        result["unchanged"],
        result["failed"],
    )


class TestImport:
    async def test_creates_updates_and_leaves_alone(self, client: httpx.AsyncClient, settings: Settings) -> None:
        lines = measures(250, lead_partner_id=CARITAS)
        tried = await imported(client, "sub-measures", jsonl(lines), dry_run=True)
        before = await end_of_feed(client)
        assert counts(tried) == ("done", 250, 250, 0, 0, 0)
        assert counts(await imported(client, "sub-measures", jsonl(lines))) == ("done", 250, 250, 0, 0, 0)
        assert len(await items_of(client, "sub-measures", q="Nr.")) == 250
        after = await end_of_feed(client)
        assert counts(await imported(client, "sub-measures", jsonl(lines))) == ("done", 250, 0, 0, 250, 0)
        assert before != after == await end_of_feed(client)
        lines[7]["title"] = "Anders"
        again = await imported(client, "sub-measures", jsonl([*lines, *measures(251)[250:]]))
        assert counts(again) == ("done", 251, 1, 1, 249, 0)
        assert (await client.get("/v1/sub-measures/external/crm/m7")).json()["title"] == "Anders"
        assert (await verify_and_note(settings)).faults == []

    async def test_names_what_is_wrong_and_writes_nothing(self, client: httpx.AsyncClient) -> None:
        before = await end_of_feed(client)
        good = measures(8)
        lines = [
            json.dumps(good[0]),
            "{",
            json.dumps({**good[1], "title": ""}),
            "",
            json.dumps({**good[2], "goal_id": None, "goal": known("z")}),
            json.dumps({**good[3], "progress_percent": 101, "colour": "red"}),
            json.dumps(good[0]),
            json.dumps({"goal_id": goal_id(1), "title": "ohne"}),
            json.dumps({**good[4], "starts_on": "2025-02-01", "ends_on": "2025-01-01"}),
            "[1]",
        ]
        result = await imported(client, "sub-measures", "\n".join(lines), {**JSONL, "Accept-Language": "de"})
        assert counts(result) == ("failed", 9, 0, 0, 0, 8)
        found = sorted((each["line"], each["pointer"], each["code"]) for each in result["errors"])
        assert found == [
            (2, "#", "malformed_request"),
            (3, "#/title", "string_too_short"),
            (5, "#/goal", "unknown_reference"),
            (6, "#/colour", "extra_forbidden"),
            (6, "#/progress_percent", "less_than_equal"),
            (7, "#/external_ids/0", "repeated"),
            (8, "#/external_ids", "external_id_required"),
            (9, "#/ends_on", "before_start"),
            (10, "#", "malformed_request"),
        ]
        assert "Ende" in next(each["detail"] for each in result["errors"] if each["line"] == 9)
        assert await end_of_feed(client) == before

    async def test_reads_csv_as_programs_and_as_spreadsheets_write_it(self, client: httpx.AsyncClient) -> None:
        goal = await make(client, "goals", external_ids=[known("Z 1")])
        rows = (
            "external_ids.system,external_ids.id,goal.system,goal.id,title,starts_on,supporting_partner_ids,districts\r\n"
            f'crm,1,crm,Z 1,"Eins, zwei",2026-01-31,{LIGA}; {CARITAS},"[""Prohlis""]"\r\n'
            "crm,2,crm,Z 1,'=1+1,,,\r\n"
        )
        assert counts(await imported(client, "sub-measures", rows, CSV)) == ("done", 2, 2, 0, 0, 0)
        first = (await client.get("/v1/sub-measures/external/crm/1")).json()
        assert (first["goal_id"], first["title"], first["starts_on"]) == (goal["id"], "Eins, zwei", "2026-01-31")
        assert (first["supporting_partner_ids"], first["districts"]) == ([LIGA, CARITAS], ["Prohlis"])
        assert (await client.get("/v1/sub-measures/external/crm/2")).json()["title"] == "=1+1"
        german = (
            "\ufeffexternal_ids.system;external_ids.id;goal.system;goal.id;name;unit;baseline_value;target_value;target_on\r\n"
            "crm;k;crm;Z 1;Plätze;Plätze;1.234,5;7;31.12.2026\r\n"
        )
        assert counts(await imported(client, "indicators", german, CSV)) == ("done", 1, 1, 0, 0, 0)
        found = (await client.get("/v1/indicators/external/crm/k")).json()
        assert (found["baseline_value"], found["target_value"], found["target_on"]) == (1234.5, 7, "2026-12-31")
        bad = 'external_ids.system;external_ids.id;title\r\ncrm;3;"a\r\nb";c;d\r\ncrm;4;x\xff'.encode("latin-1")
        wrong = await imported(client, "sub-measures", bad, CSV)
        assert [(each["line"], each["code"]) for each in wrong["errors"]][-2:] == [
            (2, "malformed_request"),
            (4, "malformed_request"),
        ]

    async def test_refuses_columns_that_it_does_not_know(self, client: httpx.AsyncClient) -> None:
        """Even where nothing stands below them: a header alone would be done, and nothing be missed."""
        for content in ("title;Titel;status\n", "title;Titel\n;\n"):
            result = await imported(client, "topics", content, CSV)
            assert (result["state"], result["lines_read"], result["failed"]) == ("failed", 1, 1)
            assert [each["pointer"] for each in result["errors"]][:1] == ["#/title"]
            assert {each["code"] for each in result["errors"]} == {"extra_forbidden"}
            assert "#/Titel" in [each["pointer"] for each in result["errors"]]

    @any_database
    async def test_refuses_columns_that_say_a_thing_twice(self, client: httpx.AsyncClient) -> None:
        for head, cells in (
            ("name, name", "a,b"),
            ("external_ids,external_ids.system,external_ids.id", "[],crm,1"),
            ("agreement,agreement.id", "5,1"),
        ):
            result = await imported(client, "topics", f"{head}\n{cells}\n", CSV)
            assert [(each["line"], each["pointer"]) for each in result["errors"]] == [(1, "#")], head
            assert "twice" in result["errors"][0]["detail"]
        # A spreadsheet leaves columns without a name behind.
        lines = f"external_ids.system;external_ids.id;agreement_id;slug;name;;\ncrm;1;{AGREEMENT};sport;Sport;;\n"
        assert counts(await imported(client, "topics", lines, CSV)) == ("done", 1, 1, 0, 0, 0)

    @any_database
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("1,5", 1.5),
            ("0.125", 0.125),
            ("12.5", 12.5),
            ("1.234,5", 1234.5),
            ("1.234.567", 1_234_567),
            ("-1.234.567,25", -1_234_567.25),
            ("1.500", None),
            ("-12.500", None),
            ("1.2.3,4", None),
            ("12.34,5", None),
            ("1,234,567", None),
            ("1,5,", None),
            ("01", None),
        ],
    )
    async def test_takes_no_point_for_what_it_may_not_be(
        self, client: httpx.AsyncClient, text: str, number: float | None
    ) -> None:
        """Where numbers have a decimal comma, 1.500 is a thousand and a half to people and one and a half to programs."""
        head = "external_ids.system;external_ids.id;goal_id;name;unit;baseline_value"
        result = await imported(client, "indicators", f"{head}\ncrm;k;{goal_id(1)};P;P;{text}\n", CSV)
        if number is None:
            assert [(each["pointer"], each["code"]) for each in result["errors"]] == [
                ("#/baseline_value", "not_a_number")
            ]
        else:
            assert (await client.get("/v1/indicators/external/crm/k")).json()["baseline_value"] == number

    @any_database
    @pytest.mark.parametrize(
        ("column", "cell"),
        [
            ("progress_percent", "9" * 5000),
            ("progress_percent", "1e400"),
            ("districts", "["),
            ("districts", "[NaN]"),
            ("goal", "{"),
            ("goal", '{"id": 1, "id": 2}'),
        ],
    )
    async def test_names_the_column_of_what_it_cannot_read(
        self, client: httpx.AsyncClient, column: str, cell: str
    ) -> None:
        quoted = cell.replace('"', '""')
        lines = f'external_ids.system,external_ids.id,title,{column}\ncrm,1,T,"{quoted}"\n'
        result = await imported(client, "sub-measures", lines, CSV)
        found = [(each["line"], each["pointer"], each["code"]) for each in result["errors"]]
        assert found == [(2, f"#/{column}", "malformed_request")]

    @any_database
    async def test_tells_the_line_of_the_file(self, client: httpx.AsyncClient) -> None:
        result = await imported(client, "topics", '\n{"name": 1}\n{"name":\n}', JSONL)
        told = {each["line"]: each["detail"] for each in result["errors"] if each["code"] == "malformed_request"}
        assert (told[3], told[4]) == ("No valid JSON at line 3, column 9.", "No valid JSON at line 4, column 1.")

    async def test_finds_all_that_is_wrong_together(
        self, callers: Mapping[str, httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each line as if it were alone: 30,000 that were tried one by one took a minute and a half."""
        tried: list[int] = []
        write = trying.write_lines

        async def noting(session: Any, intake: Any, lines: Any, known: Any) -> Any:
            tried.append(len(lines))
            return await write(session, intake, lines, known)

        monkeypatch.setattr(trying, "write_lines", noting)
        kinds: list[dict[str, Any]] = [
            {"goal_id": NOWHERE},
            {"goal_id": None},
            {"starts_on": "2025-02-01", "ends_on": "2025-01-01"},
            {"lead_partner_id": LIGA},
            {},
        ]
        right = measures(4 * len(kinds), lead_partner_id=CARITAS)
        lines = [each | kinds[number % len(kinds)] for number, each in enumerate(right)]
        together = await imported(callers["contributor"], "sub-measures", jsonl(lines))
        assert (together["failed"], tried) == (16, [20, 12, 4])
        alone = [await imported(callers["contributor"], "sub-measures", jsonl([line]), dry_run=True) for line in lines]
        told = [each | {"line": line} for line, result in enumerate(alone, 1) for each in result["errors"]]
        assert together["errors"] == told
        assert {each["code"] for each in told} == {"unknown_reference", "uuid_format", "before_start", "forbidden"}

    async def test_goes_on_beside_requests_when_it_is_large(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch, callers: Any
    ) -> None:
        monkeypatch.setattr(imports, "AT_ONCE", 10)
        answer = await client.post(
            "/v1/imports", params={"resource": "sub-measures"}, content=jsonl(measures(300)), headers=JSONL
        )
        assert (answer.status_code, answer.json()["state"]) == (202, "running")
        there = answer.headers["location"]
        second = await client.post(
            "/v1/imports", params={"resource": "sub-measures"}, content=jsonl(measures(3)), headers=JSONL
        )
        assert there == f"/v1/imports/{problem_of(second, 409, 'import-running')['import_id']}"
        # Others write meanwhile, and only the partner sees how far it is.
        assert (await callers["umbrella"].post("/v1/goals", json=body_of("goals"))).status_code == 201
        assert (await callers["umbrella"].get(there)).status_code == 404
        for task in list(app.state.runtime.tasks):
            await task
        assert counts((await client.get(there)).json()) == ("done", 300, 300, 0, 0, 0)

    @only_postgresql
    async def test_has_failed_with_its_process_also_where_the_clock_was_put_back(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imports, "AT_ONCE", 1)
        clock, runtime = Clock(app), app.state.runtime
        answer = await client.post("/v1/imports", params={"resource": "topics"}, content="{}", headers=JSONL)
        for task in runtime.tasks:
            task.cancel()
        runtime.process = uuid4()
        assert (await client.get(answer.headers["location"])).json()["state"] == "running"
        clock.wait(days=-1)
        assert (await client.get(answer.headers["location"])).json()["state"] == "failed"

    @any_database
    async def test_asks_for_the_rights_of_each_line(self, callers: Mapping[str, httpx.AsyncClient]) -> None:
        own = measures(3, lead_partner_id=CARITAS)
        mixed = [*own[:1], own[1] | {"lead_partner_id": LIGA}, own[2]]
        params = {"resource": "sub-measures"}
        for name, status in (("anonymous", 401), ("reader", 403)):
            answer = await callers[name].post("/v1/imports", params=params, content=jsonl(own), headers=JSONL)
            assert answer.status_code == status
        refused = await imported(callers["contributor"], "sub-measures", jsonl(mixed))
        assert [(each["line"], each["code"]) for each in refused["errors"]] == [(2, "forbidden")]
        assert counts(await imported(callers["contributor"], "sub-measures", jsonl(own)))[:3] == ("done", 3, 3)
        assert counts(await imported(callers["coordinator"], "sub-measures", jsonl(own)))[4] == 3

    @any_database
    async def test_refuses_what_is_no_import(self, client: httpx.AsyncClient) -> None:
        wrong = await client.post("/v1/imports", params={"resource": "x"}, content="", headers=JSONL)
        problem_of(wrong, 422, "validation-error")
        params = {"resource": "goals"}
        problem_of(await client.post("/v1/imports", params=params, json={}), 415, "unsupported-media-type")
        assert counts(await imported(client, "goals", "")) == ("done", 0, 0, 0, 0, 0)
        problem_of(await client.get(f"/v1/imports/{LIGA}"), 404, "not-found")
