"""Several processes that do the same: one that crashes is started again, all end together."""

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable
from types import FrameType

logger = logging.getLogger(__name__)

ENDING = (signal.SIGTERM, signal.SIGINT)
SECONDS_BETWEEN = 1.0
"""Who crashes at its start is not started again and again without a pause."""


class Workers:
    """Processes forked from this one, each with the number of its place.

    `work` gets that, and a file that ends when this process does; `gone` the number of each process that ended.

    Nothing may be connected and no thread may run before: they would be shared.
    """

    def __init__(self, count: int, work: Callable[[int, int], None], gone: Callable[[int], None] | None = None) -> None:
        self.count, self.work, self.gone = count, work, gone
        self.places: dict[int, int] = {}
        self.is_ending = False
        self.watched, self.held = os.pipe()

    def run(self) -> None:
        """Work until all are asked to end."""
        for each in ENDING:
            signal.signal(each, self.end)
        for place in range(self.count):
            self.start(place)
        while self.places:
            pid, status = os.wait()
            place = self.places.pop(pid)
            if self.gone:
                self.gone(pid)
            if not self.is_ending:
                code = os.waitstatus_to_exitcode(status)
                logger.error("a worker ended and is started again", extra={"worker": place, "code": code})
                time.sleep(SECONDS_BETWEEN)
                self.start(place)

    def start(self, place: int) -> None:
        """Start the worker of a place, unless all are to end."""
        # A signal that comes between the fork and its entry in `places` would reach one of both only.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        if not self.is_ending:
            pid = os.fork()
            if pid == 0:
                self.become(place)
            self.places[pid] = place
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

    def become(self, place: int) -> None:
        """Be a worker, to the end of the process."""
        code = 1
        try:
            os.close(self.held)
            # What a terminal sends to all of them is for the first process to pass on.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            self.work(place, self.watched)
            code = 0
        except BaseException:  # noqa: BLE001 (nothing of the first process may go on in this one)
            traceback.print_exc()
        finally:
            os._exit(code)

    def end(self, _sign: int, _frame: FrameType | None) -> None:
        """Ask all to end."""
        self.is_ending = True
        for pid in self.places:
            os.kill(pid, signal.SIGTERM)
