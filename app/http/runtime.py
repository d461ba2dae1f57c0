"""What routes ask of the running register."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Request

from app.database import Database
from app.runtime import Runtime


async def runtime_of(request: Request) -> Runtime:
    """All that the app has at hand."""
    runtime: Runtime = request.app.state.runtime
    return runtime


Running = Annotated[Runtime, Depends(runtime_of)]


async def database_of(runtime: Running) -> Database:
    """The database, for routes that read."""
    return runtime.database


async def today_of(runtime: Running) -> date:
    """The day that it is in the installation's time zone."""
    return runtime.today


Reading = Annotated[Database, Depends(database_of)]
Today = Annotated[date, Depends(today_of)]
