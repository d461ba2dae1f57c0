"""When a calendar's address was used last, when a statement came, who reads a report once it is submitted, the zone of days."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0024'
down_revision: str | None = '0023'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

READERS = sa.Enum(
    'public', 'partners', name='visibility_once_submitted', native_enum=False, create_constraint=True, length=40
)


def upgrade() -> None:
    """Add the days, which nobody knows of what is there, and let who reads a report be as it was.

    In which time zone days are counted is noted behind it, by whoever migrates.
    """
    op.add_column('feed', sa.Column('timezone', sa.String(length=64), nullable=True))
    op.add_column('calendar_feed', sa.Column('last_used_on', sa.Date(), nullable=True))
    op.add_column('statement', sa.Column('received_on', sa.Date(), nullable=True))
    with op.batch_alter_table('progress_report') as batch_op:
        # Earlier versions go on writing without it.
        batch_op.add_column(sa.Column('visibility_once_submitted', READERS, server_default='public', nullable=False))
    op.execute('UPDATE progress_report SET visibility_once_submitted = visibility')


def downgrade() -> None:
    """Earlier versions do not know them; from which day on a statement counts stays."""
    with op.batch_alter_table('progress_report') as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_progress_report_visibility_once_submitted'), type_='check')
        batch_op.drop_column('visibility_once_submitted')
    op.drop_column('statement', 'received_on')
    op.drop_column('calendar_feed', 'last_used_on')
    op.drop_column('feed', 'timezone')
