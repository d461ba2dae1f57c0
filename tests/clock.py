"""The time that it is for the app, where a report or a statement depends on it."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

import pytest

from app.http import today
from app.statements import service


class Clock:
    """Stands in for `datetime` where the app asks which day it is and when a statement is given; keys see the real time."""

    def __init__(self, patching: pytest.MonkeyPatch) -> None:
        self.moment = datetime(2025, 3, 1, 12, tzinfo=UTC)
        for module in (today, service):
            patching.setattr(module, "datetime", self)

    def now(self, zone: tzinfo) -> datetime:
        """The time that it is."""
        return self.moment.astimezone(zone)

    def set(self, day: str, at: str = "12:00") -> None:
        """Make it this day, at this time of UTC."""
        self.moment = datetime.combine(date.fromisoformat(day), time.fromisoformat(at), UTC)

    def wait(self, days: int) -> None:
        """Let days pass."""
        self.moment += timedelta(days=days)

    @property
    def day(self) -> date:
        """The day that it is in UTC."""
        return self.moment.date()
