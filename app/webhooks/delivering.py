"""The worker: it brings the feed to each endpoint, in order, until the process is asked to end."""

import asyncio
import logging
import random
import ssl
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.database.errors import DATABASE_ERRORS
from app.places import NoPlace
from app.runtime import Runtime
from app.webhooks.addresses import Resolve, resolved
from app.webhooks.leases import Attempted, LeaseLost, claim, give_all_back, give_back, record
from app.webhooks.messages import ping_of
from app.webhooks.queries import asks_for_all, in_turn
from app.webhooks.reading import Waiting, waiting
from app.webhooks.rules import LEASE, after_failure, after_gone, after_success
from app.webhooks.sending import SECONDS, Sender

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
SECONDS_TO_END = 5.0
MOST_AT_ONCE = 20
MOST_OF_PARTNER = 5
"""To how many endpoints one process delivers at once, and to how many of one partner."""
BATCH = 50
BATCH_BYTES = 1024 * 1024
RECORD_SECONDS = 1.0
"""How much can be delivered again after a crash, and what was hidden meanwhile still be shown: what arrived in this time."""
TURN_SECONDS = 10.0
MOST_PASSED = 1_000
"""How many entries that nobody asked for are passed over before that is written down."""

BUSY = (*DATABASE_ERRORS, PoolTimeout, NoPlace)
"""What a database says that may do better in a moment."""


class Dispatcher:
    """Delivers to many endpoints at once, and to each of them one message after the other."""

    def __init__(self, runtime: Runtime, resolve: Resolve = resolved) -> None:
        self.runtime, self.database, self.resolve = runtime, runtime.database, resolve
        self.tls = ssl.create_default_context()
        self.turns: dict[asyncio.Task[None], UUID] = {}
        self.passed: dict[UUID, tuple[int, int]] = {}

    async def run(self) -> None:
        """Deliver until the process is asked to end."""
        ending, is_alone = self.runtime.ending, self.database.is_sqlite
        while not ending.is_set():
            try:
                if is_alone:
                    await give_all_back(self.database)
                    is_alone = False
                await self.begin_turns()
            except BUSY as error:
                logger.warning("webhooks wait for the database: %s", type(error).__name__)
            except Exception:
                logger.exception("webhooks are not delivered")
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), POLL_SECONDS)
        if self.turns:
            await asyncio.wait(self.turns, timeout=SECONDS_TO_END)
        for turn in self.turns:
            turn.cancel()
        await self.settle()

    async def settle(self) -> None:
        """Wait until every turn that was begun has ended."""
        await asyncio.gather(*self.turns, return_exceptions=True)

    async def begin_turns(self) -> int:
        """Begin to deliver where something waits, and say to how many endpoints."""
        now, today = self.runtime.clock(), self.runtime.today
        count = Counter(self.turns.values())
        busy = [partner for partner, turns in count.items() if turns >= MOST_OF_PARTNER]
        free = MOST_AT_ONCE - count.total()
        if free <= 0:
            return 0
        statement = in_turn(now, today, busy)
        found = await self.database.read(lambda connection: connection.execute(statement).mappings().all())
        wanted: list[UUID] = []
        for endpoint in found:
            room = len(wanted) < free and count[endpoint["partner_id"]] < MOST_OF_PARTNER
            if room and await self.has_something(endpoint):
                wanted.append(endpoint["id"])
                count[endpoint["partner_id"]] += 1
        claimed = await claim(self.database, wanted, now, today) if wanted else []
        for endpoint in claimed:
            turn = asyncio.create_task(self.turn(endpoint))
            self.turns[turn] = endpoint["partner_id"]
            turn.add_done_callback(self.turns.pop)
        return len(claimed)

    async def has_something(self, endpoint: RowMapping) -> bool:
        """Whether an endpoint is to be sent something, or has passed over so much that this is to be written down."""
        if endpoint["ping_id"] is not None or endpoint["replay_until"] is not None or asks_for_all(endpoint):
            return True
        if self.after(endpoint) >= endpoint["end"]:
            return False
        ahead = await self.waiting(endpoint, 1)
        if ahead.messages or ahead.end - endpoint["position"] >= MOST_PASSED:
            return True
        self.passed[endpoint["id"]] = endpoint["version"], ahead.end
        return False

    def after(self, endpoint: RowMapping) -> int:
        """Behind which position there can be something new for an endpoint, as far as this process knows."""
        version, passed = self.passed.get(endpoint["id"], (0, 0))
        position: int = endpoint["position"]
        return max(position, passed) if version == endpoint["version"] else position

    async def waiting(self, endpoint: RowMapping, limit: int) -> Waiting:
        """What an endpoint is to be sent next: first what is delivered once more, then what is new."""
        until = endpoint["replay_until"]
        after = self.after(endpoint) if until is None else endpoint["replay_after"]

        def work(connection: Connection) -> Waiting:
            return waiting(connection, endpoint, after, until, limit, BATCH_BYTES)

        return await self.database.read(work)

    async def turn(self, endpoint: RowMapping) -> None:
        """Deliver what waits for a claimed endpoint, for some seconds; where that fails, the lease lapses."""
        try:
            async with Sender(self.runtime, endpoint, self.tls, self.resolve) as sender:
                await Turn(self, endpoint, sender).take()
        except LeaseLost:
            logger.info("endpoint %s is another's now, or gone", endpoint["id"])
        except BUSY as error:
            logger.warning("a delivery waits for the database: %s", type(error).__name__)
        except Exception:
            # What is wrong with one endpoint is nobody else's; it is tried again when the lease has lapsed.
            logger.exception("a turn at endpoint %s failed", endpoint["id"])


