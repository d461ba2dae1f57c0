"""The ids by which other systems know resources."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0010'
down_revision: str | None = '0009'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def text(length: int) -> sa.types.TypeEngine[str]:
    """Text that both databases compare by code point."""
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def upgrade() -> None:
    """Add the table; no resource has an external id yet."""
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


def downgrade() -> None:
    """Take the table away, with what it says."""
    op.drop_table('external_id')
