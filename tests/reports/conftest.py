"""The clock."""

import pytest
from fastapi import FastAPI

from tests.clock import Clock


@pytest.fixture
def clock(app: FastAPI) -> Clock:
    """The time that it is; noon of 1 March 2025 to begin with."""
    return Clock(app)
