"""The servers that are measured, as processes of their own."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

REGISTER = [sys.executable, "-c", "from app.cli import main; main()", "serve"]


@contextmanager
def server(command: list[str], port: int, database_url: str) -> Iterator[psutil.Process]:
    """A server process that answers."""
    environment = {
        **os.environ,
        "REGISTER_DATABASE_URL": database_url,
        "REGISTER_RATE_LIMIT": "2000000000",
        "REGISTER_PORT": str(port),
        "REGISTER_LOG_LEVEL": os.environ.get("REGISTER_LOG_LEVEL", "info"),
    }
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603 (our own servers)
        try:
            wait_for(port)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def wait_for(port: int) -> None:
    """Wait until a server listens."""
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"no server on port {port}")
