"""How Alembic reaches the database: over the connection that `register migrate` and `make migration` give it."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, String
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app.database.packing import Packed
from app.database.searching import KEPT
from app.database.tables import Closed, Json


def plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write column types of ours as SQLAlchemy's own: a migration must not change when our code does."""
    match item if kind == "type" else None:
        case Json():
            return "sa.JSON()"
        case Closed():
            return f"sa.Enum{repr(item).removeprefix(Closed.__name__)}"
        case Packed():
            return "sa.LargeBinary()"
        case UTCDateTime():
            return "sa.DateTime(timezone=True)"
        case AutoString(impl=String(length=length)):
            return "sa.String()" if length is None else f"sa.String(length={length})"
        case _:
            return False


def is_in_code(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether tables of the code say what is to be: not of what databases keep themselves to be searched."""
    is_of_search = str(name).startswith(KEPT) if kind == "table" else str(name).endswith("_search_text")
    return not is_of_search


def migrate(connection: Connection) -> None:
    """Run the migrations that were asked for over this connection."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        render_item=plain_type,
        include_name=is_in_code,
        # On SQLite too: the connection opens its transaction itself.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate(context.config.attributes["connection"])
