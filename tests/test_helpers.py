"""What tests call says what it compared when it fails, as a test itself does."""

import httpx
import pytest

from tests.factories import errors_of
from tests.problems import problem_of


def test_asserts_say_what_they_compared() -> None:
    answer = httpx.Response(200, json={}, headers={"Content-Type": "application/json"})
    with pytest.raises(AssertionError, match="200 == 422"):
        errors_of(answer)
    with pytest.raises(AssertionError, match="At index 0 diff: 200 != 404"):
        problem_of(answer, 404, "not-found")
