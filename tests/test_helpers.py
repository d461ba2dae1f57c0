"""What tests call says what it compared when it fails, as a test itself does."""

import httpx
import pytest

from tests.budget import BUDGET, NAME, over_budget
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
        for name, taken in (("quick", BUDGET), ("slow", BUDGET + 1), ("long", BUDGET + 2))
    ]
    assert over_budget(reports) == [(BUDGET + 1, "slow")]
