"""What a database means when it does not do what it was asked, in words for those who run a command."""

import errno
import ssl

from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError

DATABASE_ERRORS = (DBAPIError, PostgresError, OSError)

AWAY = "the database does not answer"
FULL = "the disk of the database is full"
UNSAFE = "there is no safe connection to the database"
MISSING = "a table or a column is missing: run `register migrate`"
# By the beginning of PostgreSQL's five characters or of SQLite's name; the first that fits is meant.
MEANINGS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("08", "57P01", "57P02", "57P03"), AWAY),
    (("26000",), "a pooler lends connections for one transaction: set REGISTER_DATABASE_POOLING=transaction"),
    (("28",), "the database does not let this user in"),
    (("3D000",), "there is no such database"),
    (("SQLITE_CANTOPEN",), "the file of the database cannot be opened"),
    (("SQLITE_NOTADB",), "the file is no SQLite database"),
    (("SQLITE_CORRUPT",), "the file of the database is damaged"),
    (("25006",), "the database is a standby, which only reads"),
    (("42501", "SQLITE_READONLY", "SQLITE_PERM"), "the database does not let this user write"),
    (("53100", "SQLITE_FULL"), FULL),
    (("53",), "the database has no free connection or no memory"),
    (("23", "SQLITE_CONSTRAINT"), "a constraint of the database forbids it"),
    (("42P01", "42703", "3F000"), MISSING),
    (
        ("55P03", "57014", "40", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_INTERRUPT"),
        "the database is busy with somebody else",
    ),
)
MISSING_IN_SQLITE = ("no such table", "no such column", "has no column")


def code_of(error: BaseException) -> str:
    """What the database calls an error: PostgreSQL's five characters, or SQLite's name; nothing where it says nothing."""
    original = getattr(error, "orig", error)
    # Of a statement whose plan a migration has outdated, only the driver's own error has the code.
    found = (getattr(each, "sqlstate", None) for each in (original, getattr(original, "__cause__", None)))
    return next(filter(None, found), None) or getattr(original, "sqlite_errorname", None) or ""


def described(error: BaseException) -> str:
    """One line about one of DATABASE_ERRORS: what it means, and what the database itself says."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    said = next(iter(str(cause).splitlines()), type(cause).__name__)
    return f"{meaning_of(cause, said)}: {said}"


def meaning_of(cause: BaseException, said: str) -> str:
    """What an error means that says so."""
    match cause:
        case OSError(errno=errno.ENOSPC):
            return FULL
        case ssl.SSLError():
            return UNSAFE
        case OSError():
            # asyncpg leaves what the network says as it is: no server, no socket, no answer in time.
            return AWAY
    if any(part in said for part in MISSING_IN_SQLITE):
        return MISSING
    code = code_of(cause)
    return next((meaning for codes, meaning in MEANINGS if code.startswith(codes)), "the database refuses it")
