"""The day that it is in the city: what is late, due or in time depends on it."""

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from app.settings import Settings


async def zone_of(request: Request) -> ZoneInfo:
    """The time zone of the installation."""
    settings: Settings = request.app.state.settings
    return settings.zone


Zone = Annotated[ZoneInfo, Depends(zone_of)]


async def today(zone: Zone) -> date:
    """The day that it is now in the installation's time zone."""
    return datetime.now(UTC).astimezone(zone).date()


Today = Annotated[date, Depends(today)]
