"""The clock."""

import pytest

from tests.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time that it is; noon of 1 March 2025 to begin with."""
    return Clock(monkeypatch)
