"""The pages for people on a large register, on both databases: `python -m benchmarks.pages`."""

import asyncio
import gzip
import json
import time
import urllib.error
import urllib.request

import psutil

from app.settings import Settings
from benchmarks.databases import both_databases
from benchmarks.reports import EVENTS, fill
from benchmarks.servers import REGISTER, server

PORT = 8478
TIMES = 100
PAGES = (
    "/",
    "/consultation-events",
    "/consultation-events?status=planned&level=strategic",
    "/consultation-events?q=Fachgespr%C3%A4ch+4711",
    "/sub-measures",
    "/decisions",
    "/reports/progress",
    "/reports/early-involvement",
    "/reports/exchange",
    "/reports/indicators",
    "/reports/upcoming",
    "/charts/exchange.svg",
)


def ask(path: str, *, etag: str = "", accept: str = "text/html") -> tuple[bytes, str]:
    """The body and the ETag of an answer; none of a page that is unchanged."""
    headers = {"Accept": accept, "Accept-Encoding": "gzip"} | ({"If-None-Match": etag} if etag else {})
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (our own server)
            content = answer.read()
            packed = answer.headers.get("Content-Encoding") == "gzip"
            return gzip.decompress(content) if packed else content, answer.headers.get("ETag", "")
    except urllib.error.HTTPError as error:
        if error.code != 304:  # noqa: PLR2004 (unchanged)
            raise
        return b"", etag


def entry_of(path: str) -> str:
    """The page of the first entry of a list."""
    (first,) = json.loads(ask(f"/v1{path}?limit=1", accept="application/json")[0])["items"]
    return f"{path}/{first['id']}"


def measure(engine: str, process: psutil.Process) -> None:
    """Print the figures of one database."""
    for path in (*PAGES, entry_of("/consultation-events"), entry_of("/decisions")):
        spent = sum(process.cpu_times()[:2])
        body, etag = ask(path)
        first = (sum(process.cpu_times()[:2]) - spent) * 1000
        spent, latencies = sum(process.cpu_times()[:2]), []
        for _ in range(TIMES):
            started = time.perf_counter()
            ask(path)
            latencies.append(time.perf_counter() - started)
        cpu = (sum(process.cpu_times()[:2]) - spent) / TIMES * 1000
        started = time.perf_counter()
        for _ in range(TIMES):
            ask(path, etag=etag)
        unchanged = (time.perf_counter() - started) / TIMES * 1000
        latencies.sort()
        median, worst = latencies[TIMES // 2] * 1000, latencies[TIMES * 99 // 100] * 1000
        print(
            f"| {engine} | {path} | {first:.0f} | {median:.0f} | {worst:.0f} | {cpu:.0f} | {unchanged:.0f} "
            f"| {len(body) / 1024:.0f} |",
            flush=True,
        )


def main() -> None:
    """Measure both databases."""
    print("| database | page | CPU ms when made | ms p50 | ms p99 | CPU ms | ms when unchanged | KiB |")
    print("|---|---|---|---|---|---|---|---|")
    with both_databases() as databases:
        for engine, url, settle in databases:
            settings = Settings(_env_file=None, database_url=url)
            asyncio.run(fill(settings, EVENTS))
            settle()
            with server(REGISTER, PORT, url) as process:
                measure(engine, process)


if __name__ == "__main__":
    main()
