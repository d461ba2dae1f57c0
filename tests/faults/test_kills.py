"""kill -9 of the real process in the middle of concurrent writes."""

import asyncio
import logging
import os
import random

import pytest

from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.conftest import Templates
from tests.faults.clients import WRITERS, Reader, Writer, check_feed
from tests.faults.service import Service

pytestmark = pytest.mark.thorough

logger = logging.getLogger(__name__)

ROUNDS = int(os.environ.get("REGISTER_SOAK_ROUNDS", "2"))
SECONDS_FOR_WRITES = 60


async def write_until_killed(service: Service, writers: list[Writer], acknowledged: int) -> None:
    """Let all write at once, and kill the process when so many writes more are acknowledged."""
    before = sum(len(writer.written) for writer in writers)
    reached, killed = asyncio.Event(), asyncio.Event()

    async def keep_writing(writer: Writer) -> None:
        async with service.client() as client:
            while not killed.is_set() and not writer.unknown:
                await writer.write(client)
                if sum(len(each.written) for each in writers) >= before + acknowledged:
                    reached.set()

    async def kill() -> None:
        try:
            await asyncio.wait_for(reached.wait(), SECONDS_FOR_WRITES)
            await service.kill()
        finally:
            killed.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(kill())
        for writer in writers:
            group.create_task(keep_writing(writer))


async def test_loses_nothing_and_doubles_nothing(service: Service, settings: Settings, templates: Templates) -> None:
    choice = random.Random(templates.engine)  # noqa: S311 (where the kills fall)
    writers = [Writer(f"writer-{number}") for number in range(WRITERS)]
    reader, ended = Reader(), asyncio.Event()
    lost_answers = 0
    async with service.client() as following:
        polling = asyncio.create_task(reader.follow(following, ended, limit=20))
        try:
            for _ in range(ROUNDS):
                await write_until_killed(service, writers, choice.randint(1, 30))
                lost_answers += sum(len(writer.unknown) for writer in writers)
                await service.start()
                async with service.client() as client:
                    await asyncio.gather(*(writer.settle(client) for writer in writers))
                assert (await verify_and_note(settings)).faults == []
        finally:
            ended.set()
            await polling
        await reader.catch_up(following)
        again = Reader()
        await again.catch_up(following)
    check_feed(reader.changes, writers)
    assert again.changes == reader.changes
    assert lost_answers >= ROUNDS
    logger.info(
        "%d kills, %d writes, %d answers lost, %d creations among them carried out before",
        ROUNDS,
        sum(len(writer.written) for writer in writers),
        lost_answers,
        sum(writer.replayed for writer in writers),
    )
