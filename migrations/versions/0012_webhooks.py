"""Endpoints of webhooks, and what was tried to deliver to each."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0012'
down_revision: str | None = '0011'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.Uuid()
MOMENT = sa.DateTime(timezone=True)


def vocabulary(name: str, *codes: str) -> sa.Enum:
    """A closed vocabulary."""
    return sa.Enum(*codes, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        'webhook_endpoint',
        sa.Column('id', ID, nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('created_at', MOMENT, nullable=False),
        sa.Column('updated_at', MOMENT, nullable=False),
        sa.Column('url', sa.String(2048), nullable=False),
        sa.Column('description', sa.String(), nullable=True),
        sa.Column('event_types', sa.JSON(), nullable=False),
        sa.Column('agreement_ids', sa.JSON(), nullable=False),
        sa.Column('own_changes', vocabulary('own_changes', 'included', 'excluded', 'only'), nullable=False),
        sa.Column('partner_id', ID, nullable=False),
        sa.Column('generation', sa.Integer(), nullable=False),
        sa.Column('old_secret_until', MOMENT, nullable=True),
        sa.Column('is_enabled', sa.Boolean(), nullable=False),
        sa.Column('disabled_because', vocabulary('disabled_because', 'gone', 'failing'), nullable=True),
        sa.Column('disabled_at', MOMENT, nullable=True),
        sa.Column('position', sa.BigInteger(), nullable=False),
        sa.Column('replay_after', sa.BigInteger(), nullable=True),
        sa.Column('replay_until', sa.BigInteger(), nullable=True),
        sa.Column('ping_id', ID, nullable=True),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('failing_since', MOMENT, nullable=True),
        sa.Column('next_attempt_at', MOMENT, nullable=False),
        sa.Column('lease', ID, nullable=True),
        sa.Column('lease_until', MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ['partner_id'], ['partner.id'], name=op.f('fk_webhook_endpoint_partner_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_endpoint')),
    )
    op.create_table(
        'webhook_delivery',
        sa.Column('id', ID, nullable=False),
        sa.Column('endpoint_id', ID, nullable=False),
        sa.Column('message_id', sa.String(120), nullable=False),
        sa.Column('event_type', sa.String(80), nullable=False),
        sa.Column('position', sa.BigInteger(), nullable=True),
        sa.Column('attempt', sa.Integer(), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('milliseconds', sa.Integer(), nullable=False),
        sa.Column('status', sa.Integer(), nullable=True),
        sa.Column(
            'failure',
            vocabulary(
                'failure',
                'address',
                'unknown_host',
                'connection',
                'tls',
                'timeout',
                'protocol',
                'redirect',
                'status',
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ['endpoint_id'],
            ['webhook_endpoint.id'],
            name=op.f('fk_webhook_delivery_endpoint_id'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_delivery')),
    )
    op.create_index(op.f('ix_webhook_endpoint_partner_id_id'), 'webhook_endpoint', ['partner_id', 'id'])
    op.create_index(op.f('ix_webhook_endpoint_next_attempt_at_id'), 'webhook_endpoint', ['next_attempt_at', 'id'])
    op.create_index(op.f('ix_webhook_delivery_endpoint_id_id'), 'webhook_delivery', ['endpoint_id', 'id'])


def downgrade() -> None:
    """Take the tables away, with the endpoints in them."""
    op.drop_table('webhook_delivery')
    op.drop_table('webhook_endpoint')
