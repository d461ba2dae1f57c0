"""Load on one address: wrk where it is installed, a plain asyncio client where it is not."""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

CONNECTIONS = 16
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
NONE: Mapping[str, str] = {}


class Load(NamedTuple):
    """What a server bore: requests, requests a second, and the 99th percentile of the latency in milliseconds."""

    requests: int
    per_second: float
    p99: float


def load(url: str, seconds: int, headers: Mapping[str, str] = NONE) -> Load:
    """Send GET requests over a fixed number of connections for some seconds; every answer must be 200, or 304."""
    if wrk := shutil.which("wrk"):
        return load_by_wrk(wrk, url, seconds, headers)
    return asyncio.run(load_by_sockets(url, seconds, headers))


def load_by_wrk(wrk: str, url: str, seconds: int, headers: Mapping[str, str]) -> Load:
    """Let wrk do it."""
    command = [wrk, "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s", "--latency", url]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 (found on the path)
    if "Non-2xx" in output:
        raise RuntimeError(output)
    requests = re.search(r"(\d+) requests in", output)
    per_second = re.search(r"Requests/sec:\s+([\d.]+)", output)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    if not (requests and per_second and p99):
        raise RuntimeError(output)
    return Load(int(requests[1]), float(per_second[1]), float(p99[1]) * UNITS[p99[2]])


async def load_by_sockets(url: str, seconds: int, headers: Mapping[str, str]) -> Load:
    """Keep connections busy from here; slower than wrk, but the same for both servers."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    request = "\r\n".join([*lines, "", ""]).encode()
    until = time.perf_counter() + seconds
    latencies: list[float] = []

    async def keep_busy() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while (started := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 304")):
                raise RuntimeError(head)
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            latencies.append((time.perf_counter() - started) * 1000)
        writer.close()

    await asyncio.gather(*(keep_busy() for _ in range(CONNECTIONS)))
    latencies.sort()
    return Load(len(latencies), len(latencies) / seconds, latencies[len(latencies) * 99 // 100])
