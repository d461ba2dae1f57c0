"""The log, as a machine reads it."""

import json
import logging
from collections.abc import Iterator, Mapping
from io import StringIO

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.access.keys import new_key
from app.database.fair_pool import FairPool
from app.http.envelope import request_id
from app.logs import configure_logging
from tests.databases import only_sqlite
from tests.factories import CITY, body_of
from tests.problems import problem_of

LEVELS = ("debug", "info", "warning", "error")


@pytest.fixture
def stream() -> Iterator[StringIO]:
    """What the log writes; the test's own logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield StringIO()
    root.handlers[:], root.level = handlers, level


def configured(stream: StringIO, level: str = "info") -> logging.Logger:
    """A logger of the service, after the log was configured."""
    configure_logging(level)
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    return logging.getLogger("app.test")


class TestLines:
    def test_are_one_json_object_each_whatever_is_said(self, stream: StringIO) -> None:
        logger = configured(stream)
        said = ['"quoted" and {braces}', "zwei\nZeilen\r\u2028", "Ä ẞ 🙂", "\x1b[31m\0"]
        for message in said:
            logger.info(message, extra={"path": message})
        lines = [json.loads(line) for line in stream.getvalue().split("\n") if line]
        assert [(line["message"], line["path"]) for line in lines] == [(message, message) for message in said]
        assert {line["request_id"] for line in lines} == {None}

    def test_tell_nothing_of_pools_that_are_emptied(self, stream: StringIO) -> None:
        configured(stream)
        logging.getLogger(f"{FairPool.__module__}.{FairPool.__name__}").info("Pool disposed")
        assert stream.getvalue() == ""

    def test_carry_the_id_of_the_request_that_is_answered(self, stream: StringIO) -> None:
        logger = configured(stream)
        token = request_id.set("find-me")
        logging.getLogger("some.library").warning("slow")
        request_id.reset(token)
        logger.warning("later")
        first, second = (json.loads(line) for line in stream.getvalue().splitlines())
        assert (first["request_id"], first["logger"], first["level"]) == ("find-me", "some.library", "WARNING")
        assert second["request_id"] is None

    def test_hold_the_traceback_in_the_same_line(self, stream: StringIO) -> None:
        logger = configured(stream)
        try:
            int("wrong")
        except ValueError:
            logger.exception("failed")
        (line,) = stream.getvalue().splitlines()
        assert "ValueError: invalid literal" in json.loads(line)["exc_info"]


class TestLevels:
    @pytest.mark.parametrize("level", LEVELS)
    def test_leave_out_what_is_less_serious(self, stream: StringIO, level: str) -> None:
        logger = configured(stream, level)
        for each in LEVELS:
            getattr(logger, each)(each)
        said = [json.loads(line)["message"] for line in stream.getvalue().splitlines()]
        assert said == list(LEVELS[LEVELS.index(level) :])

    def test_leave_the_lines_of_the_server_to_the_envelope(self, stream: StringIO) -> None:
        configured(stream)
        logging.getLogger("uvicorn.access").info("GET /v1/goals?q=geheim 200")
        assert stream.getvalue() == ""


WRITTEN = "Depression in der Akte 4711"
BROKEN = f"CREATE TRIGGER broken BEFORE INSERT ON need BEGIN SELECT RAISE(ABORT, 'not {WRITTEN}'); END"
"""What makes a database refuse a row in a way that nobody foresaw, and quote it."""


class TestDatabaseErrors:
    @only_sqlite
    async def test_are_told_without_what_people_wrote(
        self, app: FastAPI, client: httpx.AsyncClient, stream: StringIO
    ) -> None:
        async with app.state.runtime.database.transaction() as session:
            await session.execute(text(BROKEN))
        configured(stream)
        answer = await client.post("/v1/needs", json=body_of("needs", title=WRITTEN))
        problem_of(answer, 500, "internal-error")
        log = stream.getvalue()
        assert "IntegrityError" in log
        assert "storing.py" in log, "where it happened"
        assert WRITTEN not in log

    def test_that_stand_behind_each_other_in_a_circle_are_told_once(self, stream: StringIO) -> None:
        logger = configured(stream)
        first, second = ValueError("first"), ValueError("second")
        first.__context__, second.__context__ = second, first
        logger.error("failed", exc_info=first)
        (line,) = stream.getvalue().splitlines()
        assert [json.loads(line)["exc_info"].count(each) for each in ("first", "second")] == [1, 1]

    def test_are_told_without_what_the_driver_says(self, stream: StringIO) -> None:
        """PostgreSQL's details show whole rows, in SQLAlchemy's words and in those of the errors behind it."""
        logger = configured(stream)
        cause = ValueError(f"DETAIL: Failing row contains ({WRITTEN}).")
        error = IntegrityError("INSERT INTO need", {"title": WRITTEN}, cause, hide_parameters=True)
        error.__cause__ = cause
        logger.error("failed", exc_info=error)
        assert "IntegrityError" in stream.getvalue()
        assert WRITTEN not in stream.getvalue()


class TestRefusals:
    """An operator can alarm on them: each says from where, with which key and why."""

    async def test_say_who_was_refused_and_why(
        self, callers: Mapping[str, httpx.AsyncClient], stream: StringIO
    ) -> None:
        configured(stream)
        admin = callers["admin"]
        made = (await admin.post("/v1/keys", json={"partner_id": CITY, "role": "reader"})).json()
        assert (await admin.delete(f"/v1/keys/{made['id']}")).status_code == 204
        unknown = new_key()
        sent = {
            "missing": (None, "POST", "/v1/goals"),
            "misspelt": (unknown[:-1], "GET", "/v1/goals"),
            "unknown": (unknown, "GET", f"/v1/goals/{unknown}"),
            "revoked": (made["key"], "GET", "/v1/goals"),
        }
        for key, method, path in sent.values():
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            answer = await callers["anonymous"].request(method, path, headers=headers)
            assert answer.status_code == 401
            assert unknown not in answer.text
        assert (await callers["reader"].get("/v1/keys")).status_code == 403
        text = stream.getvalue()
        lines = [line for line in map(json.loads, text.splitlines()) if line["message"] == "refused"]
        assert [(line["reason"], line["status"]) for line in lines] == [*((each, 401) for each in sent), ("role", 403)]
        assert [line["key"] for line in lines[:4]] == [key and key[4:12] for key, *_ in sent.values()]
        assert {line["client"] for line in lines} == {"127.0.0.1"}
        assert not any(secret in text for secret in (unknown, made["key"]))
