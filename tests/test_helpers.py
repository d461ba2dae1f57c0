"""What tests call says what it compared when it fails, as a test itself does."""

import httpx
import pytest
from sqlalchemy import event

from app.settings import Settings
from docs.generate import ROOT
from tests.budget import BUDGET, NAME, over_budget
from tests.conftest import running
from tests.databases import any_database
from tests.factories import errors_of
from tests.problems import problem_of


def test_asserts_say_what_they_compared() -> None:
    answer = httpx.Response(200, json={}, headers={"Content-Type": "application/json"})
    with pytest.raises(AssertionError, match="200 == 422"):
        errors_of(answer)
    with pytest.raises(AssertionError, match="At index 0 diff: 200 != 404"):
        problem_of(answer, 404, "not-found")


def test_what_took_more_than_a_test_should_is_named_unless_it_is_marked() -> None:
    reports = [
        pytest.TestReport(name, ("", 0, ""), {name: 1}, "passed", None, "call", user_properties=[(NAME, taken)])
        for name, taken in (("quick", BUDGET), ("slow", BUDGET + 1), ("thorough", BUDGET + 2))
    ]
    assert over_budget(reports) == [(BUDGET + 1, "slow")]


def test_thorough_tests_that_are_left_out_are_counted(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((ROOT / "tests/budget.py").read_text("utf-8"))
    pytester.makeini("[pytest]\nmarkers = thorough")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.thorough
        @pytest.mark.parametrize("case", range(3))
        def test_thorough(case): ...

        def test_plain(): ...
        """
    )
    plugins = ("-p", "no:schemathesis", "-p", "no:cov")
    told = pytester.runpytest_inprocess(*plugins, "--numprocesses=1", "-m", "not thorough")
    told.assert_outcomes(passed=1)
    told.stdout.fnmatch_lines(["3 thorough tests were left out: `make test-all` runs them, too"])


@any_database
async def test_an_app_is_kept_for_other_tests_unless_somebody_listens_to_its_engines(settings: Settings) -> None:
    async with running(settings) as app:
        first = app.state.runtime.database
    async with running(settings) as app:
        assert app.state.runtime.database is first
        event.listen(first.reader, "before_cursor_execute", print)
    async with running(settings) as app:
        assert app.state.runtime.database is not first
