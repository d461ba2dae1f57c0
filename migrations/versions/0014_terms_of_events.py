"""What the filters of events offer is counted by an index."""

from collections.abc import Sequence

from alembic import op

revision: str = '0014'
down_revision: str | None = '0013'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TERMS = ['format', 'level', 'status', 'attendance_mode', 'visibility']


def upgrade() -> None:
    """One index over all terms that the filters of a list offer; visibility last, or SQLite would take it for every list."""
    op.create_index('ix_consultation_event_terms', 'consultation_event', TERMS)


def downgrade() -> None:
    """The table is as before."""
    op.drop_index('ix_consultation_event_terms', 'consultation_event')
