"""When the register was backed up last."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0018'
down_revision: str | None = '0017'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """One row, once it was."""
    op.create_table(
        'backup',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('id = 1', name=op.f('ck_backup_one_row')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_backup')),
    )


def downgrade() -> None:
    """Earlier versions do not note it."""
    op.drop_table('backup')
