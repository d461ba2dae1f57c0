"""PostgreSQL has the texts of the log compressed, too: from now on, what is there stays as it is.

Its function that blanks an entry cannot read such a text. It is told what the entry says, and believes what its salted digest proves.
"""

import zlib
from collections.abc import Sequence
from importlib.resources import files

import sqlalchemy as sa
from alembic import context, op

revision: str = '0022'
down_revision: str | None = '0021'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BATCH = 1000
DICTIONARY = files('app').joinpath('data', 'entries-1.jsonl').read_bytes()
OBJECT = b'{'

CHANGE = sa.table('change', sa.column('position', sa.BigInteger()), sa.column('data', sa.LargeBinary()))

BEFORE = 'redact_change(bigint, bigint, text, text)'
AFTER = 'redact_change(bigint, bigint, text, text, text)'
FUNCTION = """
CREATE FUNCTION {schema}.redact_change(by_position bigint, blanked bigint, said text, left_of_it text, new_salt text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    redacting record;
    entry record;
    fields text[];
    before jsonb;
BEGIN
    SELECT resource_id, changed_fields::jsonb AS fields, redacts::jsonb AS redacts INTO redacting FROM {schema}.change
    WHERE position = by_position AND action = 'redacted' AND xmin = pg_current_xact_id()::xid
        AND redacts::jsonb @> jsonb_build_array(jsonb_build_object('position', blanked));
    SELECT data, salt, data_digest INTO entry FROM {schema}.change
    WHERE position = blanked AND resource_id = redacting.resource_id AND data IS NOT NULL;
    IF get_byte(entry.data, 0) = ascii('{{') THEN
        before := convert_from(entry.data, 'UTF8');
    ELSIF sha256(decode(entry.salt, 'base64') || convert_to(said, 'UTF8')) = decode(entry.data_digest, 'base64') THEN
        before := said;
    END IF;
    fields := ARRAY(SELECT jsonb_array_elements_text(redacting.fields));
    IF before IS NULL OR before - fields IS DISTINCT FROM left_of_it::jsonb - fields
        OR NOT jsonb_exists_all(left_of_it::jsonb, ARRAY(SELECT jsonb_object_keys(before)))
    THEN
        RAISE EXCEPTION 'no entry of this transaction redacts these fields at position %', blanked
        USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE {schema}.change SET data = convert_to(left_of_it, 'UTF8'), salt = new_salt, redacted_by = by_position
    WHERE position = blanked;
END $$
"""


def upgrade() -> None:
    """Keep what is there, as it is."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("ALTER TABLE change ALTER COLUMN data TYPE bytea USING convert_to(data, 'UTF8')")
        op.execute(f'DROP FUNCTION {schema()}.{BEFORE}')
        op.execute(FUNCTION.format(schema=schema()))


def downgrade() -> None:
    """Earlier versions read plain text there."""
    if op.get_bind().dialect.name == 'postgresql':
        unpack_all()
        op.execute("ALTER TABLE change ALTER COLUMN data TYPE text USING convert_from(data, 'UTF8')")
        op.execute(f'DROP FUNCTION {schema()}.{AFTER}')
        op.execute(context.script.get_revision('0016').module.FUNCTION.format(schema=schema()))


def unpack_all() -> None:
    """Write the texts plain, some rows at a time."""
    change = sa.update(CHANGE).where(CHANGE.c.position == sa.bindparam('at_position')).values(data=sa.bindparam('text'))
    last = 0
    while True:
        wanted = sa.select(CHANGE).where(CHANGE.c.position > last, CHANGE.c.data.is_not(None))
        rows = op.get_bind().execute(wanted.order_by(CHANGE.c.position).limit(BATCH)).all()
        if not rows:
            return
        op.get_bind().execute(change, [{'at_position': row.position, 'text': plain(row.data)} for row in rows])
        last = rows[-1].position


def plain(stored: bytes) -> bytes:
    """A text as it is without compression."""
    return stored if stored.startswith(OBJECT) else zlib.decompressobj(zdict=DICTIONARY).decompress(stored)


def schema() -> str:
    """The schema of the tables, as it is written in statements."""
    return str(op.get_bind().execute(sa.text('SELECT quote_ident(current_schema())')).scalar_one())
