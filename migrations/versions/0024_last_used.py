"""When a secret address of a calendar was used last."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0024'
down_revision: str | None = '0023'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the day; of what was used before, nobody knows it."""
    op.add_column('calendar_feed', sa.Column('last_used_on', sa.Date(), nullable=True))


def downgrade() -> None:
    """Earlier versions do not note it."""
    op.drop_column('calendar_feed', 'last_used_on')
