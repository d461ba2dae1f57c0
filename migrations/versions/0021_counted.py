"""How many events there are on each day, an index of what is for partners only, one of the agenda's decisions with their events."""

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
COLUMNS = ('kind', 'name', 'value', 'day', 'state', 'visibility', 'agreement_id')
FILL = """
INSERT INTO tally (kind, name, value, day, state, visibility, agreement_id, amount)
SELECT 'consultation_event', '{name}', {value}, starts_on, status, visibility, agreement_id, count(*)
FROM consultation_event {joined} GROUP BY 3, 4, 5, 6, 7
"""
TAKING_PART = """
JOIN (
    SELECT id AS event_id, organiser_id AS partner_id FROM consultation_event WHERE organiser_id IS NOT NULL
    UNION SELECT consultation_event_id, partner_id FROM event_participant WHERE attendance NOT IN ('declined', 'absent')
) AS taking_part ON event_id = id
"""


def upgrade() -> None:
    """Add the indexes, of which that of the agenda says more than the one before it; count the events that there are."""
    for kind in KINDS:
        where = {'sqlite_where': FOR_PARTNERS, 'postgresql_where': FOR_PARTNERS}
        op.create_index(f'ix_{kind}_visibility_id', kind, ['visibility', 'id'], **where)
    named = 'ix_event_agenda_item_decision_id'
    op.create_index(f'{named}_consultation_event_id', 'event_agenda_item', ['decision_id', 'consultation_event_id'])
    op.drop_index(named, 'event_agenda_item')
    op.create_table(
        'tally',
        *(sa.Column(name, text(length), nullable=False) for name, length in (('kind', 60), ('name', 40), ('value', 40))),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('state', text(40), nullable=False),
        sa.Column('visibility', sa.String(40), nullable=False),
        sa.Column('agreement_id', sa.Uuid(), nullable=False),
        sa.Column('amount', sa.Integer(), nullable=False),
        sa.CheckConstraint("visibility IN ('public', 'partners')", name=op.f('ck_tally_visibility')),
        sa.PrimaryKeyConstraint(*COLUMNS, name=op.f('pk_tally')),
        sqlite_with_rowid=False,
    )
    # Values are without hyphens, as SQLite keeps ids.
    partner = 'partner_id' if op.get_bind().dialect.name == 'sqlite' else "replace(CAST(partner_id AS text), '-', '')"
    for name, value, joined in (('', "''", ''), ('format', 'format', ''), ('level', 'level', ''), ('partner_id', partner, TAKING_PART)):
        op.execute(FILL.format(name=name, value=value, joined=joined))


def text(length: int) -> sa.types.TypeEngine[str]:
    """Text that both databases compare alike."""
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def downgrade() -> None:
    """The indexes are as before, and events are counted one by one."""
    op.drop_table('tally')
    named = 'ix_event_agenda_item_decision_id'
    op.create_index(named, 'event_agenda_item', ['decision_id'])
    op.drop_index(f'{named}_consultation_event_id', 'event_agenda_item')
    for kind in KINDS:
        op.drop_index(f'ix_{kind}_visibility_id', kind)
