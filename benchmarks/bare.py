"""The measure to compare with: the same two reads by a bare driver, with the JSON built in SQL, in a bare FastAPI app.

No access, no paging, no conditional requests, no log, no headers: what is left is the framework, the driver and the
database.
"""
# ruff: noqa: S608 (the parts of the statements are names from our own tables)

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import FastAPI
from sqlalchemy.engine import make_url
from starlette.responses import Response

from app.consultation_events.models import ConsultationEvent, EventParticipant
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.database.tables import table_of
from app.resources.parts import ChildList

LIST_LIMIT = 51
TABLE = ConsultationEvent.__tablename__
COLUMNS = [name for name in CONSULTATION_EVENTS.public.model_fields if name not in CONSULTATION_EVENTS.lists]


class PostgreSQL:
    """asyncpg and PostgreSQL's JSON functions."""

    pool: asyncpg.Pool

    async def open(self, url: str) -> None:
        self.pool = await asyncpg.create_pool(url, min_size=10, max_size=10)
        pairs = [f"'{name}', e.{name}" for name in COLUMNS]
        pairs += [f"'{name}', {self.entries(child)}" for name, child in CONSULTATION_EVENTS.lists.items()]
        event = f"json_build_object({', '.join(pairs)})"
        self.one = f"SELECT {event}::text FROM {TABLE} e WHERE e.id = $1"
        self.many = (
            f"SELECT {event}::text FROM {TABLE} e WHERE {filtered('$1')} ORDER BY e.starts_at, e.id LIMIT {LIST_LIMIT}"
        )

    @staticmethod
    def entries(child: ChildList) -> str:
        names = [
            column.name for column in table_of(child.table).columns if column.name not in (child.parent, "position")
        ]
        entry = f"c.{child.value}" if child.value else f"json_build_object({pairs_of(names)})"
        source = f"{child.table.__tablename__} c WHERE c.{child.parent} = e.id"
        return f"(SELECT coalesce(json_agg({entry} ORDER BY c.position), '[]') FROM {source})"

    async def read_one(self, id: UUID) -> str:
        text: str = await self.pool.fetchval(self.one, id)
        return text

    async def read_many(self, partner_id: UUID) -> list[str]:
        return [row[0] for row in await self.pool.fetch(self.many, partner_id)]


class SQLite:
    """sqlite3 in the event loop's thread and SQLite's JSON functions."""

    connection: sqlite3.Connection

    async def open(self, url: str) -> None:
        self.connection = sqlite3.connect(make_url(url).database or "")
        pairs = [f"'{name}', e.{name}" for name in COLUMNS]
        pairs += [f"'{name}', {self.entries(child)}" for name, child in CONSULTATION_EVENTS.lists.items()]
        event = f"json_object({', '.join(pairs)})"
        self.one = f"SELECT {event} FROM {TABLE} e WHERE e.id = ?"
        self.many = (
            f"SELECT {event} FROM {TABLE} e WHERE {filtered('?1')} ORDER BY e.starts_at, e.id LIMIT {LIST_LIMIT}"
        )

    @staticmethod
    def entries(child: ChildList) -> str:
        names = [
            column.name for column in table_of(child.table).columns if column.name not in (child.parent, "position")
        ]
        entry = f"c.{child.value}" if child.value else f"json_object({pairs_of(names)})"
        rows = f"SELECT * FROM {child.table.__tablename__} WHERE {child.parent} = e.id ORDER BY position"
        return f"(SELECT json_group_array({entry}) FROM ({rows}) c)"

    async def read_one(self, id: UUID) -> str:
        text: str = self.connection.execute(self.one, (id.hex,)).fetchone()[0]
        return text

    async def read_many(self, partner_id: UUID) -> list[str]:
        return [row[0] for row in self.connection.execute(self.many, (partner_id.hex,)).fetchall()]


def pairs_of(names: list[str]) -> str:
    """The arguments of a function that builds a JSON object."""
    return ", ".join(f"'{name}', c.{name}" for name in names)


def filtered(place: str) -> str:
    """The events that a partner organises or takes part in, as the API filters them."""
    link = EventParticipant.__tablename__
    attends = f"SELECT 1 FROM {link} p WHERE p.consultation_event_id = e.id AND p.partner_id = {place}"
    return f"(e.organiser_id = {place} OR EXISTS ({attends}))"


source: Any = SQLite() if os.environ["REGISTER_DATABASE_URL"].startswith("sqlite") else PostgreSQL()


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Open the database when the server starts."""
    await source.open(os.environ["REGISTER_DATABASE_URL"])
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/one/{id}")
async def get_one(id: UUID) -> Response:
    """One event."""
    return Response(await source.read_one(id), media_type="application/json")


@app.get("/many")
async def get_many(partner_id: UUID) -> Response:
    """A page of a partner's events."""
    return Response(f'{{"items":[{",".join(await source.read_many(partner_id))}]}}', media_type="application/json")
