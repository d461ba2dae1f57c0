"""What lists find resources by, in their order, and indexes in the order of lists.

The rows are filled behind the migrations, by `register migrate`, as all that is computed of what is stored.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0017'
down_revision: str | None = '0016'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ORDERED = {
    'consultation_event': (('agreement_id', 'starts_at', 'id'), ('organiser_id', 'starts_at', 'id')),
    'decision': (('agreement_id', 'decides_on', 'id'),),
    'need': (('agreement_id', 'created_at', 'id'), ('raised_by_id', 'created_at', 'id'), ('status', 'created_at', 'id')),
    'objection': (('agreement_id', 'created_at', 'id'),),
    'proposal': (('agreement_id', 'created_at', 'id'),),
}
BEFORE = {
    'consultation_event': (('agreement_id',), ('organiser_id',)),
    'decision': (('agreement_id',),),
    'need': (('agreement_id',), ('raised_by_id',), ('status', 'id')),
    'objection': (('agreement_id',),),
    'proposal': (('agreement_id',),),
}


def upgrade() -> None:
    """Add the table, and indexes that say more in place of those that say less."""
    place = sa.String(80).with_variant(sa.String(80, collation='C'), 'postgresql')
    op.create_table(
        'finding',
        sa.Column('mark', sa.Uuid(), nullable=False),
        sa.Column('place', place, nullable=False),
        sa.Column('resource_id', sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint('mark', 'place', 'resource_id', name=op.f('pk_finding')),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f('ix_finding_resource_id_mark'), 'finding', ['resource_id', 'mark'])
    replace(BEFORE, ORDERED)


def downgrade() -> None:
    """The indexes are as before."""
    replace(ORDERED, BEFORE)
    op.drop_table('finding')


def replace(
    old: dict[str, tuple[tuple[str, ...], ...]],
    new: dict[str, tuple[tuple[str, ...], ...]],
) -> None:
    """Put indexes in the place of others."""
    for table, indexes in new.items():
        for columns in indexes:
            op.create_index(named(table, columns), table, list(columns))
    for table, indexes in old.items():
        for columns in indexes:
            op.drop_index(named(table, columns), table)


def named(table: str, columns: tuple[str, ...]) -> str:
    """The name of an index."""
    return f'ix_{table}_{"_".join(columns)}'
