"""Who may write what: whose words they are, by the rights that a kind declares, and in which agreements."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Date, Select, Uuid, and_, bindparam, func, literal, or_, select

from app.access.caller import Caller
from app.access.errors import Forbidden, role_needed
from app.access.parties import PARTY, Side, agreements_of, is_party_on
from app.access.roles import RANKS
from app.access.voices import ROLES, Standing, Voice, Voices
from app.changes.log import Correction, Transaction
from app.changes.models import Subject
from app.database.kept import Kept
from app.database.tables import table_of
from app.http.errors import Invalid
from app.http.problems import at
from app.language import Text
from app.resources.kind import KINDS, Kind, Write
from app.resources.parts import ChildList
from app.resources.remains import remains
from app.resources.scope import AGREEMENT, home_of, homes_of, kind_at
from app.resources.words import Difference, claims, defaults_of

WHICH = Text(
    "Der Partner des Schlüssels ist nicht an genau einer Vereinbarung beteiligt: bitte angeben, zu welcher es gehört.",
    "The partner of the key is not a party of exactly one agreement: please say to which one it belongs.",
)
NO_PARTY = Text(
    "Der Partner des Schlüssels ist an dieser Vereinbarung heute nicht beteiligt.",
    "The partner of the key is no party of this agreement today.",
)
FIELDS_NAMED = 10

Sides = dict[Any, Any]
"""On which sides partners stand where something belongs, and where they are parties, as far as that was looked up."""
Claim = tuple[str, Voices, Voices]
"""A field that a write says something in, whose words that is, and with which voices the caller speaks there."""


async def authorise(session: Transaction, kind: Kind[Any], *holders: Any) -> None:
    """Refuse who writes nothing of it, whatever it is, with Forbidden; holders are rows, and contents that are to be one."""
    standing = await standing_of(session, kind, *holders)
    check_voice(standing, kind)


async def authorise_write(session: Transaction, write: Write[Any], by: Caller | None = None) -> None:
    """Refuse what the caller, or somebody else, may not make of a resource: whatever it says must be its words to say.

    What belongs to an agreement, and does not say to which, belongs to its subject's or to the caller's. In a confirmed
    proposal both partners speak. Raises Forbidden, and Invalid where that agreement cannot be told.
    """
    if write.is_allowed:
        return
    speaker, day = by or session.by, session.today
    await session.over(check_write, speaker, day, write, correction=session.correcting, sides=session.sides)


async def authorise_first(session: Transaction, write: Write[Any]) -> None:
    """Refuse what the caller may not make before the transaction begins, so that what is refused makes no other writer wait."""
    await session.database.read(
        lambda connection: check_write(connection, session.by, session.today, write), is_quick=True
    )


def check_write(
    connection: Connection,
    by: Caller,
    day: date,
    write: Write[Any],
    *,
    correction: Correction | None = None,
    sides: Sides | None = None,
) -> None:
    """Refuse what a caller may not make of a resource on a day.

    What two sides correct must be words of one of them. Whom an organiser saw was not its own words: any two sides can
    correct that.
    """
    settle_agreement(connection, by, day, write, sides)
    kind, row = write.kind, write.row
    proposed_by_id = None if correction is None else correction.proposed_by_id
    holders = [write.content] if row is None else [write.content, row]
    standing = standing_in(connection, by, day, kind, *holders, proposed_by_id=proposed_by_id, sides=sides)
    change = Difference(write.before if row is not None else None, write.after, defaults_of(kind.create))
    names = list(write.after)
    if row is None and cannot_be_first(write):
        names.remove(kind.state)
    claimed = claims_in(standing, kind, change, names)
    if correction is not None:
        check_party(standing)
        claimed = (claim for claim in claimed if Voice.organiser not in claim[1])
    demand(standing, kind, claimed)


async def authorise_removal(session: Transaction, kind: Kind[Any], row: Any, before: Mapping[str, Any]) -> None:
    """Refuse to delete what holds words that are not the caller's, with Forbidden."""
    standing = await standing_of(session, kind, row)
    named = {name for words in kind.rights.words for name in words.fields}
    names = [name for name in before if name in kind.create.model_fields or name in named]
    defaults = {**dict.fromkeys(named), **defaults_of(kind.create)}
    demand(standing, kind, claims_in(standing, kind, Difference(before, None, defaults), names))


def cannot_be_first(write: Write[Any]) -> bool:
    """Whether its state is one that nothing begins with, whoever says so: that is refused as such."""
    first, state = write.kind.first_states, write.kind.state
    return first is not None and write.after[state] not in first


