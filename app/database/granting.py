"""What the service may do on PostgreSQL, where it is not the owner of the database: everything but to rewrite the log.

`register migrate` gives it that after each migration, exactly, so that a new table or function is never forgotten.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, inspect, text

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
LESS: Mapping[str, str] = {
    "alembic_version": "SELECT",
    "change": "SELECT, INSERT",
    "tree_node": "SELECT, INSERT",
    "subject_about": "SELECT, INSERT",
    # Subjects outlive what they are of.
    "subject": "SELECT, INSERT, UPDATE",
    # What stands before the first entry stays; the counter goes on.
    "feed": "SELECT, UPDATE (position)",
    # Whose a key is and what it allows never changes.
    "api_key": "SELECT, INSERT, DELETE, UPDATE (expires_at, revoked_at, last_used_on, written_on, written_bytes)",
}
"""Of which tables the service has less than everything."""
# They are the one way in which their caller does what only the owner may, so they are for nobody else.
DEFINERS = text(
    "SELECT oid::regprocedure::text FROM pg_proc WHERE prosecdef AND pronamespace = current_schema()::regnamespace "
    "AND proowner = current_user::regrole"
)


def grant(connection: Connection, role: str) -> None:
    """Give a role what the service needs, and take everything else from it; the role must be there."""
    for statement in grants(connection, role):
        connection.execute(text(statement))


def grants(connection: Connection, role: str) -> Iterator[str]:
    """The statements that do it, in order."""
    quote = connection.dialect.identifier_preparer.quote
    schema, to = quote(str(connection.execute(text("SELECT current_schema()")).scalar_one())), quote(role)
    yield f"GRANT USAGE ON SCHEMA {schema} TO {to}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {to}"
    # A table that the owner makes otherwise can be read by the service, and is not lost.
    yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT ON TABLES TO {to}"
    for table in inspect(connection).get_table_names():
        yield f"GRANT {LESS.get(table, EVERYTHING)} ON {schema}.{quote(table)} TO {to}"
    for function in connection.execute(DEFINERS).scalars().all():
        yield f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC"
        yield f"GRANT EXECUTE ON FUNCTION {function} TO {to}"
