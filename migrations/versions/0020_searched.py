"""What `q` is looked up in: a table of FTS5 in SQLite, and in PostgreSQL what an index over texts is made of.

Which rows are in it, and that it is kept with them, follows behind the migrations: see `app/database/searching.py`.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0020'
down_revision: str | None = '0019'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# A planner that takes it for cheap would rather read a whole table than its index.
FUNCTION = """
CREATE FUNCTION trigrams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
    SELECT array_agg(first || second || third)
    FROM unnest(string_to_array(words, NULL), string_to_array(substr(words, 2), NULL), string_to_array(substr(words, 3), NULL))
        AS letters(first, second, third)
    WHERE third IS NOT NULL
$$
"""
# The rows of a register are numbered anew when its file is, the numbers here are not.
NUMBERS = """
CREATE TABLE searched (number INTEGER NOT NULL PRIMARY KEY, resource_id CHAR(32) NOT NULL UNIQUE)
"""
TEXTS = """
CREATE VIRTUAL TABLE searched_text USING fts5(
    text, content = '', detail = none, columnsize = 0, tokenize = 'trigram case_sensitive 1'
)
"""
TERMS = 'CREATE VIRTUAL TABLE searched_term USING fts5vocab(searched_text, row)'
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'searched%'"


def upgrade() -> None:
    """Add what the index is made of."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(FUNCTION)
    else:
        for statement in (NUMBERS, TEXTS, TERMS):
            op.execute(statement)


def downgrade() -> None:
    """Texts are looked through one by one."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION trigrams(text) CASCADE')
        return
    for trigger in op.get_bind().execute(sa.text(TRIGGERS)).scalars().all():
        op.execute(f'DROP TRIGGER "{trigger}"')
    for table in ('searched_term', 'searched_text', 'searched'):
        op.drop_table(table)
