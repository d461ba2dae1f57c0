"""`/v1/exports`: every list as a whole, for programs and for people."""

import csv
import io
import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from time import process_time
from typing import Any
from uuid import uuid4

import httpx
import pandas as pd
import pytest
from fastapi import FastAPI
from openpyxl import load_workbook

from app.catalogue import FEATURES, Feature
from app.cli.demo import built_in_demo, load_demo
from app.database.snapshot import Snapshot
from app.interchange.lists import BATCH
from app.labels import label_of
from app.needs.models import Need
from app.places import Asker, Places
from app.settings import Settings
from app.sheets import workbook
from app.sheets.separated import lossless_cell, shielded, unshielded
from tests.databases import any_database
from tests.factories import LIGA, errors_of, goal_id, items_of, make
from tests.interchange.sheets import Rows, download, everything, name_of, rows_in, sheets_in
from tests.interchange.test_external import known
from tests.problems import problem_of
from tests.reports.making import multiply, stated

SIGNS = "=+\\-@＝＋－＠"  # noqa: RUF001 (they are meant)
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HOSTILE = ("=1+1", "＝1+1", "a;=1", 'a,"@b"', "Punkte:\n- eins", "\tx", "a\t+b", "x; ＠y")  # noqa: RUF001 (they are meant)
HARMLESS = ('Der "Plan", neu; 2025', "5 - 3", "a=1", "x@y.de", "<r>fett</r>", "_x0041_", "Zeile\nzwei")


def by_id(rows: Rows, name: str = "id") -> dict[str, dict[str, Any]]:
    """Rows by their ids."""
    return {row[name]: row for row in rows}


