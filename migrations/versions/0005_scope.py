"""Agreements say who is a party, and decisions, needs and events to which one they belong.

Parties of earlier agreements are the municipality, the umbrella associations and their members. What belonged to no
agreement by itself belongs to that of what it links to, else to the first one. What changes are about is noted beside the
log, for its filters.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision: str = '0005'
down_revision: str | None = '0004'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BATCH = 1000
SCOPED = ('consultation_event', 'decision', 'need')
ID = sa.Uuid()

# Where each kind says what it is about: table, the column of the resource, the column of what it is about.
OWN_LINKS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    'consultation_event': (
        ('event_topic', 'consultation_event_id', 'topic_id'),
        ('event_goal', 'consultation_event_id', 'goal_id'),
        ('event_sub_measure', 'consultation_event_id', 'sub_measure_id'),
        ('event_agenda_item', 'consultation_event_id', 'sub_measure_id'),
    ),
    'decision': (
        ('decision_topic', 'decision_id', 'topic_id'),
        ('decision_goal', 'decision_id', 'goal_id'),
        ('decision_sub_measure', 'decision_id', 'sub_measure_id'),
    ),
    'need': (('need', 'id', 'topic_id'), ('need_sub_measure', 'need_id', 'sub_measure_id')),
}
LINKS_BETWEEN = (
    ('decision_event', 'decision_id', 'consultation_event_id'),
    ('decision_event', 'consultation_event_id', 'decision_id'),
    ('need_decision', 'need_id', 'decision_id'),
    ('need_event', 'need_id', 'consultation_event_id'),
)
ABOUT = (
    ('sub_measure', 'id', 'goal_id'),
    ('indicator', 'id', 'goal_id'),
    ('indicator', 'id', 'sub_measure_id'),
    ('observation', 'id', 'indicator_id'),
    ('progress_report', 'id', 'sub_measure_id'),
    ('statement', 'id', 'decision_id'),
    ('goal', 'id', 'topic_id'),
)
HOMES = (
    ('goal', 'SELECT agreement_id FROM goal WHERE goal.id = subject.id'),
    ('topic', 'SELECT agreement_id FROM topic WHERE topic.id = subject.id'),
    *((name, f'SELECT agreement_id FROM {name} WHERE {name}.id = subject.id') for name in SCOPED),
    (
        'sub_measure',
        'SELECT agreement_id FROM sub_measure JOIN goal ON goal.id = goal_id WHERE sub_measure.id = subject.id',
    ),
    (
        'indicator',
        'SELECT goal.agreement_id FROM indicator LEFT JOIN sub_measure ON sub_measure.id = indicator.sub_measure_id '
        'JOIN goal ON goal.id = coalesce(indicator.goal_id, sub_measure.goal_id) WHERE indicator.id = subject.id',
    ),
    (
        'observation',
        'SELECT above.agreement_id FROM observation JOIN subject AS above ON above.id = indicator_id '
        'WHERE observation.id = subject.id',
    ),
    (
        'progress_report',
        'SELECT above.agreement_id FROM progress_report JOIN subject AS above ON above.id = sub_measure_id '
        'WHERE progress_report.id = subject.id',
    ),
    (
        'statement',
        'SELECT above.agreement_id FROM statement JOIN subject AS above ON above.id = decision_id '
        'WHERE statement.id = subject.id',
    ),
)


def pairs(table: str, one: str, other: str) -> Iterator[tuple[UUID, UUID]]:
    """Two columns of a table, where both are there."""
    found = sa.table(table, sa.column(one, ID), sa.column(other, ID))
    statement = sa.select(found.c[one], found.c[other]).where(found.c[other].is_not(None))
    for row in op.get_bind().execute(statement):
        yield row[0], row[1]


def agreements() -> list[UUID]:
    """The agreements, the first one first."""
    table = sa.table('agreement', sa.column('id', ID), sa.column('created_at', sa.DateTime(timezone=True)))
    return list(op.get_bind().execute(sa.select(table.c.id).order_by(table.c.created_at, table.c.id)).scalars())


def fill_scopes() -> None:
    """Say to which agreement each decision, need and event belongs."""
    ranks = {id: rank for rank, id in enumerate(agreements())}
    homes = {name: dict(pairs(name, 'id', 'agreement_id')) for name in ('topic', 'goal')}
    homes['sub_measure'] = {id: homes['goal'][goal] for id, goal in pairs('sub_measure', 'id', 'goal_id')}
    for name in SCOPED:
        homes[name] = nearest(OWN_LINKS[name], homes, ranks)
    for link in LINKS_BETWEEN:
        owner = link[0].partition('_')[0] if link[1] != 'consultation_event_id' else 'consultation_event'
        homes[owner] = nearest((link,), homes, ranks) | homes[owner]
    for name in SCOPED:
        table = sa.table(name, sa.column('id', ID), sa.column('agreement_id', ID))
        ids = list(op.get_bind().execute(sa.select(table.c.id)).scalars())
        if ids and not ranks:
            raise RuntimeError(f'{len(ids)} rows of {name} belong to no agreement: create one with the earlier version')
        change = sa.update(table).where(table.c.id == sa.bindparam('row')).values(agreement_id=sa.bindparam('home'))
        rows = [{'row': id, 'home': homes[name].get(id) or next(iter(ranks))} for id in ids]
        for start in range(0, len(rows), BATCH):
            op.get_bind().execute(change, rows[start : start + BATCH])


def nearest(
    links: Iterable[tuple[str, str, str]], homes: Mapping[str, Mapping[UUID, UUID]], ranks: Mapping[UUID, int]
) -> dict[UUID, UUID]:
    """The first agreement of those that something links to."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for table, parent, column in links:
        for id, target in pairs(table, parent, column):
            if target in homes[column.removesuffix('_id')]:
                found[id].add(homes[column.removesuffix('_id')][target])
    return {id: min(each, key=ranks.__getitem__) for id, each in found.items()}


