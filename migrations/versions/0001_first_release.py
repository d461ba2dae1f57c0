"""The resources, the keys and the change log of the first release"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = '0001'
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('agreement',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('visibility', sa.Enum('public', 'partners', name='visibility', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('sort_name', sa.String(length=300).with_variant(sa.String(length=300, collation='C'), 'postgresql'), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.Column('representation', sa.Text(), nullable=False),
    sa.Column('slug', sa.String(length=80).with_variant(sa.String(length=80, collation='C'), 'postgresql'), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('description', sa.String(), nullable=True),
    sa.Column('municipality_key', sa.String(length=8), nullable=True),
    sa.Column('signed_on', sa.Date(), nullable=True),
    sa.Column('published_on', sa.Date(), nullable=True),
    sa.Column('source_url', sa.String(), nullable=True),
    sa.Column('language', sa.String(length=35), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agreement')),
    sa.UniqueConstraint('slug', name=op.f('uq_agreement_slug'))
    )
    with op.batch_alter_table('agreement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agreement_created_at_id'), ['created_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_agreement_municipality_key_id'), ['municipality_key', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_agreement_signed_on_id'), ['signed_on', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_agreement_sort_name_id'), ['sort_name', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_agreement_updated_at_id'), ['updated_at', 'id'], unique=False)

    op.create_table('feed',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_feed_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feed'))
    )
    # The end of an empty log: writers update this row and never add one.
    op.execute("INSERT INTO feed (id, position, hash) VALUES (1, 0, '" + "0" * 64 + "')")
    op.create_table('idempotency_key',
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('role', sa.Enum('reader', 'contributor', 'coordinator', 'admin', name='role', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('headers', sa.JSON(), nullable=False),
    sa.Column('body', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('partner_id', 'key', name=op.f('pk_idempotency_key'))
    )
    with op.batch_alter_table('idempotency_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idempotency_key_created_at'), ['created_at'], unique=False)

    op.create_table('partner',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('visibility', sa.Enum('public', 'partners', name='visibility', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('sort_name', sa.String(length=300).with_variant(sa.String(length=300, collation='C'), 'postgresql'), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.Column('representation', sa.Text(), nullable=False),
    sa.Column('slug', sa.String(length=80).with_variant(sa.String(length=80, collation='C'), 'postgresql'), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('short_name', sa.String(), nullable=True),
    sa.Column('kind', sa.Enum('municipality', 'umbrella_association', 'member_association', 'other', name='partner_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('member_of_id', sa.Uuid(), nullable=True),
    sa.Column('legal_form', sa.String(), nullable=True),
    sa.Column('description', sa.String(), nullable=True),
    sa.Column('website', sa.String(), nullable=True),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('staff_count', sa.Integer(), nullable=True),
    sa.Column('staff_count_as_of', sa.Date(), nullable=True),
    sa.Column('founded_on', sa.Date(), nullable=True),
    sa.Column('dissolved_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['member_of_id'], ['partner.id'], name=op.f('fk_partner_member_of_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner')),
    sa.UniqueConstraint('slug', name=op.f('uq_partner_slug'))
    )
    with op.batch_alter_table('partner', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_partner_created_at_id'), ['created_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_partner_dissolved_on'), ['dissolved_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_partner_founded_on_id'), ['founded_on', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_partner_kind_id'), ['kind', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_partner_member_of_id'), ['member_of_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_partner_sort_name_id'), ['sort_name', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_partner_staff_count_id'), ['staff_count', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_partner_updated_at_id'), ['updated_at', 'id'], unique=False)

    op.create_table('subject',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=60), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('visibility', sa.Enum('public', 'partners', name='visibility', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subject'))
    )
    op.create_table('agreement_signatory',
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('function', sa.String(), nullable=True),
    sa.Column('partner_id', sa.Uuid(), nullable=True),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_agreement_signatory_agreement_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_agreement_signatory_partner_id')),
    sa.PrimaryKeyConstraint('agreement_id', 'position', name=op.f('pk_agreement_signatory'))
    )
    with op.batch_alter_table('agreement_signatory', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agreement_signatory_partner_id'), ['partner_id'], unique=False)

    op.create_table('api_key',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.Enum('reader', 'contributor', 'coordinator', 'admin', name='role', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('prefix', sa.String(length=12), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('description', sa.String(length=200), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_used_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_api_key_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_key')),
    sa.UniqueConstraint('digest', name=op.f('uq_api_key_digest'))
    )
    with op.batch_alter_table('api_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_key_partner_id'), ['partner_id'], unique=False)

    op.create_table('change',
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('action', sa.Enum('created', 'updated', 'deleted', name='action', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('resource_type', sa.String(length=60), nullable=False),
    sa.Column('resource_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('visibility', sa.Enum('public', 'partners', name='visibility', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('previous_visibility', sa.Enum('public', 'partners', name='previous_visibility', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('by_partner_id', sa.Uuid(), nullable=True),
    sa.Column('by_key_id', sa.Uuid(), nullable=True),
    sa.Column('request_id', sa.String(length=128), nullable=True),
    sa.Column('changed_fields', sa.JSON(), nullable=False),
    sa.Column('data', sa.Text(), nullable=True),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['resource_id'], ['subject.id'], name=op.f('fk_change_resource_id')),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_change'))
    )
    with op.batch_alter_table('change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_change_by_partner_id_position'), ['by_partner_id', 'position'], unique=False)
        batch_op.create_index(batch_op.f('ix_change_resource_id_position'), ['resource_id', 'position'], unique=False)
        batch_op.create_index(batch_op.f('ix_change_resource_type_position'), ['resource_type', 'position'], unique=False)

    op.create_table('consultation_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('visibility', sa.Enum('public', 'partners', name='visibility', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('sort_name', sa.String(length=300).with_variant(sa.String(length=300, collation='C'), 'postgresql'), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.Column('representation', sa.Text(), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('description', sa.String(), nullable=True),
    sa.Column('format', sa.Enum('talk', 'conference', 'expert_day', 'working_group', 'other', name='event_format', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('level', sa.Enum('strategic', 'operational', name='level', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('status', sa.Enum('planned', 'confirmed', 'held', 'postponed', 'cancelled', name='event_status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('status_reason', sa.String(), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('timezone', sa.String(length=64), nullable=False),
    sa.Column('attendance_mode', sa.Enum('in_person', 'online', 'hybrid', name='attendance_mode', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('location', sa.String(), nullable=True),
    sa.Column('online_url', sa.String(), nullable=True),
    sa.Column('organiser_id', sa.Uuid(), nullable=True),
    sa.Column('documents', sa.JSON(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['organiser_id'], ['partner.id'], name=op.f('fk_consultation_event_organiser_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consultation_event'))
    )
    with op.batch_alter_table('consultation_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_consultation_event_attendance_mode_starts_at'), ['attendance_mode', 'starts_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_consultation_event_created_at_id'), ['created_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_consultation_event_ends_at'), ['ends_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_consultation_event_format_starts_at'), ['format', 'starts_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_consultation_event_level_starts_at'), ['level', 'starts_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_consultation_event_organiser_id'), ['organiser_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_consultation_event_sort_name_id'), ['sort_name', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_consultation_event_starts_at_id'), ['starts_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_consultation_event_status_starts_at'), ['status', 'starts_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_consultation_event_updated_at_id'), ['updated_at', 'id'], unique=False)

    op.create_table('partner_service_field',
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('service_field', sa.Enum('counselling', 'daycare', 'schools', 'youth_welfare', 'elderly_care', 'nursing', 'other', name='service_field', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_partner_service_field_partner_id')),
    sa.PrimaryKeyConstraint('partner_id', 'service_field', name=op.f('pk_partner_service_field'))
    )
    with op.batch_alter_table('partner_service_field', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_partner_service_field_service_field_partner_id'), ['service_field', 'partner_id'], unique=False)

    op.create_table('topic',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('visibility', sa.Enum('public', 'partners', name='visibility', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('sort_name', sa.String(length=300).with_variant(sa.String(length=300, collation='C'), 'postgresql'), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.Column('representation', sa.Text(), nullable=False),
    sa.Column('slug', sa.String(length=80).with_variant(sa.String(length=80, collation='C'), 'postgresql'), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('translations', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_topic_agreement_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_topic')),
    sa.UniqueConstraint('agreement_id', 'slug', name=op.f('uq_topic_agreement_id_slug'))
    )
    with op.batch_alter_table('topic', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_topic_created_at_id'), ['created_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_topic_slug_id'), ['slug', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_topic_sort_name_id'), ['sort_name', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_topic_updated_at_id'), ['updated_at', 'id'], unique=False)

    op.create_table('event_participant',
    sa.Column('role', sa.Enum('host', 'moderator', 'participant', name='participant_role', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('attendance', sa.Enum('invited', 'accepted', 'declined', 'attended', 'absent', name='attendance', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('delegates', sa.Integer(), nullable=True),
    sa.Column('consultation_event_id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['consultation_event_id'], ['consultation_event.id'], name=op.f('fk_event_participant_consultation_event_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_event_participant_partner_id')),
    sa.PrimaryKeyConstraint('consultation_event_id', 'partner_id', name=op.f('pk_event_participant'))
    )
    with op.batch_alter_table('event_participant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_event_participant_partner_id_consultation_event_id'), ['partner_id', 'consultation_event_id'], unique=False)

    op.create_table('event_topic',
    sa.Column('consultation_event_id', sa.Uuid(), nullable=False),
    sa.Column('topic_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['consultation_event_id'], ['consultation_event.id'], name=op.f('fk_event_topic_consultation_event_id')),
    sa.ForeignKeyConstraint(['topic_id'], ['topic.id'], name=op.f('fk_event_topic_topic_id')),
    sa.PrimaryKeyConstraint('consultation_event_id', 'topic_id', name=op.f('pk_event_topic'))
    )
    with op.batch_alter_table('event_topic', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_event_topic_topic_id_consultation_event_id'), ['topic_id', 'consultation_event_id'], unique=False)

    op.create_table('goal',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('visibility', sa.Enum('public', 'partners', name='visibility', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('sort_name', sa.String(length=300).with_variant(sa.String(length=300, collation='C'), 'postgresql'), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.Column('representation', sa.Text(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('topic_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('description', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_goal_agreement_id')),
    sa.ForeignKeyConstraint(['topic_id'], ['topic.id'], name=op.f('fk_goal_topic_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_goal')),
    sa.UniqueConstraint('agreement_id', 'number', name=op.f('uq_goal_agreement_id_number'))
    )
    with op.batch_alter_table('goal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_goal_created_at_id'), ['created_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_goal_number_id'), ['number', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_goal_sort_name_id'), ['sort_name', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_goal_topic_id'), ['topic_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_goal_updated_at_id'), ['updated_at', 'id'], unique=False)

    op.create_table('event_goal',
    sa.Column('consultation_event_id', sa.Uuid(), nullable=False),
    sa.Column('goal_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['consultation_event_id'], ['consultation_event.id'], name=op.f('fk_event_goal_consultation_event_id')),
    sa.ForeignKeyConstraint(['goal_id'], ['goal.id'], name=op.f('fk_event_goal_goal_id')),
    sa.PrimaryKeyConstraint('consultation_event_id', 'goal_id', name=op.f('pk_event_goal'))
    )
    with op.batch_alter_table('event_goal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_event_goal_goal_id_consultation_event_id'), ['goal_id', 'consultation_event_id'], unique=False)

    op.create_table('sub_measure',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('visibility', sa.Enum('public', 'partners', name='visibility', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('sort_name', sa.String(length=300).with_variant(sa.String(length=300, collation='C'), 'postgresql'), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.Column('representation', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('goal_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('summary', sa.String(), nullable=True),
    sa.Column('description', sa.String(), nullable=True),
    sa.Column('level', sa.Enum('strategic', 'operational', name='level', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('status', sa.Enum('proposed', 'agreed', 'in_progress', 'completed', 'suspended', 'cancelled', name='sub_measure_status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('status_reason', sa.String(), nullable=True),
    sa.Column('lead_partner_id', sa.Uuid(), nullable=True),
    sa.Column('starts_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('progress_percent', sa.Integer(), nullable=True),
    sa.Column('milestones', sa.JSON(), nullable=False),
    sa.Column('links', sa.JSON(), nullable=False),
    sa.Column('goal_number', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=10).with_variant(sa.String(length=10, collation='C'), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['goal_id'], ['goal.id'], name=op.f('fk_sub_measure_goal_id')),
    sa.ForeignKeyConstraint(['lead_partner_id'], ['partner.id'], name=op.f('fk_sub_measure_lead_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sub_measure')),
    sa.UniqueConstraint('goal_id', 'number', name=op.f('uq_sub_measure_goal_id_number'))
    )
    with op.batch_alter_table('sub_measure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sub_measure_code_id'), ['code', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_created_at_id'), ['created_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_ends_on_id'), ['ends_on', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_goal_number_number_id'), ['goal_number', 'number', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_lead_partner_id'), ['lead_partner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_level'), ['level'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_number'), ['number'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_progress_percent_id'), ['progress_percent', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_sort_name_id'), ['sort_name', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_starts_on_id'), ['starts_on', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_status_id'), ['status', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sub_measure_updated_at_id'), ['updated_at', 'id'], unique=False)

    op.create_table('event_agenda_item',
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('description', sa.String(), nullable=True),
    sa.Column('duration_minutes', sa.Integer(), nullable=True),
    sa.Column('sub_measure_id', sa.Uuid(), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('consultation_event_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['consultation_event_id'], ['consultation_event.id'], name=op.f('fk_event_agenda_item_consultation_event_id')),
    sa.ForeignKeyConstraint(['sub_measure_id'], ['sub_measure.id'], name=op.f('fk_event_agenda_item_sub_measure_id')),
    sa.PrimaryKeyConstraint('consultation_event_id', 'position', name=op.f('pk_event_agenda_item'))
    )
    with op.batch_alter_table('event_agenda_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_event_agenda_item_sub_measure_id'), ['sub_measure_id'], unique=False)

    op.create_table('event_sub_measure',
    sa.Column('consultation_event_id', sa.Uuid(), nullable=False),
    sa.Column('sub_measure_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['consultation_event_id'], ['consultation_event.id'], name=op.f('fk_event_sub_measure_consultation_event_id')),
    sa.ForeignKeyConstraint(['sub_measure_id'], ['sub_measure.id'], name=op.f('fk_event_sub_measure_sub_measure_id')),
    sa.PrimaryKeyConstraint('consultation_event_id', 'sub_measure_id', name=op.f('pk_event_sub_measure'))
    )
    with op.batch_alter_table('event_sub_measure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_event_sub_measure_sub_measure_id_consultation_event_id'), ['sub_measure_id', 'consultation_event_id'], unique=False)

    op.create_table('sub_measure_district',
    sa.Column('sub_measure_id', sa.Uuid(), nullable=False),
    sa.Column('district', sa.String(length=200), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['sub_measure_id'], ['sub_measure.id'], name=op.f('fk_sub_measure_district_sub_measure_id')),
    sa.PrimaryKeyConstraint('sub_measure_id', 'district', name=op.f('pk_sub_measure_district'))
    )
    with op.batch_alter_table('sub_measure_district', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sub_measure_district_district_sub_measure_id'), ['district', 'sub_measure_id'], unique=False)

    op.create_table('sub_measure_sdg',
    sa.Column('sub_measure_id', sa.Uuid(), nullable=False),
    sa.Column('sdg', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['sub_measure_id'], ['sub_measure.id'], name=op.f('fk_sub_measure_sdg_sub_measure_id')),
    sa.PrimaryKeyConstraint('sub_measure_id', 'sdg', name=op.f('pk_sub_measure_sdg'))
    )
    with op.batch_alter_table('sub_measure_sdg', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sub_measure_sdg_sdg_sub_measure_id'), ['sdg', 'sub_measure_id'], unique=False)

    op.create_table('sub_measure_supporter',
    sa.Column('sub_measure_id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_sub_measure_supporter_partner_id')),
    sa.ForeignKeyConstraint(['sub_measure_id'], ['sub_measure.id'], name=op.f('fk_sub_measure_supporter_sub_measure_id')),
    sa.PrimaryKeyConstraint('sub_measure_id', 'partner_id', name=op.f('pk_sub_measure_supporter'))
    )
    with op.batch_alter_table('sub_measure_supporter', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sub_measure_supporter_partner_id_sub_measure_id'), ['partner_id', 'sub_measure_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('sub_measure_supporter', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sub_measure_supporter_partner_id_sub_measure_id'))

    op.drop_table('sub_measure_supporter')
    with op.batch_alter_table('sub_measure_sdg', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sub_measure_sdg_sdg_sub_measure_id'))

    op.drop_table('sub_measure_sdg')
    with op.batch_alter_table('sub_measure_district', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sub_measure_district_district_sub_measure_id'))

    op.drop_table('sub_measure_district')
    with op.batch_alter_table('event_sub_measure', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_event_sub_measure_sub_measure_id_consultation_event_id'))

    op.drop_table('event_sub_measure')
    with op.batch_alter_table('event_agenda_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_event_agenda_item_sub_measure_id'))

    op.drop_table('event_agenda_item')
    with op.batch_alter_table('sub_measure', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sub_measure_updated_at_id'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_status_id'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_starts_on_id'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_sort_name_id'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_progress_percent_id'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_number'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_level'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_lead_partner_id'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_goal_number_number_id'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_ends_on_id'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_created_at_id'))
        batch_op.drop_index(batch_op.f('ix_sub_measure_code_id'))

    op.drop_table('sub_measure')
    with op.batch_alter_table('event_goal', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_event_goal_goal_id_consultation_event_id'))

    op.drop_table('event_goal')
    with op.batch_alter_table('goal', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_goal_updated_at_id'))
        batch_op.drop_index(batch_op.f('ix_goal_topic_id'))
        batch_op.drop_index(batch_op.f('ix_goal_sort_name_id'))
        batch_op.drop_index(batch_op.f('ix_goal_number_id'))
        batch_op.drop_index(batch_op.f('ix_goal_created_at_id'))

    op.drop_table('goal')
    with op.batch_alter_table('event_topic', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_event_topic_topic_id_consultation_event_id'))

    op.drop_table('event_topic')
    with op.batch_alter_table('event_participant', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_event_participant_partner_id_consultation_event_id'))

    op.drop_table('event_participant')
    with op.batch_alter_table('topic', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_topic_updated_at_id'))
        batch_op.drop_index(batch_op.f('ix_topic_sort_name_id'))
        batch_op.drop_index(batch_op.f('ix_topic_slug_id'))
        batch_op.drop_index(batch_op.f('ix_topic_created_at_id'))

    op.drop_table('topic')
    with op.batch_alter_table('partner_service_field', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_partner_service_field_service_field_partner_id'))

    op.drop_table('partner_service_field')
    with op.batch_alter_table('consultation_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_consultation_event_updated_at_id'))
        batch_op.drop_index(batch_op.f('ix_consultation_event_status_starts_at'))
        batch_op.drop_index(batch_op.f('ix_consultation_event_starts_at_id'))
        batch_op.drop_index(batch_op.f('ix_consultation_event_sort_name_id'))
        batch_op.drop_index(batch_op.f('ix_consultation_event_organiser_id'))
        batch_op.drop_index(batch_op.f('ix_consultation_event_level_starts_at'))
        batch_op.drop_index(batch_op.f('ix_consultation_event_format_starts_at'))
        batch_op.drop_index(batch_op.f('ix_consultation_event_ends_at'))
        batch_op.drop_index(batch_op.f('ix_consultation_event_created_at_id'))
        batch_op.drop_index(batch_op.f('ix_consultation_event_attendance_mode_starts_at'))

    op.drop_table('consultation_event')
    with op.batch_alter_table('change', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_change_resource_type_position'))
        batch_op.drop_index(batch_op.f('ix_change_resource_id_position'))
        batch_op.drop_index(batch_op.f('ix_change_by_partner_id_position'))

    op.drop_table('change')
    with op.batch_alter_table('api_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_api_key_partner_id'))

    op.drop_table('api_key')
    with op.batch_alter_table('agreement_signatory', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agreement_signatory_partner_id'))

    op.drop_table('agreement_signatory')
    op.drop_table('subject')
    with op.batch_alter_table('partner', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_partner_updated_at_id'))
        batch_op.drop_index(batch_op.f('ix_partner_staff_count_id'))
        batch_op.drop_index(batch_op.f('ix_partner_sort_name_id'))
        batch_op.drop_index(batch_op.f('ix_partner_member_of_id'))
        batch_op.drop_index(batch_op.f('ix_partner_kind_id'))
        batch_op.drop_index(batch_op.f('ix_partner_founded_on_id'))
        batch_op.drop_index(batch_op.f('ix_partner_dissolved_on'))
        batch_op.drop_index(batch_op.f('ix_partner_created_at_id'))

    op.drop_table('partner')
    with op.batch_alter_table('idempotency_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_idempotency_key_created_at'))

    op.drop_table('idempotency_key')
    op.drop_table('feed')
    with op.batch_alter_table('agreement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agreement_updated_at_id'))
        batch_op.drop_index(batch_op.f('ix_agreement_sort_name_id'))
        batch_op.drop_index(batch_op.f('ix_agreement_signed_on_id'))
        batch_op.drop_index(batch_op.f('ix_agreement_municipality_key_id'))
        batch_op.drop_index(batch_op.f('ix_agreement_created_at_id'))

    op.drop_table('agreement')