def kept_in_csv(value: Any) -> str:
    """A value as it must stand in CSV for programs, when nothing in it needs to be kept from a spreadsheet."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return (
        json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, list | dict) else str(value)
    )


def names_in(register: Mapping[str, Rows]) -> dict[str, str]:
    """How what everything is called begins, by its id: by a text of its own, or of what it stands below."""
    kinds = [feature.kind for feature in FEATURES]
    names = {row["id"]: str(row[kind.named_by]) for kind in kinds for row in register[kind.path]}
    below = {row["id"]: names[row[kind.within]] for kind in kinds if kind.within for row in register[kind.path]}
    return names | below


@pytest.fixture
async def register(client: httpx.AsyncClient, settings: Settings) -> Mapping[str, Rows]:
    """The demo year, as the API answers it."""
    await load_demo(settings, built_in_demo())
    return {feature.kind.path: await everything(client, feature) for feature in FEATURES}


@any_database
class TestDemoYear:
    async def test_is_in_every_form_what_the_api_says(
        self, client: httpx.AsyncClient, register: Mapping[str, Rows]
    ) -> None:
        head = (await client.get("/v1/reports/exchange")).headers["change-position"]
        names = names_in(register)
        for feature in FEATURES:
            path, served = f"exports/{name_of(feature)}", register[feature.kind.path]
            lines = await download(client, f"{path}.jsonl")
            assert lines.headers["content-type"] == "application/jsonl"
            assert lines.headers["change-position"] == head
            assert int(lines.headers["content-length"]) == len(lines.content)
            told = [json.loads(line) for line in lines.text.splitlines()]
            assert (len(told), by_id(told)) == (len(served), by_id(served))
            assert feature.kind.within or told == served, "in the order of the list"

            table = await download(client, f"{path}.csv")
            assert table.headers["content-type"] == "text/csv; charset=utf-8"
            rows = list(csv.DictReader(io.StringIO(table.text, newline=""), strict=True))
            assert rows == [{name: kept_in_csv(value) for name, value in row.items()} for row in told]

            language = "en" if feature.kind.lists else "de"
            book = await download(client, f"{path}.xlsx", language=language)
            assert (book.headers["content-type"], book.headers["content-language"]) == (SPREADSHEET, language)
            check_sheets(feature, sheets_in(book), told, names, language, head)

            check_german_excel(await download(client, f"{path}.csv", dialect="excel-de"), by_id(served))
        events = (await download(client, "exports/consultation-events.csv", dialect="excel-de")).text
        assert f"Partner: {names[LIGA]}, Rolle: " in events


def check_german_excel(table: httpx.Response, served: Mapping[str, dict[str, Any]]) -> None:
    """Read what a German Excel opens, and compare numbers and times with what the API says."""
    assert table.content.startswith("\ufeff".encode())
    frame = pd.read_csv(io.BytesIO(table.content), sep=";", decimal=",", encoding="utf-8-sig")
    assert set(frame["Id"]) == set(served)
    numbers = {"Version": "version", "Wert": "value", "Ausgangswert": "baseline_value", "Beschäftigte": "staff_count"}
    for label, name in numbers.items():
        if label in frame:
            there = frame[[label, "Id"]].dropna()
            assert list(there[label]) == [served[id][name] for id in there["Id"]]
    moments = pd.to_datetime(frame["Zuletzt geändert"], format="%d.%m.%Y %H:%M:%S")
    for id, moment, zone in zip(frame["Id"], moments, frame["Zuletzt geändert (Zeitzone)"], strict=True):
        told = datetime.fromisoformat(served[id]["updated_at"]).replace(microsecond=0)
        assert told_in_utc(moment.to_pydatetime(), zone) == told


def check_sheets(
    feature: Feature,
    sheets: Mapping[str, list[list[Any]]],
    served: Rows,
    names: Mapping[str, str],
    language: str,
    head: str,
) -> None:
    """Compare a spreadsheet with what the API says: typed cells, terms in words, names beside ids, lists on sheets."""

    def label(name: str) -> str:
        return str(getattr(label_of(name), language))

    [main, *_] = sheets
    assert main == getattr(feature.label, language)
    rows = rows_in(sheets[main])
    assert [row[label("id")] for row in rows] == [each["id"] for each in served]
    for row, each in zip(rows, served, strict=True):
        for name, value in each.items():
            if name.endswith("_id") and value is not None:
                assert row[f"{label(name)} ({'Id' if language == 'de' else 'id'})"] == value
                assert row[label(name)].startswith(names[value].partition("\n")[0])
            elif name.endswith("_on") and value and value >= "1900-03-01":
                assert row[label(name)] == datetime.combine(date.fromisoformat(value), datetime.min.time())
            elif name.endswith("_at") and value:
                zone = row[f"{label(name)} ({'Zeitzone' if language == 'de' else 'time zone'})"]
                assert abs(told_in_utc(row[label(name)], zone) - datetime.fromisoformat(value)).total_seconds() < 0.001
            elif isinstance(value, int | float):
                assert (row[label(name)], type(row[label(name)])) == (
                    value,
                    type(value) if value % 1 else type(value) if isinstance(value, bool) else int,
                )
            elif value and isinstance(value, list) and isinstance(value[0], dict):
                assert row[label(name)] == len(value)
                check_entries(feature, sheets[label(name)], name, served, names, language)
        words = {
            "de": {"public": "öffentlich", "partners": "nur Partner"},
            "en": {"public": "everyone", "partners": "partners only"},
        }
        assert row[label("visibility")] == words[language][each["visibility"]]
    [*_, about] = sheets.values()
    said = dict(about)
    assert said["Stand: Änderung Nr." if language == "de" else "As of change no."] == int(head)
    assert len(said) >= 8


def check_entries(
    feature: Feature, sheet: list[list[Any]], name: str, served: Rows, names: Mapping[str, str], language: str
) -> None:
    """Compare the sheet of a list of objects: a row an entry, with what it belongs to."""
    one = getattr(label_of(f"{feature.kind.type}_id"), language)
    rows = rows_in(sheet)
    entries = [(each["id"], number, entry) for each in served for number, entry in enumerate(each[name], 1)]
    of, number = f"{one} ({'Id' if language == 'de' else 'id'})", "Nr." if language == "de" else "No."
    assert [(row[of], row[number]) for row in rows] == [(id, number) for id, number, _ in entries]
    for row, (id, _, entry) in zip(rows, entries, strict=True):
        assert row[one].startswith(names[id].partition("\n")[0])
        partner = entry.get("partner_id")
        assert partner is None or row[getattr(label_of("partner_id"), language)] == names[partner]
        assert entry.get("title") in (None, row.get(getattr(label_of("title"), language)))


def told_in_utc(moment: datetime, zone: str) -> datetime:
    """A local time as the moment that it is, by the zone beside it."""
    place, _, offset = zone.partition(" (UTC")
    assert place == "Europe/Berlin"
    return datetime.fromisoformat(f"{moment.isoformat()}{offset.removesuffix(')')}")


async def named(client: httpx.AsyncClient, text: str) -> dict[str, Any]:
    """A need that says a text wherever there is room for one."""
    line = text.replace("\n", " ").replace("\t", " ").strip()
    return await make(client, "needs", title=line, description=text, districts=[line], response=text)


@any_database
class TestCells:
    @pytest.mark.parametrize("dialect", [{}, {"dialect": "excel-de"}])
    async def test_that_a_spreadsheet_would_run_are_shown_whatever_it_takes_for_a_separator(
        self, client: httpx.AsyncClient, dialect: dict[str, str]
    ) -> None:
        for text in HOSTILE:
            await named(client, text)
        table = (await download(client, "exports/needs.csv", **dialect)).text
        pieces = [piece for piece in re.split(r"[,;\t\r\n]", table) if re.match(rf"[\s\"]*[{SIGNS}]", piece)]
        assert pieces == []
        rows = csv.DictReader(io.StringIO(table, newline=""), delimiter=";" if dialect else ",")
        said = [row["Beschreibung" if dialect else "description"] for row in rows]
        assert sorted(each.lstrip("\ufeff").replace("'", "") for each in said) == sorted(HOSTILE)

    async def test_are_given_back_as_they_are(self, client: httpx.AsyncClient) -> None:
        made = {text: await named(client, text) for text in (*HARMLESS, *HOSTILE)}
        rows = csv.DictReader(io.StringIO((await download(client, "exports/needs.csv")).text, newline=""))
        told = {row["id"]: row for row in rows}
        for text in HARMLESS:
            assert told[made[text]["id"]]["description"] == text
        assert [json.loads(told[each["id"]]["districts"]) for each in made.values()] == [
            each["districts"] for each in made.values()
        ], "JSON in a cell is lossless"
        answer = await download(client, "exports/needs.xlsx", language="en")
        shown = {row["Id"]: row["Description"] for row in rows_in(sheets_in(answer)["Needs"])}
        assert {shown[each["id"]].rstrip(" ") for each in made.values()} == {*HARMLESS, *HOSTILE}
        book = load_workbook(io.BytesIO(answer.content))
        cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n", "d", "b", "inlineStr"}
        assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith("="))

    async def test_are_what_they_were_when_the_file_is_imported(self, client: httpx.AsyncClient) -> None:
        texts = (*HARMLESS, *HOSTILE, "'=1", "''\t=1", "a;'=1", "a,'\"\n'@b", "'\n")
        for number, text in enumerate(texts):
            districts = [text] if text.isprintable() else []
            await make(client, "needs", external_ids=[known(str(number))], description=text, districts=districts)
        file = await download(client, "exports/needs.csv")
        table = pd.read_csv(io.BytesIO(file.content), dtype=str, keep_default_na=False)
        theirs = table[["external_ids", "title", "description", "raised_by_id", "visibility", "urgency", "districts"]]
        answer = await client.post(
            "/v1/imports",
            params={"resource": "needs"},
            content=theirs.to_csv(index=False),
            headers={"Content-Type": "text/csv"},
        )
        assert answer.json() | {"state": "done", "unchanged": len(texts)} == answer.json()

    def test_of_many_lines_take_no_time(self) -> None:
        """As much as a description holds took 8 seconds, with everything else in the process waiting."""
        began = process_time()
        for text in ("\n" * 20_000, "\n" * 20_000 + "=", '"' * 20_000, ",'" * 10_000):
            assert unshielded(shielded(text)) == text
            assert json.loads(lossless_cell([text])) == [text]
        assert process_time() - began < 4

    async def test_are_local_times_with_their_zone_when_the_clocks_change(self, client: httpx.AsyncClient) -> None:
        times = {
            "2025-03-30T00:30:00Z": ("2025-03-30 01:30:00", "Europe/Berlin (UTC+01:00)"),
            "2025-03-30T01:30:00Z": ("2025-03-30 03:30:00", "Europe/Berlin (UTC+02:00)"),
            "2025-10-26T00:30:00Z": ("2025-10-26 02:30:00", "Europe/Berlin (UTC+02:00)"),
            "2025-10-26T01:30:00Z": ("2025-10-26 02:30:00", "Europe/Berlin (UTC+01:00)"),
        }
        for moment in times:
            await make(client, "consultation-events", starts_at=moment)
        await make(client, "consultation-events", starts_at="2026-01-01T12:00:00Z", timezone="Asia/Kathmandu")
        rows = rows_in(sheets_in(await download(client, "exports/consultation-events.xlsx"))["Consultation events"])
        said = [(str(row["Start"]), row["Start (time zone)"]) for row in rows]
        assert said == [*times.values(), ("2026-01-01 17:45:00", "Asia/Kathmandu (UTC+05:45)")]
        german = (await download(client, "exports/consultation-events.csv", dialect="excel-de")).text
        assert ";30.03.2025 03:30:00;Europe/Berlin (UTC+02:00);" in german

    async def test_of_days_that_spreadsheets_do_not_know_are_text(self, client: httpx.AsyncClient) -> None:
        old = await make(client, "partners", founded_on="1876-05-01", name="Alt")
        new = await make(client, "partners", founded_on="1900-03-01", name="Neu")
        rows = rows_in(sheets_in(await download(client, "exports/partners.xlsx"))["Partners"])
        founded = {row["Id"]: row["Founded on"] for row in rows}
        assert (founded[old["id"]], founded[new["id"]]) == ("1876-05-01", datetime(1900, 3, 1))  # noqa: DTZ001 (a day)

    async def test_are_empty_where_a_list_is(self, client: httpx.AsyncClient) -> None:
        """Who counts the cells of a column counts what is said."""
        await make(client, "needs", raised_by_id=LIGA)
        (row,) = rows_in(sheets_in(await download(client, "exports/needs.xlsx"))["Needs"])
        assert (row["Decisions"], row["Districts"]) == (None, None)

    async def test_of_long_lists_end_where_a_cell_does(self, client: httpx.AsyncClient) -> None:
        districts = [f"{number} {'😀' * 190}" for number in range(100)]
        await make(client, "needs", districts=districts)
        (row,) = rows_in(sheets_in(await download(client, "exports/needs.xlsx"))["Needs"])
        assert row["Districts"].endswith("…")
        assert 32_700 < len(row["Districts"].encode("utf-16-le")) // 2 <= 32_767
        assert len(workbook.written(f"<r>{'x' * 32_760}</r>")) == workbook.MOST_LETTERS


class TestSelection:
    async def test_is_that_of_the_list(self, client: httpx.AsyncClient) -> None:
        asked: Mapping[str, dict[str, Any]] = {
            "sub-measures": {"goal_id": [goal_id(1), goal_id(3)], "sort": "-title", "status": "agreed"},
            "partners": {"q": "dresden", "member_of_id": LIGA},
            "topics": {"slug": "health"},
        }
        for path, params in asked.items():
            lines = (await download(client, f"exports/{path}.jsonl", **params)).text.splitlines()
            assert [json.loads(line) for line in lines] == await items_of(client, path, **params)
            assert 0 < len(lines) < len(await items_of(client, path)), path

    async def test_of_what_stands_below_others_is_theirs(self, client: httpx.AsyncClient) -> None:
        decisions = [await make(client, "decisions", involved_partner_ids=[LIGA]) for _ in range(2)]
        for decision in decisions:
            await stated(client, decision)
        whole = (await download(client, "exports/statements.jsonl")).text.splitlines()
        (line,) = (await download(client, "exports/statements.jsonl", decision_id=decisions[1]["id"])).text.splitlines()
        assert len(whole) == 2
        assert json.loads(line)["decision_id"] == decisions[1]["id"]

    @any_database
    @pytest.mark.parametrize(
        ("path", "parameter"),
        [
            ("goals.pdf", "suffix"),
            ("goals.csv?limit=5", "limit"),
            ("goals.csv?cursor=", "cursor"),
            ("goals.csv?sort=title&sort=number", "sort"),
            ("goals.csv?dialect=excel", "dialect"),
            ("goals.xlsx?dialect=excel-de", "dialect"),
            ("goals.jsonl?language=de", "language"),
            ("goals.csv?language=de", "language"),
            ("goals.xlsx?language=fr", "language"),
            ("goals.xlsx?decision_id=1", "decision_id"),
        ],
    )
    async def test_that_cannot_be_is_refused(self, client: httpx.AsyncClient, path: str, parameter: str) -> None:
        answer = await client.get(f"/v1/exports/{path}")
        assert [name for name, _ in errors_of(answer)] == [parameter]

    @any_database
    async def test_is_told_in_the_file(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        settings = app.state.runtime.settings
        told = {"operator": "Musterstadt", "data_licence": "https://licence.example", "public_url": "https://r.example"}
        app.state.runtime.settings = settings.model_copy(update=told)
        headers = {"Accept-Language": "de"}
        answer = await client.get("/v1/exports/sub-measures.xlsx?status=agreed&q=sucht", headers=headers)
        app.state.runtime.settings = settings
        assert answer.headers["content-language"] == "de"
        assert answer.headers["vary"] == "Accept-Language"
        assert answer.headers["content-disposition"] == 'attachment; filename="sub-measures.xlsx"'
        about = dict(sheets_in(answer)["Über diese Datei"])
        assert about == {
            "Inhalt": "Teilmaßnahmen",
            "Quelle": "Musterstadt",
            "Abgerufen von": "https://r.example/v1/exports/sub-measures.xlsx?status=agreed&q=sucht",
            "Stand: Änderung Nr.": int(answer.headers["change-position"]),
            "Abgerufen am": datetime.combine(app.state.runtime.today, datetime.min.time()),
            "Zeitzone, wo keine andere genannt ist": "Europe/Berlin",
            "Lizenz der Daten": "https://licence.example",
            "Ausgewählt: Status": "vereinbart",
            "Ausgewählt: Suchtext": "sucht",
        }


class TestVisibility:
    async def test_is_the_callers(self, callers: Mapping[str, httpx.AsyncClient]) -> None:
        operator = callers["operator"]
        hidden = await make(operator, "partners", name="Verdeckt e. V.", visibility="partners")
        shown = await make(operator, "consultation-events", organiser_id=hidden["id"])
        await make(operator, "consultation-events", title="Intern", visibility="partners")
        for suffix in ("jsonl", "csv", "xlsx"):
            path = f"exports/consultation-events.{suffix}"
            public, private = await download(callers["anonymous"], path), await download(callers["reader"], path)
            assert (public.headers["cache-control"], private.headers["cache-control"]) == ("no-cache", "no-store")
            if suffix != "xlsx":
                assert ("Intern" in public.text, "Intern" in private.text) == (False, True)
                continue
            (seen,) = rows_in(sheets_in(public)["Consultation events"])
            assert (seen["Id"], seen["Organiser (id)"], seen["Organiser"]) == (shown["id"], hidden["id"], None)
            rows = rows_in(sheets_in(private)["Consultation events"])
            assert {row["Title"]: row["Organiser"] for row in rows}[shown["title"]] == "Verdeckt e. V."
        assert "Verdeckt" not in (await download(callers["anonymous"], "exports/partners.jsonl")).text


class TestMaking:
    async def test_reads_one_state(
        self, app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await make(client, "needs", title="Zuerst")
        await multiply(app.state.runtime.database, Need, BATCH + 1, id=lambda _: uuid4())
        read, written = Snapshot.read, []

        async def reading(snapshot: Snapshot, work: Any) -> Any:
            found = await read(snapshot, work)
            written.append(await make(client, "needs", title="Mittendrin"))
            return found

        with monkeypatch.context() as patched:
            patched.setattr(Snapshot, "read", reading)
            answer = await download(client, "exports/needs.csv", sort="created_at")
        assert len(written) == 3
        assert answer.text.count("\r\n") == BATCH + 3
        assert "Mittendrin" not in answer.text
        assert len((await download(client, "exports/needs.jsonl")).text.splitlines()) == BATCH + 5

    @any_database
    async def test_is_done_for_few_at_a_time(self, app: FastAPI, callers: Mapping[str, httpx.AsyncClient]) -> None:
        making: Places = app.state.runtime.making
        for path in ("exports/goals.xlsx", "reports/progress.xlsx", "reports/progress.csv"):
            await making.take(Asker("", has_key=False))
            await making.take(Asker("other", has_key=False))
            app.state.runtime.database.patience = 0.01
            problem_of(await callers["anonymous"].get(f"/v1/{path}"), 503, "unavailable")
            await download(callers["reader"], path)
            making.give_back(Asker("", has_key=False))
            making.give_back(Asker("other", has_key=False))
            await download(callers["anonymous"], path)
        assert making.held.total() == 0

    @any_database
    async def test_ends_where_a_sheet_does(self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workbook, "MOST_ROWS", 10)
        answer = await client.get("/v1/exports/sub-measures.xlsx")
        assert errors_of(answer) == [("suffix", "too_many_rows")]
        await download(client, "exports/sub-measures.csv")

    @any_database
    async def test_answers_a_head_with_the_size(self, client: httpx.AsyncClient) -> None:
        whole = await download(client, "exports/goals.csv")
        answer = await client.head("/v1/exports/goals.csv")
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-length"] == str(len(whole.content))