def fill_parties() -> None:
    """Make the municipality, the umbrella associations and their members parties of what they can have agreed.

    Who signed another agreement and not this one is none of this one's.
    """
    partner = sa.table(
        'partner', sa.column('id', ID), sa.column('kind', sa.String()), sa.column('sort_name', sa.String())
    )
    party = sa.table(
        'agreement_party',
        *(sa.column(name, ID) for name in ('agreement_id', 'partner_id')),
        sa.column('position', sa.Integer()),
        sa.column('side', sa.String()),
    )
    connection = op.get_bind()
    partners = connection.execute(sa.select(partner).order_by(partner.c.sort_name, partner.c.id)).all()
    kinds = {row.id: row.kind for row in partners}
    umbrellas = dict(pairs('partner', 'id', 'member_of_id'))
    signed: dict[UUID, set[UUID]] = defaultdict(set)
    for agreement, signatory in pairs('agreement_signatory', 'agreement_id', 'partner_id'):
        signed[agreement] |= above(signatory, umbrellas)
    for agreement in agreements():
        elsewhere = set().union(*signed.values()) - signed[agreement]
        entries = []
        for id in kinds:
            side = side_of(id, kinds, umbrellas)
            if side is not None and not elsewhere & above(id, umbrellas):
                entries.append({'agreement_id': agreement, 'partner_id': id, 'position': len(entries), 'side': side})
        if entries:
            connection.execute(sa.insert(party), entries)


def side_of(id: UUID, kinds: Mapping[UUID, str], umbrellas: Mapping[UUID, UUID]) -> str | None:
    """On which side a partner stands by its kind and its memberships."""
    if kinds[id] == 'municipality':
        return 'authority'
    is_association = any(kinds[each] == 'umbrella_association' for each in above(id, umbrellas))
    return 'associations' if is_association else None


def above(id: UUID | None, umbrellas: Mapping[UUID, UUID]) -> set[UUID]:
    """A partner and all that it is a member of."""
    passed: set[UUID] = set()
    while id is not None and id not in passed:
        passed.add(id)
        id = umbrellas.get(id)
    return passed


def fill_subjects() -> None:
    """Note to which agreement changes belong and what they are about; of what is deleted nobody knows, so the first one."""
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE subject SET agreement_id = id WHERE kind = 'agreement'"))
    for kind, home in HOMES:
        connection.execute(sa.text(f"UPDATE subject SET agreement_id = ({home}) WHERE kind = '{kind}'"))
    first = agreements()[:1]
    if first:
        subject = sa.table('subject', sa.column('kind', sa.String()), sa.column('agreement_id', ID))
        unknown = sa.and_(subject.c.agreement_id.is_(None), subject.c.kind != 'partner')
        connection.execute(sa.update(subject).where(unknown).values(agreement_id=first[0]))
    links = [*ABOUT, *(link for own in OWN_LINKS.values() for link in own)]
    known: set[tuple[UUID, UUID]] = set()
    for table, parent, column in links:
        if column != 'topic_id':
            known |= set(pairs(table, parent, column))
    about = sa.table('subject_about', sa.column('subject_id', ID), sa.column('about_id', ID))
    rows = [{'subject_id': id, 'about_id': target} for id, target in sorted(known)]
    for start in range(0, len(rows), BATCH):
        connection.execute(sa.insert(about), rows[start : start + BATCH])


