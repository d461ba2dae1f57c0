"""Indexes of what is for partners only, and of the agenda's decisions with their events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0021'
down_revision: str | None = '0020'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

KINDS = (
    'agreement',
    'consultation_event',
    'decision',
    'goal',
    'indicator',
    'need',
    'objection',
    'observation',
    'partner',
    'progress_report',
    'proposal',
    'statement',
    'sub_measure',
    'topic',
)
FOR_PARTNERS = sa.text("visibility = 'partners'")


def upgrade() -> None:
    """Add the indexes; that of the agenda says more than the one before it."""
    for kind in KINDS:
        where = {'sqlite_where': FOR_PARTNERS, 'postgresql_where': FOR_PARTNERS}
        op.create_index(f'ix_{kind}_visibility_id', kind, ['visibility', 'id'], **where)
    named = 'ix_event_agenda_item_decision_id'
    op.create_index(f'{named}_consultation_event_id', 'event_agenda_item', ['decision_id', 'consultation_event_id'])
    op.drop_index(named, 'event_agenda_item')


def downgrade() -> None:
    """The indexes are as before."""
    named = 'ix_event_agenda_item_decision_id'
    op.create_index(named, 'event_agenda_item', ['decision_id'])
    op.drop_index(f'{named}_consultation_event_id', 'event_agenda_item')
    for kind in KINDS:
        op.drop_index(f'ix_{kind}_visibility_id', kind)
