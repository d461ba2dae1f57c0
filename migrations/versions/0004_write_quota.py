"""How much each key has written today."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0004'
down_revision: str | None = '0003'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Two columns of a key: the day, and the bytes."""
    with op.batch_alter_table('api_key') as table:
        table.add_column(sa.Column('written_on', sa.Date(), nullable=True))
        table.add_column(sa.Column('written_bytes', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """The table is as before."""
    with op.batch_alter_table('api_key') as table:
        table.drop_column('written_bytes')
        table.drop_column('written_on')