def add_columns() -> None:
    """The columns of agreements, partners and subjects, and those of what belongs to an agreement, empty at first."""
    with op.batch_alter_table('agreement') as batch_op:
        batch_op.add_column(sa.Column('area_code', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('starts_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('ends_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('succeeds_id', ID, nullable=True))
        batch_op.add_column(sa.Column('exchange', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('hearing', sa.JSON(), nullable=True))
    with op.batch_alter_table('agreement') as batch_op:
        batch_op.alter_column('exchange', existing_type=sa.JSON(), existing_nullable=False, server_default=None)
        batch_op.create_foreign_key(batch_op.f('fk_agreement_succeeds_id'), 'agreement', ['succeeds_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_agreement_succeeds_id'), ['succeeds_id'])
        batch_op.create_index(batch_op.f('ix_agreement_starts_on_id'), ['starts_on', 'id'])
        batch_op.create_index(batch_op.f('ix_agreement_ends_on_id'), ['ends_on', 'id'])
    with op.batch_alter_table('partner') as batch_op:
        batch_op.add_column(
            sa.Column('staff_count_is_approximate', sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column('staff_count_note', sa.String(), nullable=True))
    with op.batch_alter_table('partner') as batch_op:
        batch_op.alter_column(
            'staff_count_is_approximate', existing_type=sa.Boolean(), existing_nullable=False, server_default=None
        )
    with op.batch_alter_table('subject') as batch_op:
        batch_op.add_column(sa.Column('agreement_id', ID, nullable=True))
        batch_op.create_index(batch_op.f('ix_subject_agreement_id'), ['agreement_id'])
    for name in SCOPED:
        with op.batch_alter_table(name) as batch_op:
            batch_op.add_column(sa.Column('agreement_id', ID, nullable=True))


def add_tables() -> None:
    """The parties, and what subjects are about."""
    op.create_table(
        'agreement_party',
        sa.Column('from', sa.Date(), nullable=True),
        sa.Column('until', sa.Date(), nullable=True),
        sa.Column('partner_id', ID, nullable=False),
        sa.Column(
            'side',
            sa.Enum(
                'authority', 'associations', 'other', name='side', native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column('agreement_id', ID, nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['agreement_id'], ['agreement.id'], name=op.f('fk_agreement_party_agreement_id')),
        sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_agreement_party_partner_id')),
        sa.PrimaryKeyConstraint('agreement_id', 'position', name=op.f('pk_agreement_party')),
    )
    with op.batch_alter_table('agreement_party') as batch_op:
        batch_op.create_index(batch_op.f('ix_agreement_party_agreement_id_side'), ['agreement_id', 'side'])
        batch_op.create_index(batch_op.f('ix_agreement_party_partner_id_agreement_id'), ['partner_id', 'agreement_id'])
    op.create_table(
        'subject_about',
        sa.Column('subject_id', ID, nullable=False),
        sa.Column('about_id', ID, nullable=False),
        sa.ForeignKeyConstraint(['subject_id'], ['subject.id'], name=op.f('fk_subject_about_subject_id')),
        sa.PrimaryKeyConstraint('subject_id', 'about_id', name=op.f('pk_subject_about')),
    )
    with op.batch_alter_table('subject_about') as batch_op:
        batch_op.create_index(batch_op.f('ix_subject_about_about_id_subject_id'), ['about_id', 'subject_id'])


def upgrade() -> None:
    """Add the columns and tables, and fill them from what is there."""
    add_columns()
    add_tables()
    fill_parties()
    fill_scopes()
    for name in SCOPED:
        with op.batch_alter_table(name) as batch_op:
            batch_op.alter_column('agreement_id', existing_type=ID, nullable=False)
            batch_op.create_foreign_key(batch_op.f(f'fk_{name}_agreement_id'), 'agreement', ['agreement_id'], ['id'])
            batch_op.create_index(batch_op.f(f'ix_{name}_agreement_id'), ['agreement_id'])
    fill_subjects()


def downgrade() -> None:
    """Take the columns and tables away, with what they say."""
    for name in SCOPED:
        with op.batch_alter_table(name) as batch_op:
            batch_op.drop_index(batch_op.f(f'ix_{name}_agreement_id'))
            batch_op.drop_constraint(batch_op.f(f'fk_{name}_agreement_id'), type_='foreignkey')
            batch_op.drop_column('agreement_id')
    op.drop_table('subject_about')
    op.drop_table('agreement_party')
    with op.batch_alter_table('subject') as batch_op:
        batch_op.drop_index(batch_op.f('ix_subject_agreement_id'))
        batch_op.drop_column('agreement_id')
    with op.batch_alter_table('partner') as batch_op:
        batch_op.drop_column('staff_count_note')
        batch_op.drop_column('staff_count_is_approximate')
    with op.batch_alter_table('agreement') as batch_op:
        for name in ('succeeds_id', 'starts_on_id', 'ends_on_id'):
            batch_op.drop_index(batch_op.f(f'ix_agreement_{name}'))
        batch_op.drop_constraint(batch_op.f('fk_agreement_succeeds_id'), type_='foreignkey')
        for name in ('hearing', 'exchange', 'succeeds_id', 'ends_on', 'starts_on', 'area_code'):
            batch_op.drop_column(name)
