"""docs/connect.md: its tutorials run as they stand, one after the other."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from app.cli.demo import built_in_demo, load_demo
from app.settings import Settings
from docs.generate import ROOT
from tests.processes import REGISTER, environment, free_port, serving, succeed
from tests.test_readme import ADDRESS, BLOCK, fitting, is_shown, parsed

BLOCKS = BLOCK.findall((ROOT / "docs/connect.md").read_text("utf-8"))
RECEIVER, RUNS = "http://127.0.0.1:9000", "python receiver.py"
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105 (an example)


def files() -> dict[str, str]:
    """The programs of the page by their names."""
    programs = (text.partition("\n") for kind, text in BLOCKS if kind == "python")
    return {name.removeprefix("# "): rest for name, _, rest in programs}


def check_shown(kind: str, claimed: str, out: str) -> None:
    """Compare what a command wrote with what the page says."""
    if kind == "http":
        expected = parsed(claimed)
        # A table is no JSON; the page shows of it what it is.
        actual = parsed(out if expected.body is not None else out.partition("\r\n\r\n")[0])
        assert actual.status == expected.status, out
        assert is_shown(expected.headers, actual.headers), out
        assert expected.body is None or is_shown(expected.body, actual.body), out
    elif kind == "json":
        assert is_shown(json.loads(claimed), json.loads(out)), out
    elif kind == "text":
        assert fitting(claimed).fullmatch(out), out
    else:
        assert out == ""


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
async def test_tutorials_show_what_happens(tmp_path: Path) -> None:
    folder, receiving = tmp_path / "demo", free_port()
    folder.mkdir()
    for name, text in files().items():
        (folder / name).write_text(text, "utf-8")
    sandbox = serving(folder, REGISTER_WEBHOOK_ALLOW="127.0.0.0/8", REGISTER_WEBHOOK_KEY="0" * 64)
    async with sandbox as port, AsyncExitStack() as stack:
        await load_demo(Settings(_env_file=None, database_url=f"sqlite:///{folder}/register.db"), built_in_demo())
        here = f"http://127.0.0.1:{port}"
        program = folder / "nightly.py"
        program.write_text(program.read_text("utf-8").replace(ADDRESS, here), "utf-8")
        env = environment(PATH=f"{Path(sys.executable).parent}:{environment()['PATH']}")
        for (kind, text), (next_kind, next_text) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
            if kind == "sh":
                command = text.replace(ADDRESS, here).replace("../.venv/bin/register", REGISTER[0])
                command = command.replace(RECEIVER, f"http://127.0.0.1:{receiving}")
                out = await succeed("sh", "-e", "-c", command, cwd=folder, env=env)
                check_shown("" if RUNS in next_text else next_kind, next_text, out)
            elif RUNS in text:
                receiver = await stack.enter_async_context(running(folder, receiving))
        told = " ping "
        while " ping " in told:
            told = (await asyncio.wait_for(receiver.readline(), 60)).decode()
        assert fitting(BLOCKS[-1][1]).fullmatch(told)


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[asyncio.StreamReader]:
    """What the receiver says, as long as it runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "receiver.py", str(port)),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout
        yield process.stdout
    finally:
        process.kill()
        await process.wait()


async def test_receiver_takes_what_the_library_signed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "receiver.py").write_text(files()["receiver.py"], "utf-8")
    (tmp_path / "webhook.secret").write_text(f"{SECRET}\n", "utf-8")
    port = free_port()
    async with (
        running(tmp_path, port) as out,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        now = datetime.now(UTC)
        wrong = (
            message(now - timedelta(hours=1)),
            message(now) | {"body": "{}"},
            message(now) | {"webhook-signature": "v1"},
        )
        assert await status_of(client, message(now)) == 204
        assert [await status_of(client, sent) for sent in wrong] == [401, 401, 401]
        assert (await out.readline()).decode() == "msg_1 goal.updated {'position': 7}\n"


def message(at: datetime) -> dict[str, str]:
    """A signed message: its headers, and its body."""
    body = json.dumps({"type": "goal.updated", "timestamp": at.isoformat(), "data": {"position": 7}})
    signature = Webhook(SECRET).sign("msg_1", at, body)
    stamp = str(int(at.timestamp()))
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature, "body": body}


async def status_of(client: httpx.AsyncClient, sent: dict[str, Any]) -> int:
    """What the receiver answers to a message; it is asked until it listens."""
    headers = {name: value for name, value in sent.items() if name != "body"}
    for _ in range(100):
        try:
            return (await client.post("/", content=sent["body"], headers=headers)).status_code
        except httpx.ConnectError:
            await asyncio.sleep(0.05)
    raise TimeoutError


def test_programs_are_as_short_as_the_page_says() -> None:
    lines = {name: len(re.findall(r"^(?!\s*(?:\"\"\"|$))", text, re.MULTILINE)) for name, text in files().items()}
    assert lines["nightly.py"] <= 30
    assert lines["receiver.py"] <= 25