def claims_in(standing: Standing, kind: Kind[Any], change: Difference, names: Iterable[str]) -> Iterator[Claim]:
    """What a change says: in fields of the resource, and in those of its entries that have owners."""
    owned = {name: child for name, child in kind.lists.items() if child.rights}
    for name, by in claims(kind.rights, kind.state, change, [each for each in names if each not in owned]):
        yield name, by, standing.voices
    for name, child in owned.items():
        yield from claims_in_entries(standing, kind, name, child, change)


def claims_in_entries(
    standing: Standing, kind: Kind[Any], name: str, child: ChildList, change: Difference
) -> Iterator[Claim]:
    """What a change says in the entries of a list; their order is whoever's who writes the resource."""
    before, after = (
        {entry[child.unique]: entry for entry in (content or {}).get(name) or []}
        for content in (change.before, change.after)
    )
    kept = [[key for key in one if key in other] for one, other in ((before, after), (after, before))]
    if kept[0] != kept[1]:
        yield name, kind.rights.by, standing.voices
    for key in {**before, **after}:
        entry = Difference(before.get(key), after.get(key), defaults_of(child.table))
        if child.rights is not None:
            for field, by in claims(child.rights, child.state, entry, entry.now):
                yield f"{name}.{field}", by, standing.voices_in(UUID(entry.now[str(child.owner)]))


def demand(standing: Standing, kind: Kind[Any], claimed: Iterable[Claim]) -> None:
    """Refuse words that are not the caller's, naming them and whose they are."""
    missing: dict[Voices, list[str]] = {}
    for name, by, voices in claimed:
        if not by & voices:
            missing.setdefault(by, []).append(name)
    for by, names in missing.items():
        raise refusal(standing, kind, by, list(dict.fromkeys(names)))


def check_party(standing: Standing) -> None:
    """Refuse whose partner has no say where a resource belongs."""
    if not standing.is_party:
        raise Forbidden("agreement", NO_PARTY)


def check_voice(standing: Standing, kind: Kind[Any]) -> None:
    """Refuse who writes nothing of a resource."""
    if not kind.rights.voices & standing.voices:
        raise refusal(standing, kind, kind.rights.voices)


def check_voice_in(standing: Standing, kind: Kind[Any], child: ChildList, owner: UUID) -> None:
    """Refuse who writes nothing of an owner's entry in a list."""
    if child.rights is not None and not child.rights.voices & standing.voices_in(owner):
        raise refusal(standing, kind, child.rights.voices)


def refusal(standing: Standing, kind: Kind[Any], needed: Voices, names: Sequence[str] = ()) -> Forbidden:
    """Why a caller may not write what these voices write: its role, the agreement, whose it is, or the side it stands on."""
    writers = sorted(needed)
    possible = {voice for voice in writers if standing.has_role_for(voice)}
    if not possible and needed <= {Voice.coordinator, Voice.admin, Voice.operator}:
        return role_needed(min((ROLES[voice] for voice in writers), key=RANKS.__getitem__))
    if not possible:
        return Forbidden("role", whose(kind, writers, names), writers=writers)
    if not standing.is_party:
        return Forbidden("agreement", NO_PARTY)
    is_about_owners = possible <= {Voice.partner, Voice.organiser, Voice.admin}
    return Forbidden("ownership" if is_about_owners else "side", whose(kind, writers, names), writers=writers)


def whose(kind: Kind[Any], writers: Sequence[Voice], names: Sequence[str]) -> Text:
    """Whose words these are."""
    shown = f": {', '.join(names[:FIELDS_NAMED])}" if names else ""
    owner = f" ({kind.owner})" if kind.owner and Voice.partner in writers else ""
    return Text(
        f"Das schreibt nur {' oder '.join(each.label.de for each in writers)}{owner}{shown}.",
        f"Only {' or '.join(each.label.en for each in writers)}{owner} writes this{shown}.",
    )


def settle_agreement(
    connection: Connection, by: Caller, day: date, write: Write[Any], sides: Sides | None = None
) -> None:
    """Say to which agreement something new belongs that does not say it: the one that the caller's partner is a party of."""
    if write.values.get("agreement_id", True) is not None:
        return
    if write.kind.has_subject:
        kind, id = KINDS[write.values["subject_type"]], write.values["subject_id"]
        gone = remains(by, kind, id).with_only_columns(table_of(Subject).c.agreement_id).scalar_subquery()
        home = func.coalesce(home_of(kind, literal(id, Uuid())), gone)
        write.settle(agreement_id=connection.execute(select(home)).scalar_one())
        return
    found = agreements_found(connection, by, day, {} if sides is None else sides)
    if len(found) != 1:
        raise Invalid(errors=[at("agreement_id", code="agreement_required", detail=WHICH)])
    write.settle(agreement_id=found[0])


