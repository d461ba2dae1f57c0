"""When a secret address of a calendar was used last, and when a statement came that was entered later."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0024'
down_revision: str | None = '0023'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the days; of what is there, nobody knows them."""
    op.add_column('calendar_feed', sa.Column('last_used_on', sa.Date(), nullable=True))
    op.add_column('statement', sa.Column('received_on', sa.Date(), nullable=True))


def downgrade() -> None:
    """Earlier versions do not know them; from which day on a statement counts stays."""
    op.drop_column('statement', 'received_on')
    op.drop_column('calendar_feed', 'last_used_on')
