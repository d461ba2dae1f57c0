"""Partners are members of several umbrella associations, each from a day until a day; they merge and change their names.

What a partner was a member of becomes one membership without days. Sub-measures name their forerunner.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0006'
down_revision: str | None = '0005'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.Uuid()


def upgrade() -> None:
    """Add the table and the columns, and make a membership of each `member_of_id`."""
    op.create_table(
        'membership',
        sa.Column('from', sa.Date(), nullable=True),
        sa.Column('until', sa.Date(), nullable=True),
        sa.Column('umbrella_id', ID, nullable=False),
        sa.Column('member_id', ID, nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['umbrella_id'], ['partner.id'], name=op.f('fk_membership_umbrella_id')),
        sa.ForeignKeyConstraint(['member_id'], ['partner.id'], name=op.f('fk_membership_member_id')),
        sa.PrimaryKeyConstraint('member_id', 'position', name=op.f('pk_membership')),
    )
    with op.batch_alter_table('membership') as batch_op:
        batch_op.create_index(batch_op.f('ix_membership_umbrella_id_member_id'), ['umbrella_id', 'member_id'])
    op.execute(
        'INSERT INTO membership (member_id, umbrella_id, position) '
        'SELECT id, member_of_id, 0 FROM partner WHERE member_of_id IS NOT NULL'
    )
    with op.batch_alter_table('partner') as batch_op:
        batch_op.drop_index(batch_op.f('ix_partner_member_of_id'))
        batch_op.drop_constraint(batch_op.f('fk_partner_member_of_id'), type_='foreignkey')
        batch_op.drop_column('member_of_id')
        batch_op.add_column(sa.Column('former_names', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('merged_into_id', ID, nullable=True))
    with op.batch_alter_table('partner') as batch_op:
        batch_op.alter_column('former_names', existing_type=sa.JSON(), existing_nullable=False, server_default=None)
        batch_op.create_foreign_key(batch_op.f('fk_partner_merged_into_id'), 'partner', ['merged_into_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_partner_merged_into_id'), ['merged_into_id'])
    with op.batch_alter_table('sub_measure') as batch_op:
        batch_op.add_column(sa.Column('continues_id', ID, nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_sub_measure_continues_id'), 'sub_measure', ['continues_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_sub_measure_continues_id'), ['continues_id'])


def downgrade() -> None:
    """Take the table and the columns away; of several memberships the first one stays."""
    with op.batch_alter_table('sub_measure') as batch_op:
        batch_op.drop_index(batch_op.f('ix_sub_measure_continues_id'))
        batch_op.drop_constraint(batch_op.f('fk_sub_measure_continues_id'), type_='foreignkey')
        batch_op.drop_column('continues_id')
    with op.batch_alter_table('partner') as batch_op:
        batch_op.drop_index(batch_op.f('ix_partner_merged_into_id'))
        batch_op.drop_constraint(batch_op.f('fk_partner_merged_into_id'), type_='foreignkey')
        batch_op.drop_column('merged_into_id')
        batch_op.drop_column('former_names')
        batch_op.add_column(sa.Column('member_of_id', ID, nullable=True))
    op.execute(
        'UPDATE partner SET member_of_id = '
        '(SELECT umbrella_id FROM membership WHERE member_id = partner.id AND position = 0)'
    )
    with op.batch_alter_table('partner') as batch_op:
        batch_op.create_foreign_key(batch_op.f('fk_partner_member_of_id'), 'partner', ['member_of_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_partner_member_of_id'), ['member_of_id'])
    op.drop_table('membership')
