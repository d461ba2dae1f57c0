"""Entries of the log are leaves of a Merkle tree; the chain that held earlier ones together ends in the first leaf.

A leaf holds a salted digest of the content and none of its words, so that these can be erased and proofs stay valid.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.proofs.canonical import canonical

revision: str = '0013'
down_revision: str | None = '0012'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BATCH = 1000
FIRST_HASH = '0' * 64
HASH = sa.String(44)

LEAF = (
    'action', 'resource_type', 'version', 'visibility', 'previous_visibility', 'changed_fields', 'reason',
    'key_ref', 'data_digest',
)
IDS = ('resource_id', 'by_partner_id', 'proposal_id')
# What the hash of an entry of an earlier log covers, in order.
CHAINED = (
    'position', 'at', 'action', 'resource_type', 'resource_id', 'version', 'visibility', 'previous_visibility',
    'by_partner_id', 'by_key_id', 'request_id', 'changed_fields', 'data',
)

CHANGE = sa.table(
    'change',
    sa.column('position', sa.BigInteger()),
    sa.column('at', sa.DateTime(timezone=True)),
    *(sa.column(name, sa.Uuid()) for name in (*IDS, 'by_key_id')),
    *(sa.column(name, sa.String()) for name in ('action', 'resource_type', 'visibility', 'previous_visibility', 'data')),
    *(sa.column(name, sa.String()) for name in ('request_id', 'reason', 'salt', 'key_ref', 'data_digest', 'leaf_hash')),
    sa.column('version', sa.Integer()),
    sa.column('changed_fields', sa.JSON()),
    sa.column('hash', sa.String()),
)
FEED = sa.table('feed', sa.column('position', sa.BigInteger()), sa.column('hash', sa.String()), sa.column('first_leaf', sa.Text()))


def upgrade() -> None:
    """Give each entry its leaf."""
    with op.batch_alter_table('change') as batch_op:
        for name, kind in (('reason', sa.String(200)), ('salt', HASH), ('key_ref', HASH), ('data_digest', HASH), ('leaf_hash', HASH)):
            batch_op.add_column(sa.Column(name, kind, nullable=True))
    with op.batch_alter_table('feed') as batch_op:
        batch_op.add_column(sa.Column('first_leaf', sa.Text(), nullable=True))
    values = {name: sa.bindparam(f'new_{name}') for name in ('salt', 'key_ref', 'data_digest', 'leaf_hash')}
    change = sa.update(CHANGE).where(CHANGE.c.position == sa.bindparam('at_position')).values(values)
    for rows in batches('hash'):
        op.get_bind().execute(change, [with_leaf(row) for row in rows])
    head = op.get_bind().execute(sa.select(FEED.c.position, FEED.c.hash)).one()
    first_leaf = canonical({'earlier_log': {'entries': head.position, 'hash': head.hash}})
    op.get_bind().execute(sa.update(FEED).values(first_leaf=first_leaf))
    with op.batch_alter_table('change') as batch_op:
        for name in ('data_digest', 'leaf_hash'):
            batch_op.alter_column(name, existing_type=HASH, nullable=False)
        batch_op.drop_column('hash')
    with op.batch_alter_table('feed') as batch_op:
        batch_op.alter_column('first_leaf', existing_type=sa.Text(), nullable=False)
        batch_op.drop_column('hash')
    op.create_table(
        'tree_node',
        sa.Column('level', sa.Integer(), nullable=False),
        sa.Column('number', sa.BigInteger(), nullable=False),
        sa.Column('hash', HASH, nullable=False),
        sa.PrimaryKeyConstraint('level', 'number', name=op.f('pk_tree_node')),
    )
    op.create_table(
        'cosigner',
        sa.Column('verifier_key', sa.String(300), nullable=False),
        sa.Column('partner_id', sa.Uuid(), nullable=False),
        sa.Column('registered_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('verifier_key', name=op.f('pk_cosigner')),
    )
    with op.batch_alter_table('cosigner') as batch_op:
        batch_op.create_index(batch_op.f('ix_cosigner_partner_id'), ['partner_id'])
    op.create_table(
        'cosignature',
        sa.Column('size', sa.BigInteger(), nullable=False),
        sa.Column('partner_id', sa.Uuid(), nullable=False),
        sa.Column('line', sa.String(400), nullable=False),
        sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('size', 'partner_id', name=op.f('pk_cosignature')),
    )


def downgrade() -> None:
    """Chain the entries again; proofs that were given lead nowhere then."""
    for name in ('cosignature', 'cosigner', 'tree_node'):
        op.drop_table(name)
    for table in ('change', 'feed'):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column('hash', sa.String(64), nullable=True))
    previous = FIRST_HASH
    change = sa.update(CHANGE).where(CHANGE.c.position == sa.bindparam('at_position')).values(hash=sa.bindparam('new_hash'))
    for rows in batches('salt', 'leaf_hash'):
        chained = []
        for row in rows:
            previous = chain(previous, row)
            chained.append({'at_position': row['position'], 'new_hash': previous})
        op.get_bind().execute(change, chained)
    op.get_bind().execute(sa.update(FEED).values(hash=previous))
    with op.batch_alter_table('change') as batch_op:
        batch_op.alter_column('hash', existing_type=sa.String(64), nullable=False)
        for name in ('reason', 'salt', 'key_ref', 'data_digest', 'leaf_hash'):
            batch_op.drop_column(name)
    with op.batch_alter_table('feed') as batch_op:
        batch_op.alter_column('hash', existing_type=sa.String(64), nullable=False)
        batch_op.drop_column('first_leaf')


def batches(*without: str) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The entries in their order."""
    last = 0
    columns = [column for column in CHANGE.c if column.name not in without]
    while True:
        wanted = sa.select(*columns).where(CHANGE.c.position > last).order_by(CHANGE.c.position).limit(BATCH)
        rows = op.get_bind().execute(wanted).mappings().all()
        if not rows:
            return
        yield rows
        last = rows[-1]['position']


