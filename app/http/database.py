"""The database of the running app, for routes that read."""

from typing import Annotated

from fastapi import Depends, Request

from app.database import Database


async def database_of(request: Request) -> Database:
    """The database that the app opened when it started."""
    database: Database = request.app.state.database
    return database


Reading = Annotated[Database, Depends(database_of)]
