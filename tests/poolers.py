"""PgBouncer before a cluster, with as little in its configuration as a beginner writes."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal, get_args

from sqlalchemy.engine import make_url

from tests.processes import free_port

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
Mode = Literal["session", "transaction"]
MODES: tuple[Mode, ...] = get_args(Mode)
MODE = next((mode for mode in MODES if mode == os.environ.get("REGISTER_TEST_POOLER")), None)
"""In which mode a pooler stands before the databases of all tests, if one was asked for."""
ATTEMPTS = 100


@contextmanager
def pooler(url: str, system_user: str | None, mode: str, pool_size: int) -> Iterator[int]:
    """The port of a PgBouncer before the cluster at a URL."""
    assert PGBOUNCER, "pgbouncer is not installed"
    folder, port = Path(mkdtemp(prefix="pb", dir="/tmp")), free_port()
    # Whoever runs it reads what is its own.
    folder.chmod(0o755)
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={make_url(url).query['host']} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = {mode}\ndefault_pool_size = {pool_size}\n",
        "utf-8",
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (Debian's own program)
            [PGBOUNCER, str(folder / "pgbouncer.ini")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=system_user,
        )
    try:
        wait_until_it_listens(port, process)
        yield port
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def wait_until_it_listens(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until somebody can connect."""
    for _ in range(ATTEMPTS):
        assert process.poll() is None, "pgbouncer ended"
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError
