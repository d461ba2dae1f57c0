"""Resources are stored packed, as the log's entries of them are: of a table that was most of what a register grows by, half is left.

Nothing that is served is changed, and so no version. What is there is packed here, since it is no write that others hear of.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = '0025'
down_revision: str | None = '0024'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BATCH = 1000
DICTIONARY = files('app').joinpath('data', 'entries-1.jsonl').read_bytes()

TABLES = (
    'partner',
    'agreement',
    'topic',
    'goal',
    'sub_measure',
    'consultation_event',
    'decision',
    'statement',
    'need',
    'indicator',
    'observation',
    'progress_report',
    'objection',
    'proposal',
)

# PostgreSQL writes a table and its indexes anew for another type. It finds there what each row is to be: to update all rows
# would leave the room of the old ones, in each index, too.
BEFORE = (
    'LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE',
    'CREATE TEMPORARY TABLE rewritten (id uuid PRIMARY KEY, representation {type} NOT NULL)',
    'CREATE FUNCTION pg_temp.rewritten_of(uuid) RETURNS {type} LANGUAGE sql STABLE'
    ' AS $$ SELECT representation FROM pg_temp.rewritten WHERE id = $1 $$',
)
AFTER = (
    'ALTER TABLE {table} ALTER COLUMN representation TYPE {type} USING pg_temp.rewritten_of(id)',
    'DROP FUNCTION pg_temp.rewritten_of(uuid)',
    'DROP TABLE pg_temp.rewritten',
)


def upgrade() -> None:
    """Compress what is there."""
    for name in TABLES:
        rewrite(name, sa.Text(), sa.LargeBinary(), pack)


def downgrade() -> None:
    """Earlier versions read plain text."""
    for name in TABLES:
        rewrite(name, sa.LargeBinary(), sa.Text(), unpack)


def rewrite(name: str, old: Any, new: Any, convert: Callable[[Any], Any]) -> None:
    """Give the texts of a table another type, some rows at a time."""
    is_postgresql = op.get_bind().dialect.name == 'postgresql'
    words = {'table': name, 'type': new.compile(dialect=op.get_bind().dialect)}
    made = sa.table('rewritten' if is_postgresql else name, sa.column('id', sa.Uuid()), sa.column('representation', new))
    id, said = sa.bindparam('row_id'), sa.bindparam('said')
    put: Any = sa.update(made).where(made.c.id == id).values(representation=said)
    if is_postgresql:
        run(BEFORE, words)
        put = sa.insert(made).values(id=id, representation=said)
    for rows in batches(name, old):
        op.get_bind().execute(put, [{'row_id': row.id, 'said': convert(row.representation)} for row in rows])
    if is_postgresql:
        run(AFTER, words)
        return
    # SQLite copies the table for this, so that its pages are full again.
    with op.batch_alter_table(name) as batch_op:
        batch_op.alter_column('representation', existing_type=old, type_=new, existing_nullable=False)


def run(statements: Sequence[str], words: dict[str, str]) -> None:
    """Run statements with these words in them."""
    for each in statements:
        op.execute(each.format(**words))


def batches(name: str, old: Any) -> Iterator[Sequence[Any]]:
    """The rows of a table in the order of their ids."""
    table = sa.table(name, sa.column('id', sa.Uuid()), sa.column('representation', old))
    wanted = sa.select(table).order_by(table.c.id).limit(BATCH)
    rows = op.get_bind().execute(wanted).all()
    while rows:
        yield rows
        rows = op.get_bind().execute(wanted.where(table.c.id > rows[-1].id)).all()


def pack(text: str) -> bytes:
    """A text as it is stored from now on."""
    stream = zlib.compressobj(6, zdict=DICTIONARY)
    return stream.compress(text.encode()) + stream.flush()


def unpack(stored: bytes) -> str:
    """The text again."""
    return zlib.decompressobj(zdict=DICTIONARY).decompress(stored).decode()