class Turn:
    """One worker's turn at one endpoint."""

    def __init__(self, dispatcher: Dispatcher, endpoint: RowMapping, sender: Sender) -> None:
        self.dispatcher, self.sender = dispatcher, sender
        self.endpoint: Any = dict(endpoint)
        self.loop = asyncio.get_running_loop()
        self.tried: list[Attempted] = []
        self.held_until = self.loop.time() + LEASE.total_seconds()
        self.is_over = False

    async def take(self) -> None:
        """Deliver a ping, then batch after batch, and let the endpoint go."""
        ends = self.loop.time() + TURN_SECONDS
        if self.endpoint["ping_id"] is not None:
            await self.ping()
        while self.endpoint["is_enabled"] and await self.batch():
            if self.loop.time() >= ends or self.dispatcher.runtime.ending.is_set():
                break
        if not self.is_over:
            await give_back(self.dispatcher.database, self.endpoint)

    async def ping(self) -> None:
        """Try the endpoint, once."""
        message = ping_of(self.endpoint["id"], self.endpoint["ping_id"], self.dispatcher.runtime.clock())
        outcome = await self.sender.send(message)
        self.tried.append(Attempted(message, 1, outcome))
        ended = after_gone(outcome, self.dispatcher.runtime.clock()) if self.endpoint["is_enabled"] else {}
        await self.record({"ping_id": None, **ended})

    async def batch(self) -> bool:
        """Deliver some messages; whether to go on."""
        ahead, ending = await self.dispatcher.waiting(self.endpoint, BATCH), self.dispatcher.runtime.ending
        read_at = self.loop.time()
        for message in ahead.messages:
            if self.loop.time() + SECONDS >= self.held_until:
                raise LeaseLost
            outcome = await self.sender.send(message)
            self.tried.append(Attempted(message, self.endpoint["failures"] + 1, outcome))
            if outcome.failure is not None:
                await self.record(self.failed(), is_last=True)
                return False
            self.endpoint |= {"failures": 0, "failing_since": None}
            if ending.is_set() or self.loop.time() - read_at >= RECORD_SECONDS:
                # What was read then may be hidden now.
                return await self.record(self.reached(int(message.position or 0))) and not ending.is_set()
        return await self.record(self.reached(ahead.end), is_last=not ahead.more) and ahead.more

    def reached(self, position: int) -> dict[str, Any]:
        """How far the endpoint is with what it is sent now, which arrived."""
        until = self.endpoint["replay_until"]
        arrived = after_success(self.dispatcher.runtime.clock()) if self.tried else {}
        if until is None:
            return {"position": position, **arrived}
        if position < until:
            return {"replay_after": position, **arrived}
        return {"replay_after": None, "replay_until": None, **arrived}

    def failed(self) -> dict[str, Any]:
        """How far the endpoint is, and when it is tried again."""
        *before, last = self.tried
        reached = self.reached(int(before[-1].message.position or 0)) if before else {}
        chance = random.random()  # noqa: S311 (so that not all try at once)
        now, since = self.dispatcher.runtime.clock(), self.endpoint["failing_since"]
        return {**reached, **after_failure(self.endpoint["failures"], since, last.outcome, now, chance)}

    async def record(self, values: Mapping[str, Any], *, is_last: bool = False) -> bool:
        """Keep how far it is; whether the endpoint is what it was."""
        until = None if is_last else self.dispatcher.runtime.clock() + LEASE
        is_same = await record(self.dispatcher.database, self.endpoint, self.tried, until, values)
        self.is_over = is_last
        self.endpoint |= values
        self.tried = []
        self.held_until = self.loop.time() + LEASE.total_seconds()
        return is_same


async def deliver(runtime: Runtime) -> None:
    """Deliver until the process is asked to end."""
    await Dispatcher(runtime).run()
