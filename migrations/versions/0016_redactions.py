"""What was redacted is told by the log, and blanked by nothing else."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0016'
down_revision: str | None = '0015'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BEFORE = "action IN ('created', 'updated', 'corrected', 'deleted')"
AFTER = "action IN ('created', 'updated', 'corrected', 'deleted', 'redacted')"

DELETED = """
UPDATE subject SET deleted_version = coalesce(
    (SELECT max(version) FROM change WHERE change.resource_id = subject.id AND change.action = 'deleted'), 0
)
"""
# It runs as the owner of the log, whoever calls it: that is all that its caller can change there.
FUNCTION = """
CREATE FUNCTION {schema}.redact_change(by_position bigint, blanked bigint, left_values text, new_salt text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    said record;
BEGIN
    SELECT resource_id, changed_fields::jsonb AS fields, redacts::jsonb AS redacts INTO said FROM {schema}.change
    WHERE position = by_position AND action = 'redacted' AND xmin = pg_current_xact_id()::xid;
    IF NOT FOUND OR NOT said.redacts @> jsonb_build_array(jsonb_build_object('position', blanked))
        OR EXISTS (SELECT 1 FROM json_object_keys(left_values::json) AS name WHERE NOT jsonb_exists(said.fields, name))
    THEN
        RAISE EXCEPTION 'no entry of this transaction redacts these fields at position %', blanked
        USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE {schema}.change SET
        data = (
            SELECT '{{' || string_agg(
                to_json(each.key)::text || ':' || coalesce((left_values::json -> each.key)::text, each.value::text),
                ',' ORDER BY each.number
            ) || '}}'
            FROM json_each(data::json) WITH ORDINALITY AS each(key, value, number)
        ),
        salt = new_salt,
        redacted_by = by_position
    WHERE position = blanked AND resource_id = said.resource_id AND data IS NOT NULL;
END $$
"""


def upgrade() -> None:
    """Let the log name what was redacted."""
    with op.batch_alter_table('change') as batch_op:
        batch_op.add_column(sa.Column('redacts', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('redacted_by', sa.BigInteger(), nullable=True))
        batch_op.drop_constraint(batch_op.f('ck_change_action'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_change_action'), AFTER)
    with op.batch_alter_table('subject') as batch_op:
        batch_op.add_column(sa.Column('deleted_version', sa.Integer(), nullable=False, server_default='0'))
    op.execute(DELETED)
    with op.batch_alter_table('proposal') as batch_op:
        batch_op.add_column(sa.Column('redaction', sa.JSON(), nullable=True))
    op.create_table(
        'verification',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('position', sa.BigInteger(), nullable=False),
        sa.Column('faults', sa.Integer(), nullable=False),
        sa.CheckConstraint('id = 1', name=op.f('ck_verification_one_row')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_verification')),
    )
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(FUNCTION.format(schema=schema()))


def downgrade() -> None:
    """The log tells of redactions as of updates, and its words stay erased."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(f'DROP FUNCTION {schema()}.redact_change(bigint, bigint, text, text)')
    op.drop_table('verification')
    with op.batch_alter_table('proposal') as batch_op:
        batch_op.drop_column('redaction')
    with op.batch_alter_table('subject') as batch_op:
        batch_op.drop_column('deleted_version')
    with op.batch_alter_table('change') as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_change_action'), type_='check')
    op.execute("UPDATE change SET action = 'updated' WHERE action = 'redacted'")
    with op.batch_alter_table('change') as batch_op:
        batch_op.create_check_constraint(batch_op.f('ck_change_action'), BEFORE)
        batch_op.drop_column('redacted_by')
        batch_op.drop_column('redacts')


def schema() -> str:
    """The schema of the tables, as it is written in statements."""
    return str(op.get_bind().execute(sa.text('SELECT quote_ident(current_schema())')).scalar_one())
