"""Whose words they are: on whose behalf statements are given and who entered them, reported decisions, returned reports.

Reports that were returned before had no reason to give; what came before the answer has no day.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0007'
down_revision: str | None = '0006'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.Uuid()
BEFORE = ('announced', 'in_consultation', 'decided', 'withdrawn')
NOW = (*BEFORE, 'reported', 'refused')
UNKNOWN = 'Zurückgegeben, bevor hier Gründe standen. / Returned before reasons were kept here.'


def hold_status(*statuses: str) -> None:
    """Let decisions have these statuses and no others."""
    name = op.f('ck_decision_decision_status')
    listed = ', '.join(f"'{status}'" for status in statuses)
    with op.batch_alter_table('decision') as batch_op:
        batch_op.drop_constraint(name, type_='check')
    with op.batch_alter_table('decision') as batch_op:
        batch_op.create_check_constraint(name, sa.text(f'status IN ({listed})'))


def upgrade() -> None:
    """Add the columns and the table."""
    with op.batch_alter_table('statement') as batch_op:
        batch_op.add_column(sa.Column('entered_by_id', ID, nullable=True))
        batch_op.add_column(sa.Column('answered_on', sa.Date(), nullable=True))
    with op.batch_alter_table('statement') as batch_op:
        batch_op.create_foreign_key(batch_op.f('fk_statement_entered_by_id'), 'partner', ['entered_by_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_statement_entered_by_id'), ['entered_by_id'])
    op.create_table(
        'statement_on_behalf',
        sa.Column('statement_id', ID, nullable=False),
        sa.Column('partner_id', ID, nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['statement_id'], ['statement.id'], name=op.f('fk_statement_on_behalf_statement_id')),
        sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_statement_on_behalf_partner_id')),
        sa.PrimaryKeyConstraint('statement_id', 'partner_id', name=op.f('pk_statement_on_behalf')),
    )
    with op.batch_alter_table('statement_on_behalf') as batch_op:
        batch_op.create_index(
            batch_op.f('ix_statement_on_behalf_partner_id_statement_id'), ['partner_id', 'statement_id']
        )
    with op.batch_alter_table('decision') as batch_op:
        batch_op.add_column(sa.Column('reported_by_id', ID, nullable=True))
        batch_op.add_column(sa.Column('refusal_reason', sa.String(), nullable=True))
    with op.batch_alter_table('decision') as batch_op:
        batch_op.create_foreign_key(batch_op.f('fk_decision_reported_by_id'), 'partner', ['reported_by_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_decision_reported_by_id'), ['reported_by_id'])
    hold_status(*NOW)
    with op.batch_alter_table('progress_report') as batch_op:
        batch_op.add_column(sa.Column('return_reason', sa.String(), nullable=True))
    report = sa.table('progress_report', sa.column('state', sa.String()), sa.column('return_reason', sa.String()))
    op.execute(sa.update(report).where(report.c.state == 'returned').values(return_reason=UNKNOWN))


def downgrade() -> None:
    """Take them away; decisions that were only reported are no longer told of as such, but as withdrawn."""
    with op.batch_alter_table('progress_report') as batch_op:
        batch_op.drop_column('return_reason')
    decision = sa.table('decision', sa.column('status', sa.String()))
    op.execute(sa.update(decision).where(decision.c.status.in_(('reported', 'refused'))).values(status='withdrawn'))
    hold_status(*BEFORE)
    with op.batch_alter_table('decision') as batch_op:
        batch_op.drop_index(batch_op.f('ix_decision_reported_by_id'))
        batch_op.drop_constraint(batch_op.f('fk_decision_reported_by_id'), type_='foreignkey')
        batch_op.drop_column('refusal_reason')
        batch_op.drop_column('reported_by_id')
    op.drop_table('statement_on_behalf')
    with op.batch_alter_table('statement') as batch_op:
        batch_op.drop_index(batch_op.f('ix_statement_entered_by_id'))
        batch_op.drop_constraint(batch_op.f('fk_statement_entered_by_id'), type_='foreignkey')
        batch_op.drop_column('answered_on')
        batch_op.drop_column('entered_by_id')
