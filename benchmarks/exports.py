"""The export of 100,000 events in each form, on both databases: `python -m benchmarks.exports`."""

import asyncio
import threading
import time
import urllib.request

import psutil
from sqlalchemy import insert, select

from app.changes.models import Subject
from app.consultation_events.models import ConsultationEvent
from app.database.engines import Database
from app.database.tables import table_of
from app.resources.ids import named_id
from app.settings import Settings
from benchmarks.content import fill
from benchmarks.databases import both_databases
from benchmarks.servers import REGISTER, server

PORT = 8476
WRITTEN, TIMES = 1_000, 100
SECONDS = 1_200
MIB = 2**20
FORMS = ("jsonl", "csv", "csv?dialect=excel-de", "xlsx?language=de")


async def multiply(settings: Settings) -> None:
    """Add copies of the events that were written; the record does not know of them."""
    database = Database(settings.database, pool_size=1, pool_timeout=30)
    event, subject = table_of(ConsultationEvent), table_of(Subject)
    try:
        async with database.transaction() as session:
            rows = [dict(row) for row in (await session.execute(select(event))).mappings()]
            known = [dict(row) for row in (await session.execute(select(subject).limit(1))).mappings()]
        for time in range(1, TIMES):
            ids = {row["id"]: named_id("benchmark copy", time, row["id"]) for row in rows}
            copies = [
                {
                    **row,
                    "id": ids[row["id"]],
                    "representation": row["representation"].replace(str(row["id"]), str(ids[row["id"]])),
                }
                for row in rows
            ]
            subjects = [{**known[0], "kind": event.name, "id": id} for id in ids.values()]
            async with database.transaction() as session:
                await session.execute(insert(subject), subjects)
                await session.execute(insert(event), copies)
    finally:
        await database.close()


class Peak(threading.Thread):
    """Notes the most memory that a process has had, until it is told to stop."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__()
        self.process, self.most = process, 0
        self.stopped = threading.Event()

    def run(self) -> None:
        """Look often."""
        while not self.stopped.wait(0.02):
            self.most = max(self.most, self.process.memory_info().rss)


def download(form: str) -> tuple[float, float, int]:
    """The seconds until the first byte and until the last one, and how many there are."""
    started, size = time.perf_counter(), 0
    address = f"http://127.0.0.1:{PORT}/v1/exports/consultation-events.{form}"
    with urllib.request.urlopen(address, timeout=SECONDS) as answer:
        first = time.perf_counter() - started
        while part := answer.read(MIB):
            size += len(part)
    return first, time.perf_counter() - started, size


def measure(engine: str, process: psutil.Process) -> None:
    """Print the figures of one database."""
    download("csv?starts_at_before=2024-09-03T00:00:00Z")
    for form in FORMS:
        before, peak = process.memory_info().rss, Peak(process)
        spent = sum(process.cpu_times()[:2])
        peak.start()
        first, whole, size = download(form)
        peak.stopped.set()
        peak.join()
        spent = sum(process.cpu_times()[:2]) - spent
        more = (peak.most - before) / MIB
        print(
            f"| {engine} | {form} | {first:.1f} | {whole:.1f} | {spent:.1f} | {size / MIB:.0f} | {more:+.0f} |",
            flush=True,
        )


def main() -> None:
    """Measure both databases."""
    print(
        "| database | form | s to the first byte | s in all | s of CPU | MiB | MiB of memory more |\n|---|---|---|---|---|---|---|"
    )
    with both_databases() as databases:
        for engine, url, settle in databases:
            settings = Settings(_env_file=None, database_url=url)
            asyncio.run(fill(settings, WRITTEN))
            asyncio.run(multiply(settings))
            settle()
            with server(REGISTER, PORT, url) as process:
                measure(engine, process)


if __name__ == "__main__":
    main()
