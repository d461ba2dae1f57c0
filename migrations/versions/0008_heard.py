"""Decisions say why nobody is heard before them and why notice is short; items of agendas say which decision they are about.

Earlier decisions before which nobody is to be heard have no reason on record: the field says that.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0008'
down_revision: str | None = '0007'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table('decision') as batch_op:
        batch_op.add_column(sa.Column('waiver_reason', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('short_notice_reason', sa.String(), nullable=True))
    op.execute(
        sa.text("UPDATE decision SET waiver_reason = '[nicht angegeben]' WHERE involvement_required = :no").bindparams(
            sa.bindparam('no', value=False, type_=sa.Boolean())
        )
    )
    with op.batch_alter_table('event_agenda_item') as batch_op:
        batch_op.add_column(sa.Column('decision_id', sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f('fk_event_agenda_item_decision_id'), 'decision', ['decision_id'], ['id']
        )
        batch_op.create_index(batch_op.f('ix_event_agenda_item_decision_id'), ['decision_id'])


def downgrade() -> None:
    """Take the columns away, with what they say."""
    with op.batch_alter_table('event_agenda_item') as batch_op:
        batch_op.drop_index(batch_op.f('ix_event_agenda_item_decision_id'))
        batch_op.drop_constraint(batch_op.f('fk_event_agenda_item_decision_id'), type_='foreignkey')
        batch_op.drop_column('decision_id')
    with op.batch_alter_table('decision') as batch_op:
        batch_op.drop_column('short_notice_reason')
        batch_op.drop_column('waiver_reason')
