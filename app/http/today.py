"""The day that it is in the city: what is late, due or in time depends on it."""

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.schema.fields import city_timezone
from app.settings import Settings


async def zone_of(request: Request) -> ZoneInfo:
    """The time zone of the installation."""
    settings: Settings = request.app.state.settings
    return settings.zone


class CityTime:
    """ASGI middleware: what a request leaves out about time is the installation's."""

    def __init__(self, app: ASGIApp, timezone: str) -> None:
        self.app = app
        self.timezone = timezone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = city_timezone.set(self.timezone)
        try:
            await self.app(scope, receive, send)
        finally:
            city_timezone.reset(token)


Zone = Annotated[ZoneInfo, Depends(zone_of)]


async def today(zone: Zone) -> date:
    """The day that it is now in the installation's time zone."""
    return datetime.now(UTC).astimezone(zone).date()


Today = Annotated[date, Depends(today)]
