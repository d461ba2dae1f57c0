"""Reads of the register beside the same reads by a bare driver, on both databases: `make bench`."""

import asyncio
import sys
from typing import NamedTuple

import psutil

from app.resources.ids import named_id
from app.settings import Settings
from benchmarks.content import fill
from benchmarks.databases import both_databases
from benchmarks.load import Load, load
from benchmarks.servers import REGISTER, server

REGISTER_PORT, BARE_PORT = 8471, 8472
EVENT = named_id("benchmark", 12_345)
PARTNER = named_id("partners", "caritas-dresden")


class Read(NamedTuple):
    """One kind of read: where the register answers it and where the bare driver does."""

    name: str
    register: str
    bare: str


READS = (
    Read("one event", f"/v1/consultation-events/{EVENT}", f"/one/{EVENT}"),
    Read("50 events of a partner", f"/v1/consultation-events?partner_id={PARTNER}", f"/many?partner_id={PARTNER}"),
)


def measure(process: psutil.Process, url: str) -> tuple[Load, float]:
    """The load that a server bore, and the milliseconds of CPU that it spent on a request."""
    load(url, seconds=1)
    before = process.cpu_times()
    result = load(url, seconds=5)
    after = process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    return result, spent * 1000 / result.requests


def compare(engine: str, database_url: str) -> None:
    """Measure both servers on one database and print a line for each kind of read."""
    bare_command = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--port", str(BARE_PORT), "--no-access-log"]
    with (
        server(REGISTER, REGISTER_PORT, database_url) as register,
        server(bare_command, BARE_PORT, database_url) as bare,
    ):
        for read in READS:
            ours, our_cpu = measure(register, f"http://127.0.0.1:{REGISTER_PORT}{read.register}")
            theirs, their_cpu = measure(bare, f"http://127.0.0.1:{BARE_PORT}{read.bare}")
            print(
                f"| {engine} | {read.name} | {ours.per_second:.0f} | {ours.p99:.1f} | {our_cpu:.2f} "
                f"| {theirs.per_second:.0f} | {theirs.p99:.1f} | {their_cpu:.2f} "
                f"| {ours.per_second / theirs.per_second:.2f} | {our_cpu / their_cpu:.2f} |",
                flush=True,
            )


def main() -> None:
    """Fill both databases and compare."""
    print(
        "| database | read | requests/s | p99 ms | CPU ms | bare requests/s | p99 ms | CPU ms | requests/s ratio | CPU ratio |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    with both_databases() as databases:
        for engine, url, settle in databases:
            asyncio.run(fill(Settings(_env_file=None, database_url=url)))
            settle()
            compare(engine, url)


main()
