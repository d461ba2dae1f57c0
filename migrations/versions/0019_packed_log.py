"""SQLite has the texts of the log compressed: they are most of what grows with each change.

Nothing that an entry says is changed, and so no hash. PostgreSQL's own functions read them as they are. A file does not shrink: the room of the old texts is kept for new ones.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = '0019'
down_revision: str | None = '0018'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BATCH = 1000
DICTIONARY = files('app').joinpath('data', 'entries-1.jsonl').read_bytes()

CHANGE = sa.table(
    'change',
    sa.column('position', sa.BigInteger()),
    sa.column('data', sa.Text()),
    sa.column('packed', sa.LargeBinary()),
)


def upgrade() -> None:
    """Compress what is there."""
    if op.get_bind().dialect.name != 'sqlite':
        return
    op.add_column('change', sa.Column('packed', sa.LargeBinary(), nullable=True))
    rewrite(CHANGE.c.data, CHANGE.c.packed, pack)
    # SQLite copies the table for this, so that its pages are full again.
    with op.batch_alter_table('change') as batch_op:
        batch_op.drop_column('data')
    op.execute('ALTER TABLE change RENAME COLUMN packed TO data')


def downgrade() -> None:
    """Earlier versions read plain text."""
    if op.get_bind().dialect.name != 'sqlite':
        return
    op.execute('ALTER TABLE change RENAME COLUMN data TO packed')
    op.add_column('change', sa.Column('data', sa.Text(), nullable=True))
    rewrite(CHANGE.c.packed, CHANGE.c.data, unpack)
    with op.batch_alter_table('change') as batch_op:
        batch_op.drop_column('packed')


def rewrite(old: sa.ColumnClause[Any], new: sa.ColumnClause[Any], convert: Callable[[Any], Any]) -> None:
    """Fill a column from another one, some rows at a time."""
    change = sa.update(CHANGE).where(CHANGE.c.position == sa.bindparam('at_position')).values({new: sa.bindparam('value')})
    for rows in batches(old):
        op.get_bind().execute(change, [{'at_position': row['position'], 'value': convert(row['old'])} for row in rows])


def batches(old: sa.ColumnClause[Any]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The entries that have a text, in their order."""
    last = 0
    while True:
        wanted = sa.select(CHANGE.c.position, old.label('old')).where(CHANGE.c.position > last, old.is_not(None))
        rows = op.get_bind().execute(wanted.order_by(CHANGE.c.position).limit(BATCH)).mappings().all()
        if not rows:
            return
        yield rows
        last = rows[-1]['position']


def pack(text: str) -> bytes:
    """A text as it is stored from now on."""
    stream = zlib.compressobj(6, zdict=DICTIONARY)
    return stream.compress(text.encode()) + stream.flush()


def unpack(stored: bytes) -> str:
    """The text again."""
    return zlib.decompressobj(zdict=DICTIONARY).decompress(stored).decode()
