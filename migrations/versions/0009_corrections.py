"""What was agreed stays known; corrections are told in the log; proposals and objections.

A sub-measure counts as agreed unless it is only proposed.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0009'
down_revision: str | None = '0008'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.Uuid()
BEFORE = "action IN ('created', 'updated', 'deleted')"
AFTER = "action IN ('created', 'updated', 'corrected', 'deleted')"
BY_TIME = ('subject_type', 'state')


def vocabulary(name: str, *codes: str) -> sa.Enum:
    """A closed vocabulary."""
    return sa.Enum(*codes, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Add the columns and tables."""
    with op.batch_alter_table('sub_measure') as batch_op:
        batch_op.add_column(sa.Column('was_agreed', sa.Boolean(), nullable=True))
    op.execute("UPDATE sub_measure SET was_agreed = (status <> 'proposed')")
    with op.batch_alter_table('sub_measure') as batch_op:
        batch_op.alter_column('was_agreed', existing_type=sa.Boolean(), nullable=False)
    with op.batch_alter_table('change') as batch_op:
        batch_op.add_column(sa.Column('proposal_id', ID, nullable=True))
        batch_op.drop_constraint(batch_op.f('ck_change_action'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_change_action'), AFTER)
    add_table('objection', ('raised_by_id',), *OBJECTION)
    add_table('proposal', ('proposed_by_id',), *PROPOSAL)
    op.create_table(
        'proposal_objection',
        sa.Column('proposal_id', ID, nullable=False),
        sa.Column('objection_id', ID, nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['objection_id'], ['objection.id'], name=op.f('fk_proposal_objection_objection_id')),
        sa.ForeignKeyConstraint(['proposal_id'], ['proposal.id'], name=op.f('fk_proposal_objection_proposal_id')),
        sa.PrimaryKeyConstraint('proposal_id', 'objection_id', name=op.f('pk_proposal_objection')),
    )
    with op.batch_alter_table('proposal_objection') as batch_op:
        batch_op.create_index(
            batch_op.f('ix_proposal_objection_objection_id_proposal_id'), ['objection_id', 'proposal_id']
        )


def downgrade() -> None:
    """Take the columns and tables away, with what they say; the log's entries of corrections become plain changes."""
    for name in ('proposal_objection', 'proposal', 'objection'):
        op.drop_table(name)
    with op.batch_alter_table('change') as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_change_action'), type_='check')
    op.execute("UPDATE change SET action = 'updated' WHERE action = 'corrected'")
    with op.batch_alter_table('change') as batch_op:
        batch_op.create_check_constraint(batch_op.f('ck_change_action'), BEFORE)
        batch_op.drop_column('proposal_id')
    with op.batch_alter_table('sub_measure') as batch_op:
        batch_op.drop_column('was_agreed')


def text(length: int) -> sa.types.TypeEngine[str]:
    """Text that both databases compare by code point."""
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def add_table(name: str, speakers: Sequence[str], *own: sa.Column[object]) -> None:
    """A table of what is about a subject."""
    speakers = (*speakers, 'answered_by_id')
    op.create_table(
        name,
        sa.Column('id', ID, nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('visibility', vocabulary('visibility', 'public', 'partners'), nullable=False),
        sa.Column('sort_name', text(300), nullable=False),
        sa.Column('search_text', sa.Text(), nullable=False),
        sa.Column('representation', sa.Text(), nullable=False),
        sa.Column('agreement_id', ID, nullable=False),
        sa.Column('subject_type', sa.String(60), nullable=False),
        sa.Column('subject_id', ID, nullable=False),
        *(sa.Column(each, ID, nullable=each == 'answered_by_id') for each in speakers),
        sa.Column('answer', sa.String(), nullable=True),
        *own,
        sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f(f'fk_{name}_agreement_id')),
        *(sa.ForeignKeyConstraint([each], ['partner.id'], name=op.f(f'fk_{name}_{each}')) for each in speakers),
        sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{name}')),
    )
    with op.batch_alter_table(name) as batch_op:
        for each in ('agreement_id', *speakers):
            batch_op.create_index(batch_op.f(f'ix_{name}_{each}'), [each])
        for each in ('sort_name', 'created_at', 'updated_at'):
            batch_op.create_index(batch_op.f(f'ix_{name}_{each}_id'), [each, 'id'])
        batch_op.create_index(batch_op.f(f'ix_{name}_subject_id_state'), ['subject_id', 'state'])
        for each in BY_TIME:
            batch_op.create_index(batch_op.f(f'ix_{name}_{each}_created_at_id'), [each, 'created_at', 'id'])


OBJECTION = (
    sa.Column('field', sa.String(), nullable=True),
    sa.Column('text', sa.String(20000), nullable=False),
    sa.Column('state', vocabulary('objection_state', 'open', 'withdrawn', 'settled'), nullable=False),
)
PROPOSAL = (
    sa.Column('changes', sa.JSON(), nullable=False),
    sa.Column('reason', sa.String(20000), nullable=False),
    sa.Column('evidence_url', sa.String(), nullable=True),
    sa.Column('based_on_version', sa.Integer(), nullable=False),
    sa.Column('state', vocabulary('proposal_state', 'open', 'confirmed', 'rejected', 'withdrawn'), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
)
