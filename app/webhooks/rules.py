"""When an attempt is made again, and when no more."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NamedTuple

from app.webhooks.terms import DisabledBecause, Failure

GIVEN_UP_AFTER = timedelta(days=3)
LONGEST_WAIT = timedelta(days=1)
LEASE = timedelta(seconds=60)
"""How long an endpoint waits for a worker that was killed; no attempt takes as long."""
MINUTE, HOUR = 60, 3_600
WAITS = (5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR)
"""Seconds after the first failed attempt, the second and so on; the last one is repeated."""
JITTER = 0.2


class Outcome(NamedTuple):
    """What became of an attempt."""

    at: datetime
    milliseconds: int
    status: int | None = None
    failure: Failure | None = None
    retry_after: timedelta | None = None


def failure_of(status: int) -> Failure | None:
    """Why an answer with this status is a failure; None for success."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    return Failure.redirect if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST else Failure.status


def wait_before(attempt: int, chance: float) -> timedelta:
    """How long to wait before an attempt after so many that failed; `chance` is from 0 to 1."""
    seconds = WAITS[min(attempt, len(WAITS)) - 1]
    return timedelta(seconds=seconds * (1 + JITTER * (2 * chance - 1)))


def asked_wait(retry_after: str | None, now: datetime) -> timedelta | None:
    """How long a receiver asks to wait (RFC 9110, section 10.2.3), a day at most; None where it asks for nothing."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        seconds = int(retry_after[:6])
        return min(timedelta(seconds=seconds), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    return max(timedelta(), min((until if until.tzinfo else until.replace(tzinfo=UTC)) - now, LONGEST_WAIT))


def after_failure(
    failures: int, failing_since: datetime | None, outcome: Outcome, now: datetime, chance: float
) -> dict[str, Any]:
    """What an endpoint becomes by an attempt that failed, after so many others in a row that did."""
    since = failing_since or outcome.at
    wait = max(wait_before(failures + 1, chance), outcome.retry_after or timedelta())
    values = {"failures": failures + 1, "failing_since": since, "next_attempt_at": now + wait}
    if gone := after_gone(outcome, now):
        return values | gone
    return values | disabled(DisabledBecause.failing, now) if now - since >= GIVEN_UP_AFTER else values


def after_gone(outcome: Outcome, now: datetime) -> dict[str, Any]:
    """What an endpoint becomes whose receiver wants no more, whatever it was sent; nothing by any other outcome."""
    return disabled(DisabledBecause.gone, now) if outcome.status == HTTPStatus.GONE else {}


def disabled(why: DisabledBecause, now: datetime) -> dict[str, Any]:
    """What an endpoint becomes that nothing is delivered to any more."""
    return {"is_enabled": False, "disabled_because": why, "disabled_at": now, "updated_at": now}


def after_success(now: datetime) -> dict[str, Any]:
    """What an endpoint becomes by an attempt that arrived; others that wait have their turn first."""
    return {"failures": 0, "failing_since": None, "next_attempt_at": now}
