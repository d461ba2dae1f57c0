"""Indexes of events that have the whole order of their list, and one in that order with all that events are filtered by."""

from collections.abc import Sequence

from alembic import op

revision: str = '0023'
down_revision: str | None = '0022'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FIELDS = ('format', 'level', 'status', 'attendance_mode')
WALKED = ('starts_at', 'id', 'visibility', *FIELDS, 'ends_at', 'organiser_id', 'agreement_id')
TABLE = 'consultation_event'


def upgrade() -> None:
    """Put the indexes in the place of those that have less."""
    for field in FIELDS:
        op.create_index(f'ix_{TABLE}_{field}_starts_at_id', TABLE, [field, 'starts_at', 'id'])
        op.drop_index(f'ix_{TABLE}_{field}_starts_at', TABLE)
    op.create_index(f'ix_{TABLE}_in_order', TABLE, [*WALKED])
    op.drop_index(f'ix_{TABLE}_starts_at_id', TABLE)


def downgrade() -> None:
    """The indexes are as before."""
    op.create_index(f'ix_{TABLE}_starts_at_id', TABLE, ['starts_at', 'id'])
    op.drop_index(f'ix_{TABLE}_in_order', TABLE)
    for field in FIELDS:
        op.create_index(f'ix_{TABLE}_{field}_starts_at', TABLE, [field, 'starts_at'])
        op.drop_index(f'ix_{TABLE}_{field}_starts_at_id', TABLE)
