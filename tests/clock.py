"""The time that it is for the app."""

from datetime import UTC, date, datetime, time, timedelta

from fastapi import FastAPI


class Clock:
    """Stands in for the clock of an app."""

    def __init__(self, app: FastAPI) -> None:
        self.moment = datetime(2025, 3, 1, 12, tzinfo=UTC)
        app.state.runtime.clock = lambda: self.moment

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
