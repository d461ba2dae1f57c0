"""What a list costs as the register grows: every documented filter of every kind, alone and two at a time.

`python -m benchmarks.lists [events ...]` fills a register of each kind of database with so many events and prints how many
milliseconds of CPU a page takes to be found, those of PostgreSQL's own process included, the least of five: for a value that
much has, for one that little or nothing has, and with the total of all that match.
"""

import argparse
import asyncio
import itertools
import json
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Enum, Select, UnaryExpression, func, literal, select, text

from app.access.caller import ANONYMOUS, COMMAND
from app.catalogue import FEATURES, Feature
from app.consultation_events.models import EventGoal
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.database.engines import Database
from app.database.tables import table_of
from app.resources.findings import values_at
from app.resources.lists import PAGING, ListQuery
from app.resources.paging import MOST_COUNTED
from app.resources.reading import find_page
from app.settings import Settings
from benchmarks import content, copies
from benchmarks.databases import both_databases

SIZES = (1_000, 100_000)
ROUNDS = 5


def samples(connection: Connection, feature: Feature) -> Iterator[tuple[str, Any, Any]]:
    """Each filter of a list with a value that much has, and with one that little or nothing has."""
    kind = feature.kind
    table = table_of(kind.table)
    row = connection.execute(select(table).order_by(table.c.id).limit(1)).mappings().first()
    said = {} if row is None else json.loads(row["representation"])
    goal = connection.execute(
        select(table_of(EventGoal).c.goal_id).order_by(table_of(EventGoal).c.goal_id).limit(1)
    ).scalar()
    for name in sorted(feature.query.model_fields.keys() - PAGING):
        column, _, bound = name.rpartition("_")
        if name == "q":
            yield name, "fach", "zzz"
        elif bound in ("from", "before") and column in table.c:
            ends = [end_of(connection, order) for order in (table.c[column].asc(), table.c[column].desc())]
            yield name, *(ends if bound == "from" else ends[::-1])
        elif name in kind.found_through:
            values = [value for path in kind.found_through[name] if said for value in values_at(said, path)]
            yield name, values[:1], [copies.RARE if name == "partner_id" else strange(values[:1])]
        elif name in table.c and isinstance(terms := table.c[name].type, Enum):
            counts = {term: connection.execute(few(table.c[name] == term)).scalar_one() for term in terms.enums}
            ranked = sorted(counts, key=lambda value: counts[value])
            yield name, [ranked[-1]], [ranked[0]]
        else:
            values = [{"agreement_id": content.AGREEMENT, "goal_id": goal}.get(name, said.get(name))]
            yield name, [each for each in values if each is not None], [strange(values)]


def end_of(connection: Connection, order: UnaryExpression[Any]) -> Any:
    """The first or the last value of a column, by its index: of both at once SQLite would look at every row."""
    column = order.element
    return connection.execute(select(column).where(column.is_not(None)).order_by(order).limit(1)).scalar()


def few(condition: ColumnElement[bool]) -> Select[Any]:
    """How many rows there are with a value, as far as that tells what much has."""
    rows = select(literal(1).label("one")).where(condition).limit(MOST_COUNTED)
    return select(func.count()).select_from(rows.subquery())


def all_samples(connection: Connection, feature: Feature) -> list[tuple[str, Any, Any]]:
    """All of them, read at once."""
    return list(samples(connection, feature))


def strange(values: list[Any]) -> Any:
    """A value like these that nothing has."""
    return values[0] + 1_000 if values and isinstance(values[0], int) else UUID(int=random.getrandbits(128), version=4)


def asked(feature: Feature, **values: Any) -> ListQuery | None:
    """What a list is asked for; None where the contract refuses the value."""
    try:
        return feature.query.model_validate(values)
    except ValueError:
        return None


def milliseconds(connection: Connection, feature: Feature, wanted: ListQuery, caller: Any) -> float:
    """How long a page takes to be found: the least of some rounds."""
    clock, found = clock_of(connection), []
    for _ in range(ROUNDS):
        begin = clock()
        find_page(connection, caller, feature.kind, wanted)
        found.append(clock() - begin)
        if found[-1] > 1:
            break
    return min(found) * 1000


def clock_of(connection: Connection) -> Callable[[], float]:
    """How much CPU what is asked has taken so far, in seconds: SQLite works in this thread, PostgreSQL in a process of its own."""
    if connection.dialect.name == "sqlite":
        return time.thread_time
    # Its helpers are other processes.
    connection.execute(text("SET max_parallel_workers_per_gather = 0"))
    spent = Path(f"/proc/{connection.execute(text('SELECT pg_backend_pid()')).scalar_one()}/schedstat")
    return lambda: time.thread_time() + int(spent.read_text().split()[0]) / 1e9


async def measure(database: Database, engine: str, events: int) -> None:
    """Print a line for each filter of each list, and one for each of the two that together take longest."""
    for feature in (each for each in FEATURES if each.kind.within is None):
        known = await database.read(partial(all_samples, feature=feature))
        for name, much, little in known:
            asking = ({name: much}, {name: little}, {name: much, "include_total": True})
            cells = [await database.read(partial(cell, feature=feature, values=values)) for values in asking]
            print(f"| {engine} | {events:,} | {feature.kind.path} | {name} | {' | '.join(cells)} |", flush=True)
        if feature.kind is CONSULTATION_EVENTS:
            pairs = {}
            for one, other in itertools.permutations(known, 2):
                wanted = asked(feature, **{one[0]: one[1], other[0]: other[2]})
                if wanted is not None:
                    asking_both = partial(milliseconds, feature=feature, wanted=wanted, caller=ANONYMOUS)
                    pairs[f"{one[0]} and little {other[0]}"] = await database.read(asking_both)
            for name in sorted(pairs, key=lambda name: -pairs[name])[:5]:
                print(f"| {engine} | {events:,} | {feature.kind.path} | {name} | | {pairs[name]:.1f} | |", flush=True)


def cell(connection: Connection, feature: Feature, values: dict[str, Any]) -> str:
    """How long a list takes, for callers without a key and for those who see all."""
    wanted = asked(feature, **values)
    if wanted is None:
        return ""
    return " / ".join(f"{milliseconds(connection, feature, wanted, caller):.1f}" for caller in (ANONYMOUS, COMMAND))


async def grow(url: str, engine: str, events: int) -> None:
    """Fill a register where it is not, and measure it."""
    settings = Settings(_env_file=None, database_url=url)
    database = Database(settings.database, pool_size=2, pool_timeout=30)
    try:
        await copies.fill(settings, events)
        await measure(database, engine, events)
    finally:
        await database.close()


def main() -> None:
    """Fill registers and measure them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", type=int, nargs="*", default=SIZES)
    for events in parser.parse_args().events:
        with both_databases() as databases:
            for engine, url, _ in databases:
                asyncio.run(grow(url, engine, events))


if __name__ == "__main__":
    main()
