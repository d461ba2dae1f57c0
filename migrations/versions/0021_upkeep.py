"""When the register was backed up and verified last."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0021'
down_revision: str | None = '0014'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """One row a task."""
    op.create_table(
        'upkeep',
        sa.Column('task', sa.Enum('backup', 'verification', name='task', native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column('done_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('faults', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('task', name=op.f('pk_upkeep')),
    )


def downgrade() -> None:
    """Earlier versions do not note it."""
    op.drop_table('upkeep')