def with_leaf(row: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry gets."""
    salt = secrets.token_bytes(32)
    data = '' if row['data'] is None else canonical(json.loads(row['data']))
    said = {
        'at_position': row['position'],
        'new_salt': encoded(salt),
        'new_key_ref': None if row['by_key_id'] is None else encoded(digest(salt, str(row['by_key_id']))),
        'new_data_digest': encoded(digest(salt, data)),
    }
    own = {name.removeprefix('new_'): value for name, value in said.items()}
    leaf = {name: {**row, **own}[name] for name in LEAF} | {name: row[name] and str(row[name]) for name in IDS}
    at = row['at'] if row['at'].tzinfo is None else row['at'].astimezone(UTC).replace(tzinfo=None)
    text = canonical({**leaf, 'at': f"{at.isoformat(timespec='microseconds')}Z"})
    return said | {'new_leaf_hash': encoded(digest(b'\x00', text))}


def digest(salt: bytes, text: str) -> bytes:
    """SHA-256 over both."""
    return hashlib.sha256(salt + text.encode()).digest()


def encoded(hash: bytes) -> str:
    """Base64."""
    return base64.b64encode(hash).decode()


def chain(previous: str, row: Mapping[str, Any]) -> str:
    """The hash of an entry as earlier versions made it."""
    at = row['at'] if row['at'].tzinfo is None else row['at'].astimezone(UTC).replace(tzinfo=None)
    moment = f"{at.isoformat()}Z"
    said = {name: str(row[name]) if row[name] and name.endswith('_id') else row[name] for name in CHAINED} | {'at': moment}
    later = [{'proposal_id': str(row['proposal_id'])}] if row['proposal_id'] else []
    return hashlib.sha256(json.dumps([previous, *said.values(), *later], ensure_ascii=False).encode()).hexdigest()
