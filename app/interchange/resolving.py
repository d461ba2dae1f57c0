"""From ids of other systems to the register's own."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from app.database.tables import table_of
from app.http.problems import FieldError, at
from app.interchange.bodies import Intake, Pointing
from app.language import Text
from app.resources.external_ids import SubjectExternalId

AT_ONCE = 200
UNKNOWN = Text(
    "Unter dieser Id kennt das Register nichts aus diesem System.",
    "The register knows nothing of that system by this id.",
)

Key = tuple[str, str, str]
"""The kind of a resource, a system, and its id there."""
Known = Mapping[Key, UUID]


class Asked(NamedTuple):
    """A reference by the id of another system: where it stands, in what, and what it names."""

    place: tuple[str | int, ...]
    holder: dict[str, Any]
    pointing: Pointing
    key: Key


def asked(intake: Intake, said: dict[str, Any]) -> Iterator[Asked]:
    """Every reference by the id of another system in what a body says."""
    for pointing in intake.pointings:
        for place, holder in holders(pointing, said):
            target = pointing.target or said.get("subject_type")
            given = holder.get(pointing.instead)
            if target is None or given is None:
                continue
            if pointing.is_list:
                for position, each in enumerate(given):
                    key = (target, each["system"], each["id"])
                    yield Asked((*place, pointing.instead, position), holder, pointing, key)
            else:
                yield Asked((*place, pointing.instead), holder, pointing, (target, given["system"], given["id"]))


def holders(pointing: Pointing, said: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """The objects in which a reference can stand, each with its place."""
    if pointing.among is None:
        yield (), said
        return
    for position, entry in enumerate(said.get(pointing.among) or []):
        yield (pointing.among, position), entry


def known_in(connection: Connection, wanted: Iterable[Key]) -> dict[Key, UUID]:
    """Those of these that there are, with the register's own ids."""
    table = table_of(SubjectExternalId).c
    # Pairs of system and id in one list would lead SQLite through all that the kind has.
    by_system: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind, system, id in set(wanted):
        by_system[kind, system].append(id)
    known: dict[Key, UUID] = {}
    for (kind, system), ids in by_system.items():
        for start in range(0, len(ids), AT_ONCE):
            among = table.id.in_(ids[start : start + AT_ONCE])
            of_system = (table.kind == kind, table.system == system, among)
            rows = connection.execute(select(table.id, table.subject_id).where(*of_system))
            known |= {(kind, system, row.id): row.subject_id for row in rows}
    return known


def with_own_ids(intake: Intake, said: Mapping[str, Any], known: Known) -> tuple[dict[str, Any], list[FieldError]]:
    """What a body says, with the register's own ids alone, and the errors of references to nothing."""
    own: dict[str, Any] = deepcopy(dict(said))
    errors: list[FieldError] = []
    for each in asked(intake, own):
        id, name = known.get(each.key), each.pointing.name
        if id is None:
            errors.append(at(*each.place, code="unknown_reference", detail=UNKNOWN))
        elif each.pointing.is_list:
            each.holder[name] = [*(each.holder.get(name) or []), str(id)]
        elif each.holder.get(name) is not None:
            errors.append(at(*each.place, code="given_twice", detail=given_twice(each.pointing)))
        else:
            each.holder[name] = str(id)
    for pointing in intake.pointings:
        for _, holder in holders(pointing, own):
            holder.pop(pointing.instead, None)
    return own, errors


def given_twice(pointing: Pointing) -> Text:
    """What is wrong with a reference that is given in both ways."""
    return Text(
        f"Bitte nur eines von beiden angeben: {pointing.name} oder {pointing.instead}.",
        f"Please give one of the two: {pointing.name} or {pointing.instead}.",
    )