def agreements_found(connection: Connection, by: Caller, day: date, sides: Sides) -> Sequence[UUID]:
    """Two agreements at most, where there are two, that the caller's partner is a party of on a day."""
    key = (by.partner_id, day)
    if key not in sides:
        asked = {"partner_id": by.partner_id, "day": day}
        sides[key] = connection.execute(selecting_agreements(), asked).scalars().all()
    found: Sequence[UUID] = sides[key]
    return found


async def standing_of(session: Transaction, kind: Kind[Any], *holders: Any) -> Standing:
    """What the caller of a transaction is to a resource, as it is and as it is to be."""
    return await session.over(standing_in, session.by, session.today, kind, *holders, sides=session.sides)


def standing_in(
    connection: Connection,
    by: Caller,
    day: date,
    kind: Kind[Any],
    *holders: Any,
    proposed_by_id: UUID | None = None,
    sides: Sides | None = None,
) -> Standing:
    """What a caller is on a day to what these rows and contents are of a resource, alone or with who proposed it."""
    if by.is_command:
        return Standing(by, frozenset(), None)
    owners = frozenset(owner_of(connection, by, kind, holder) for holder in holders) if kind.owner else frozenset()
    partners = {by.partner_id, proposed_by_id or by.partner_id}
    if sides is None:
        return Standing(by, owners, sides_in(connection, partners, day, kind, *holders), proposed_by_id)
    places = frozenset((name, getattr(holder, name)) for holder in holders for name in kind.belongs_by)
    key = (kind.type, frozenset(partners), day, places)
    if key not in sides:
        sides[key] = sides_in(connection, partners, day, kind, *holders)
    return Standing(by, owners, sides[key], proposed_by_id)


def owner_of(connection: Connection, by: Caller, kind: Kind[Any], holder: Any) -> UUID | None:
    """The owner of a row, or of content that is to be one: where callers do not write it, the caller."""
    if kind.find_owner is not None:
        found: UUID | None = connection.execute(kind.find_owner(holder)).scalar_one_or_none()
        return found
    owner: UUID | None = getattr(holder, str(kind.owner), by.partner_id)
    return owner


def sides_in(
    connection: Connection, partners: Collection[UUID | None], day: date, kind: Kind[Any], *holders: Any
) -> frozenset[Side] | None:
    """The sides on which partners, two at most, stand in all agreements that holders belong to; None for none."""
    homes = dict.fromkeys(homes_of(kind, *holders))
    if not homes:
        return None
    said = {f"home_{number}": id for number, (_, id) in enumerate(homes)}
    one, *others = partners
    asked = {"partner": one, "other": others[0] if others else one, "day": day, **said}
    rows = selecting_sides(kind, tuple(name for name, _ in homes)).all(connection, asked)
    sides: dict[UUID, set[Side]] = {}
    for row in rows:
        sides.setdefault(row.id, set()).update({row.side} - {None})
    return frozenset.intersection(*(frozenset(each) for each in sides.values())) if sides else None


@cache
def selecting_sides(kind: Kind[Any], names: tuple[str, ...]) -> Kept:
    """Selects the agreements that something belongs to by these columns, each with the sides of two partners in it on a day."""
    agreement = table_of(KINDS[AGREEMENT].table)
    homes = [
        home_of(kind_at(table_of(kind.table).c[name]), bindparam(f"home_{number}", type_=Uuid()))
        for number, name in enumerate(names)
    ]
    is_party = and_(
        PARTY.c.agreement_id == agreement.c.id,
        PARTY.c.partner_id.in_([bindparam(name, type_=Uuid()) for name in ("partner", "other")]),
        is_party_on(bindparam("day", type_=Date)),
    )
    selected = select(agreement.c.id, PARTY.c.side).outerjoin(PARTY, is_party)
    return Kept(selected.where(or_(*(agreement.c.id == home for home in homes))))


@cache
def selecting_agreements() -> Select[Any]:
    """Selects two agreements, where there are two, that a partner is a party of on a day."""
    return agreements_of(bindparam("partner_id", type_=Uuid()), bindparam("day", type_=Date)).limit(2)
