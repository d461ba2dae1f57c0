"""Imports: many resources of one kind in one file."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel
from pydantic import Field as Bound
from sqlmodel import Field, SQLModel

from app.database.tables import Json, closed
from app.interchange.bodies import INTAKES
from app.interchange.terms import ImportState
from app.schema.base import Schema
from app.schema.fields import Moment
from app.schema.names import named, one_of

ERRORS_KEPT = 1_000
MOST_LINES = 2_147_483_647


class Import(SQLModel, table=True):
    """One import, as far as it came; `process` carries it out, and was last seen to do so at `seen_at`."""

    __tablename__ = "import"

    id: UUID = Field(primary_key=True)
    resource: str = Field(max_length=60)
    partner_id: UUID | None = None
    dry_run: bool
    state: ImportState = Field(sa_type=closed(ImportState))
    process: UUID
    started_at: datetime = Field(index=True)
    seen_at: datetime
    lines_read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    errors: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)


class LineError(BaseModel):
    """What is wrong in a line of the file."""

    line: int | None = Bound(
        ge=1, le=MOST_LINES, description="Line of the file, from 1; null for what is wrong with the file as a whole."
    )
    pointer: str = Bound(max_length=500, pattern="^#?", description="Place in the line, as a JSON pointer (RFC 6901).")
    code: str = Bound(max_length=60, pattern="^[a-z_]+$", description="What is wrong, for programs.")
    detail: str = Bound(max_length=2000, pattern="^.*$", description="What is wrong, for people.")


class ImportPublic(BaseModel):
    """An import: how far it is and what came of it. All lines are written, or none."""

    id: UUID = Bound(description="Id of the import.")
    resource: str = Bound(max_length=60, pattern="^[a-z-]+$", description="What is imported, as in its address.")
    state: ImportState = Bound(description=f"How far it is: {ImportState.explained()}.")
    dry_run: bool = Bound(description="Whether it only tries.")
    started_at: Moment = Bound(description="When it began (UTC).")
    lines_read: int = Bound(ge=0, le=MOST_LINES, description="Lines that were read so far, each once.")
    created: int = Bound(ge=0, le=MOST_LINES, description="Resources that are new.")
    updated: int = Bound(ge=0, le=MOST_LINES, description="Resources that are changed.")
    unchanged: int = Bound(ge=0, le=MOST_LINES, description="Resources that are as the file says already.")
    failed: int = Bound(ge=0, le=MOST_LINES, description="Lines in which something is wrong.")
    errors: list[LineError] = Bound(max_length=ERRORS_KEPT, description="What is wrong: the first thousand.")


EXAMPLE = {
    "id": "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a12",
    "resource": "sub-measures",
    "state": "failed",
    "dry_run": False,
    "started_at": "2025-01-31T02:00:00Z",
    "lines_read": 250,
    "created": 0,
    "updated": 0,
    "unchanged": 0,
    "failed": 1,
    "errors": [{"line": 17, "pointer": "#/goal", "code": "unknown_reference", "detail": "There is no such resource."}],
}
"""An answer for the contract."""


def resources() -> Iterable[str]:
    """What can be imported."""
    return INTAKES


class ImportQuery(Schema):
    """What is imported, and whether it is only tried."""

    resource: Annotated[str, named(resources), one_of(resources)] = Bound(
        description="What each line is, as in its address."
    )
    dry_run: bool = Bound(default=False, description="Whether to try it only: nothing is written.")
