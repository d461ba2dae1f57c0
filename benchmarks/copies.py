"""A register of any size: a thousand events through the rules, the others as their copies at other times.

The database makes the copies itself, in large statements, with its indexes and triggers as they are. They have all that
reading needs, their entries in the log included; its tree knows nothing of them.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Table,
    Uuid,
    case,
    delete,
    insert,
    literal,
    select,
    text,
    update,
)

from app.access.caller import COMMAND
from app.changes.findings import FINDING
from app.changes.log import transaction
from app.changes.models import Change, LogHead, Subject, SubjectAbout
from app.changes.tallies import TALLY, Tallies, add_tallies
from app.consultation_events.models import ConsultationEvent, EventParticipant
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.consultation_events.terms import Attendance, EventStatus
from app.database.engines import Database
from app.database.tables import table_of
from app.partners.models import PartnerCreate
from app.partners.resource import PARTNERS
from app.resources.findings import findings_of, place_of
from app.resources.ids import named_id
from app.resources.kind import Write
from app.resources.rendering import read_lists
from app.resources.tallying import cells_of
from app.resources.text import searchable, sortable
from app.resources.writing import store_many
from app.settings import Settings
from benchmarks import content

TEMPLATES = 1_000
BATCH = 10_000
YEARS = timedelta(hours=100_000)
"""Over how long the events are spread, however many there are: a fifth of it is past."""
FEW = 3
RARE = named_id("benchmark", "partner")
TODAY = datetime.now(UTC).date()
IN_MEMORY = "PRAGMA cache_size = -1500000"
EVENT, PARTICIPANT = table_of(ConsultationEvent), table_of(EventParticipant)
CHANGE, FEED, SUBJECT, ABOUT = table_of(Change), table_of(LogHead), table_of(Subject), table_of(SubjectAbout)
TOLD_APART = ("id", "starts_at", "ends_at", "starts_on", "title", "sort_name", "search_text", "representation")
COPY = Table(
    "copy",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("template_id", Uuid, nullable=False),
    *(Column(name, EVENT.c[name].type) for name in TOLD_APART),
    Column("place", FINDING.c.place.type),
    prefixes=["TEMPORARY"],
)


class Template(NamedTuple):
    """One of the first events: its columns, its lists, and in what it is counted."""

    row: Mapping[str, Any]
    values: Mapping[str, Any]
    cells: Tallies


async def fill(settings: Settings, events: int) -> None:
    """Fill a register; what is over was held, and a partner that is rare organises the last few."""
    await content.fill(settings, TEMPLATES)
    database = Database(settings.database, pool_size=1, pool_timeout=30)
    try:
        async with transaction(database, COMMAND, UTC, content.FIRST) as session:
            partner = PartnerCreate.model_validate({"name": "Selten", "slug": "selten", "kind": "other"})
            await store_many(session, PARTNERS, [Write(PARTNERS, partner)], ids=[RARE])
        async with database.writer.connect() as connection:
            if database.is_sqlite:
                await connection.exec_driver_sql(IN_MEMORY)
                await connection.commit()
            known = await connection.run_sync(templates)
            await connection.commit()
            tallies = Tallies()
            for start in range(TEMPLATES, events, BATCH):
                numbers = range(start, min(start + BATCH, events))
                tallies.update(await connection.run_sync(copy, numbers, events, known))
                await connection.commit()
                if database.is_sqlite:
                    # Who writes on before its log is copied has it grow: by 25 GB for half a million events.
                    driver: Any = (await connection.get_raw_connection()).driver_connection
                    await asyncio.to_thread(driver.end_checkpoint)
            await connection.run_sync(add_tallies, tallies)
            await connection.commit()
        async with database.writer.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"))
    finally:
        await database.close()


def templates(connection: Connection) -> list[Template]:
    """The first events, which are over, as held; there is a place for what tells their copies from them."""
    COPY.create(connection)
    ids = [named_id("benchmark", number) for number in range(TEMPLATES)]
    connection.execute(update(EVENT).where(EVENT.c.id.in_(ids)).values(status=EventStatus.held))
    participants = update(PARTICIPANT).where(PARTICIPANT.c.consultation_event_id.in_(ids))
    connection.execute(participants.values(attendance=Attendance.attended))
    rows = {row["id"]: dict(row) for row in connection.execute(select(EVENT).where(EVENT.c.id.in_(ids))).mappings()}
    lists = read_lists(connection, CONSULTATION_EVENTS, ids)
    known = [{**lists[id], **rows[id]} for id in ids]
    counted = [Tallies(cells_of(CONSULTATION_EVENTS, values)) for values in known]
    connection.execute(delete(TALLY))
    add_tallies(connection, sum(counted, Tallies()))
    return [Template(rows[id], values, cells) for id, values, cells in zip(ids, known, counted, strict=True)]


def copy(connection: Connection, numbers: range, events: int, known: list[Template]) -> Tallies:
    """Add copies, of which those that are ahead are planned; returns what they are counted in."""
    connection.execute(delete(COPY))
    marks = [mark_of_copy(number, known[number % TEMPLATES], YEARS / events) for number in numbers]
    connection.execute(insert(COPY), marks)
    state = case((COPY.c.starts_on < TODAY, EventStatus.held.value), else_=EventStatus.planned.value)
    attendance = case((COPY.c.starts_on < TODAY, Attendance.attended.value), else_=Attendance.accepted.value)
    own = {"status": state, "created_at": COPY.c.starts_at}
    add(connection, EVENT, "id", own | {name: COPY.c[name] for name in TOLD_APART})
    add(connection, FINDING, "resource_id", {"place": COPY.c.place})
    for child in CONSULTATION_EVENTS.lists.values():
        table = table_of(child.table)
        add(connection, table, child.parent, {"attendance": attendance} if table is PARTICIPANT else {})
    add(connection, SUBJECT, "id", {})
    add(connection, ABOUT, "subject_id", {})
    end = connection.execute(select(FEED.c.position)).scalar_one()
    add(connection, CHANGE, "resource_id", {"position": literal(end + 1 - numbers.start) + COPY.c.number})
    connection.execute(update(FEED).values(position=end + len(numbers)))
    give_rare(connection, [number for number in numbers if number >= events - FEW])
    return tallies_of(marks, known)


def mark_of_copy(number: int, template: Template, apart: timedelta) -> dict[str, Any]:
    """What tells a copy from the others."""
    id, starts_at, title = named_id("benchmark", number), content.FIRST + number * apart, f"Fachgespräch {number}"
    row = template.row
    return {
        "number": number,
        "id": id,
        "template_id": row["id"],
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=2),
        "starts_on": starts_at.date(),
        "title": title,
        "sort_name": sortable(title),
        "search_text": row["search_text"].replace(searchable(row["title"]), searchable(title), 1),
        "representation": row["representation"].replace(str(row["id"]), str(id)),
        "place": place_of([starts_at]),
    }


def add(connection: Connection, table: Table, id: str, others: Mapping[str, ColumnElement[Any]]) -> None:
    """Add what a table has of templates for their copies, with other values in some columns."""
    values = {column.name: column for column in table.c} | {id: COPY.c.id, **others}
    rows = select(*values.values()).join_from(COPY, table, table.c[id] == COPY.c.template_id)
    connection.execute(insert(table).from_select([*values], rows))


def tallies_of(marks: list[dict[str, Any]], known: list[Template]) -> Tallies:
    """What copies are counted in."""
    tallies = Tallies()
    for mark in marks:
        day = mark["starts_on"]
        state = EventStatus.held if day < TODAY else EventStatus.planned
        for cell in known[mark["number"] % TEMPLATES].cells:
            tallies[cell._replace(day=day, state=state.value)] += 1
    return tallies


def give_rare(connection: Connection, numbers: list[int]) -> None:
    """Let the rare partner organise some events."""
    for number in numbers:
        id = named_id("benchmark", number)
        connection.execute(update(EVENT).where(EVENT.c.id == id).values(organiser_id=RARE))
        row = dict(connection.execute(select(EVENT).where(EVENT.c.id == id)).mappings().one())
        connection.execute(delete(FINDING).where(FINDING.c.resource_id == id))
        lists = read_lists(connection, CONSULTATION_EVENTS, [id])[id]
        found = findings_of(CONSULTATION_EVENTS, {**lists, **row})
        connection.execute(insert(FINDING), [{**each._asdict(), "resource_id": id} for each in found])
