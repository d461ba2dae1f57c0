"""The log tells of keys, and those who keep the register have a role of their own.

Keys that are there get an entry that says what they are, as the last ones of the log. An admin's key of a municipality becomes
that of an operator, who may do what an admin could; all others keep to their own partner.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.proofs.canonical import canonical
from app.proofs.leaves import digest_of, encoded, leaf_hash, leaf_of, moment, new_salt

revision: str = '0015'
down_revision: str | None = '0014'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BEFORE = "role IN ('reader', 'contributor', 'coordinator', 'admin')"
AFTER = "role IN ('reader', 'contributor', 'coordinator', 'admin', 'operator')"
TIMES = ('created_at', 'expires_at', 'revoked_at')

KEY = sa.table(
    'api_key',
    *(sa.column(name, sa.Uuid()) for name in ('id', 'partner_id')),
    *(sa.column(name, sa.String()) for name in ('role', 'prefix', 'digest')),
    *(sa.column(name, sa.DateTime(timezone=True)) for name in TIMES),
)
PARTNER = sa.table('partner', sa.column('id', sa.Uuid()), sa.column('kind', sa.String()), sa.column('dissolved_on', sa.Date()))
SUBJECT = sa.table(
    'subject',
    sa.column('id', sa.Uuid()),
    sa.column('kind', sa.String()),
    sa.column('version', sa.Integer()),
    sa.column('visibility', sa.String()),
    sa.column('agreement_id', sa.Uuid()),
)
CHANGE = sa.table(
    'change',
    sa.column('position', sa.BigInteger()),
    sa.column('at', sa.DateTime(timezone=True)),
    *(sa.column(name, sa.Uuid()) for name in ('resource_id', 'by_partner_id', 'by_key_id', 'proposal_id')),
    *(sa.column(name, sa.String()) for name in ('action', 'resource_type', 'visibility', 'previous_visibility', 'data')),
    *(sa.column(name, sa.String()) for name in ('reason', 'salt', 'key_ref', 'data_digest', 'leaf_hash')),
    sa.column('version', sa.Integer()),
    sa.column('changed_fields', sa.JSON()),
)
FEED = sa.table('feed', sa.column('position', sa.BigInteger()))


def upgrade() -> None:
    """Name the role, give it to those who had its rights, and tell of every key."""
    allow_roles(AFTER)
    municipalities = sa.select(PARTNER.c.id).where(PARTNER.c.kind == 'municipality')
    is_keeper = sa.and_(KEY.c.role == 'admin', KEY.c.partner_id.in_(municipalities))
    op.execute(sa.update(KEY).where(is_keeper).values(role='operator'))
    tell_of_keys(op.get_bind())


def downgrade() -> None:
    """Earlier versions know no operators; what the log tells of keys stays in it."""
    op.execute(sa.update(KEY).where(KEY.c.role == 'operator').values(role='admin'))
    op.execute("UPDATE idempotency_key SET role = 'admin' WHERE role = 'operator'")
    allow_roles(BEFORE)


def allow_roles(condition: str) -> None:
    """Let the roles that there are be these."""
    for table in ('api_key', 'idempotency_key'):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(batch_op.f(f'ck_{table}_role'), type_='check')
            batch_op.create_check_constraint(batch_op.f(f'ck_{table}_role'), condition)


def tell_of_keys(connection: sa.Connection) -> None:
    """Add an entry for each key of which the log does not tell what it is now; some do where this is done once more."""
    # An earlier migration, done once more, takes all that it finds for something of an agreement.
    connection.execute(sa.update(SUBJECT).where(SUBJECT.c.kind == 'key').values(agreement_id=None))
    wanted = sa.select(KEY, PARTNER.c.dissolved_on).join(PARTNER, PARTNER.c.id == KEY.c.partner_id).order_by(KEY.c.id)
    last = {}
    of_keys = sa.select(CHANGE).where(CHANGE.c.resource_type == 'key').order_by(CHANGE.c.position)
    for row in connection.execute(of_keys).mappings():
        last[row['resource_id']] = json.loads(row['data'] or '{}') | {'version': row['version']}
    entries = []
    for key in connection.execute(wanted).mappings().all():
        before = last.get(key['id'], {})
        said = said_of(key, before.get('version', 0))
        if said != before:
            entries.append(entry(key['id'], said | {'version': before.get('version', 0) + 1}, before))
    if not entries:
        return
    first = connection.execute(sa.select(FEED.c.position)).scalar_one() + 1
    connection.execute(sa.update(FEED).values(position=FEED.c.position + len(entries)))
    for each in entries:
        known = {'id': each['resource_id'], 'kind': 'key', 'version': each['version'], 'visibility': 'partners'}
        if each['version'] == 1:
            connection.execute(sa.insert(SUBJECT).values(known))
        else:
            connection.execute(sa.update(SUBJECT).where(SUBJECT.c.id == each['resource_id']).values(known))
    connection.execute(sa.insert(CHANGE), [each | {'position': first + number} for number, each in enumerate(entries)])


def said_of(key: Mapping[str, Any], version: int) -> dict[str, Any]:
    """What an entry says of a key."""
    times = {name: key[name] and moment(key[name].replace(tzinfo=key[name].tzinfo or UTC)) for name in TIMES}
    return {
        'id': str(key['id']),
        'version': version,
        'partner_id': str(key['partner_id']),
        'role': key['role'],
        'prefix': key['prefix'],
        'digest_hash': encoded(hashlib.sha256(key['digest'].encode()).digest()),
        **times,
        'partner_ends_on': key['dissolved_on'] and key['dissolved_on'].isoformat(),
    }


def entry(id: uuid.UUID, said: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """An entry that nobody with a key has written, its position excepted."""
    salt = new_salt()
    row = {
        'at': datetime.now(UTC),
        'action': 'updated' if before else 'created',
        'resource_type': 'key',
        'resource_id': id,
        'version': said['version'],
        'visibility': 'partners',
        'previous_visibility': 'partners' if before else None,
        'by_partner_id': None,
        'by_key_id': None,
        'proposal_id': None,
        'reason': 'migrated',
        'changed_fields': [name for name, value in said.items() if name != 'version' and value != before.get(name, ...)],
        'data': canonical(said),
        'salt': salt,
        'key_ref': None,
        'data_digest': digest_of(salt, said),
    }
    return row | {'leaf_hash': leaf_hash(leaf_of({**row, 'redacts': None}))}
