"""The index that `q` is looked up in: which trigrams, three characters in a row, stand in the text that a resource is found by.

Databases keep it themselves with every row that has a `search_text`, SQLite by triggers in a table of FTS5 and PostgreSQL
by an index over an expression, so that no way to write goes around it. It says which rows may hold a text, and the text
itself is compared with those.
"""

from collections.abc import Sequence
from zlib import crc32

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    Uuid,
    cast,
    collate,
    column,
    func,
    inspect,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

LETTERS = 3
"""How long a text has to be for the index to know of it."""
PRIVATE_USE = range(0xE000, 0xF900)
KEPT = "searched"
"""What the names of SQLite's part begin with: its tables, those behind them, and its triggers."""
SEARCHED = table(KEPT, column("number"), column("resource_id", Uuid()))
"""The resources, each with the number by which the index knows it."""
INDEXED = table("searched_text", column("rowid"))
TERMS = table("searched_term", column("term"), column("doc"))
"""How many resources each trigram stands in."""

INDEX = """
CREATE INDEX IF NOT EXISTS ix_{table}_search_text ON "{table}" USING gin (trigrams(search_text COLLATE "C"))
WITH (gin_pending_list_limit = 256)
"""
"""PostgreSQL's part; every search looks through what is not yet in the index itself, so that is to be little."""
EMPTY = ("INSERT INTO searched_text (searched_text) VALUES ('delete-all')", "DELETE FROM searched")
FILL = (
    'INSERT INTO searched (resource_id) SELECT id FROM "{table}"',
    """
    INSERT INTO searched_text (rowid, text) SELECT searched.number, search_text || {end}
    FROM searched JOIN "{table}" ON id = resource_id ORDER BY searched.number
    """,
)
TRIGGERS = {
    "inserted": """
    AFTER INSERT ON "{table}" BEGIN
        INSERT INTO searched (resource_id) VALUES (new.id);
        INSERT INTO searched_text (rowid, text) VALUES (last_insert_rowid(), new.search_text || {end});
    END
    """,
    "updated": """
    AFTER UPDATE OF search_text ON "{table}" WHEN old.search_text IS NOT new.search_text BEGIN
        INSERT INTO searched_text (searched_text, rowid, text)
            SELECT 'delete', number, old.search_text || {end} FROM searched WHERE resource_id = old.id;
        INSERT INTO searched_text (rowid, text)
            SELECT number, new.search_text || {end} FROM searched WHERE resource_id = new.id;
    END
    """,
    "deleted": """
    AFTER DELETE ON "{table}" BEGIN
        INSERT INTO searched_text (searched_text, rowid, text)
            SELECT 'delete', number, old.search_text || {end} FROM searched WHERE resource_id = old.id;
        DELETE FROM searched WHERE resource_id = old.id;
    END
    """,
}
"""SQLite's part, for each table; a table without content has to be told what it is to forget."""


def trigrams(words: str) -> set[str]:
    """All that is three characters long in a text."""
    return {words[start : start + LETTERS] for start in range(len(words) - LETTERS + 1)}


def ending(kind: str) -> str:
    """What SQLite's index has behind each text of a kind: a line that tells it from those of other kinds."""
    return "\n" + chr(PRIVATE_USE[crc32(kind.encode()) % len(PRIVATE_USE)]) * LETTERS


def may_hold(rows: Table, words: str, *, is_postgresql: bool) -> Select[tuple[object]] | None:
    """Selects the ids of the rows that may hold a folded text; None where the text is too short for the index."""
    if len(words) < LETTERS:
        return None
    # Beside each other and to the end: those that overlap would say little more, and each is looked up. What stands between
    # words says more than they do, where all of them are common.
    starts = {*range(0, len(words) - LETTERS, LETTERS), len(words) - LETTERS}
    between = {each for each in trigrams(words) if " " in each}
    wanted = sorted({words[start : start + LETTERS] for start in starts} | between)
    if is_postgresql:
        return select(rows.c.id).where(trigrams_in(rows).contains(cast(wanted, ARRAY(Text))))
    terms = [ending(rows.name)[-LETTERS:], *wanted]
    asked = " AND ".join('"' + term.replace('"', '""') + '"' for term in terms)
    # Not a join: the planner could ask the index about every resource that there is.
    found = select(SEARCHED.c.resource_id).where(SEARCHED.c.number == INDEXED.c.rowid).scalar_subquery()
    return (
        select(found.label("resource_id")).select_from(INDEXED).where(literal_column(INDEXED.name).op("MATCH")(asked))
    )


def trigrams_in(rows: Table) -> ColumnElement[list[str]]:
    """The trigrams of each row, as PostgreSQL's index has them; no locale of a server has a say in their order."""
    return func.trigrams(collate(rows.c.search_text, "C"), type_=ARRAY(Text))


def keep_searched(connection: Connection) -> None:
    """Have the database keep the index for every table that has a `search_text`, and fill it where it did not.

    A migration that makes a table of SQLite's anew leaves nothing of it.
    """
    inspector = inspect(connection)
    tables = [name for name in inspector.get_table_names() if not name.startswith(KEPT)]
    tables = [name for name in tables if "search_text" in {each["name"] for each in inspector.get_columns(name)}]
    if connection.dialect.name == "postgresql":
        if connection.execute(text("SELECT to_regproc('trigrams')")).scalar_one() is not None:
            for name in tables:
                connection.exec_driver_sql(INDEX.format(table=name))
    elif inspector.has_table(KEPT):
        known = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        if not {f"{KEPT}_{name}_{action}" for name in tables for action in TRIGGERS} <= {*known}:
            begin_anew(connection, tables)


def begin_anew(connection: Connection, tables: Sequence[str]) -> None:
    """Fill SQLite's index from all rows, and have it kept from now on."""
    for statement in EMPTY:
        connection.exec_driver_sql(statement)
    for name in tables:
        said = {"table": name, "end": f"char({', '.join(str(ord(each)) for each in ending(name))})"}
        for statement in FILL:
            connection.exec_driver_sql(statement.format(**said))
        for action, statement in TRIGGERS.items():
            trigger = f"{KEPT}_{name}_{action}"
            connection.exec_driver_sql(f'DROP TRIGGER IF EXISTS "{trigger}"')
            connection.exec_driver_sql(f'CREATE TRIGGER "{trigger}" {statement.format(**said)}')


def forget_erased(connection: Connection) -> None:
    """Have SQLite's index hold nothing of what was taken out of it, which it otherwise does for a while."""
    if inspect(connection).has_table(KEPT):
        connection.exec_driver_sql("INSERT INTO searched_text (searched_text) VALUES ('optimize')")
