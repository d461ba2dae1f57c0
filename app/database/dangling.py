"""What a migration of an SQLite file leaves referring to nothing, as foreign keys are off meanwhile.

Only tables are looked through whose references can have been changed: to look through all of them takes minutes where there
are a million events.
"""

import sqlite3

from sqlalchemy import Connection, text

Changed = set[tuple[str, str | None]]
"""What was changed: columns of tables by both names, or all of a table."""

COPY = "_alembic_tmp_"
"""How Alembic names what takes the place of a table that it makes anew."""
ROWS = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_DROP_TABLE)
REFERENCES = text(
    """
    SELECT referring.name, reference."from", reference."table", reference."to"
    FROM sqlite_master AS referring JOIN pragma_foreign_key_list(referring.name) AS reference
    WHERE referring.type = 'table'
    """
)


def note(changed: Changed, action: int, table: str | None, column: str | None, *_where: str | None) -> int:
    """Note what a statement changes, as SQLite asks whether it may; it may."""
    if table is not None and (action in ROWS or action == sqlite3.SQLITE_UPDATE):
        changed.add((table.removeprefix(COPY), column))
    return sqlite3.SQLITE_OK


def dangling(connection: Connection, changed: Changed) -> list[str]:
    """The table of each row that refers to nothing."""

    def may_differ(table: str, column: str) -> bool:
        return not changed.isdisjoint({(table, None), (table, column)})

    suspects = {
        name
        for name, column, target, key in connection.execute(REFERENCES)
        if may_differ(name, column) or may_differ(target, key)
    }
    return [
        table
        for name in sorted(suspects)
        for table, *_ in connection.exec_driver_sql(f'PRAGMA foreign_key_check("{name}")')
    ]
