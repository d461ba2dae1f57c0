"""The ids by which other systems know resources, and what became of imports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0010'
down_revision: str | None = '0009'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

COUNTS = ('lines_read', 'created', 'updated', 'unchanged', 'failed')


def text(length: int) -> sa.types.TypeEngine[str]:
    """Text that both databases compare by code point."""
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def upgrade() -> None:
    """Add the tables; no resource has an external id yet."""
    op.create_table(
        'external_id',
        sa.Column('system', text(80), nullable=False),
        sa.Column('id', text(200), nullable=False),
        sa.Column('subject_id', sa.Uuid(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint('subject_id', 'position', name=op.f('pk_external_id')),
        sa.UniqueConstraint('kind', 'system', 'id', name=op.f('uq_external_id_kind_system_id')),
    )
    states = sa.Enum(
        'running', 'done', 'failed', name='import_state', native_enum=False, create_constraint=True, length=40
    )
    op.create_table(
        'import',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('resource', sa.String(60), nullable=False),
        sa.Column('partner_id', sa.Uuid(), nullable=True),
        sa.Column('dry_run', sa.Boolean(), nullable=False),
        sa.Column('state', states, nullable=False),
        sa.Column('process', sa.Uuid(), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column('errors', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_import')),
    )
    with op.batch_alter_table('import') as batch_op:
        batch_op.create_index(batch_op.f('ix_import_started_at'), ['started_at'])


def downgrade() -> None:
    """Take the tables away, with what they say."""
    op.drop_table('import')
    op.drop_table('external_id')
