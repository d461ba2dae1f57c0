"""Figures of the record itself, which are read when they are asked for and are the same for every process."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, case, func, select, text

from app.changes.models import Change, LogHead
from app.database.tables import table_of
from app.upkeep import Verification
from app.webhooks.queries import DELIVERY, ENDPOINT

STATE: Mapping[str, str] = {
    "register_database_up": "Whether the database answered; the figures of the record are there if it did.",
    "register_change_position": "Position of the last change.",
    "register_change_age_seconds": "Seconds since the last change.",
    "register_webhook_endpoints": "Endpoints of webhooks, by their state.",
    "register_webhook_changes_behind": "Changes that the endpoint which is furthest behind has not had.",
    "register_webhook_attempts_lately": "Attempts to deliver in the last hour, by their result, as far as they are kept.",
    "register_replica_lag_seconds": "Seconds that a standby of PostgreSQL is behind; of several with one name, the last of them.",
    "register_verification_age_seconds": "Seconds since `register verify` was last run.",
    "register_verification_faults": "Faults that it found.",
}
"""The figures and what they say."""

LATELY = timedelta(hours=1)
# Who may not see how far a standby is behind is not told its state either.
LAG = text(
    "SELECT application_name, extract(epoch FROM max(coalesce(replay_lag, '0'))) FROM pg_stat_replication"
    " WHERE state IS NOT NULL GROUP BY application_name"
)
VERIFICATION = table_of(Verification).c


class State(Collector):
    """What is known of the record, for a registry; nothing but that the database is away where it did not answer."""

    def __init__(self, families: list[Metric], *, is_up: bool) -> None:
        self.families = [gauge("register_database_up", float(is_up)), *families]

    def collect(self) -> Iterator[Metric]:
        """The figures."""
        yield from self.families


def gauge(name: str, value: float | None = None, **by: Mapping[str, float]) -> GaugeMetricFamily:
    """One of the figures: a value, or values by a label."""
    if not by:
        return GaugeMetricFamily(name, STATE[name], value=value)
    [(label, values)] = by.items()
    family = GaugeMetricFamily(name, STATE[name], labels=[label])
    for each, number in values.items():
        family.add_metric([each], number)
    return family


def read_state(connection: Connection, now: datetime) -> list[Metric]:
    """The figures as they are in the database."""
    head = connection.execute(select(table_of(LogHead).c.position)).scalar_one()
    return [
        gauge("register_change_position", head),
        *last_change(connection, head, now),
        *webhooks(connection, head, now),
        *replicas(connection),
        *verification(connection, now),
    ]


def last_change(connection: Connection, head: int, now: datetime) -> Iterator[Metric]:
    """How long ago something was changed."""
    change = table_of(Change).c
    at = connection.execute(select(change.at).where(change.position == head)).scalar()
    if at is not None:
        yield gauge("register_change_age_seconds", (now - at).total_seconds())


def webhooks(connection: Connection, head: int, now: datetime) -> Iterator[Metric]:
    """Whether changes arrive at the webhook endpoints, whichever process delivers them."""
    counts = select(ENDPOINT.c.is_enabled, func.count(), func.min(ENDPOINT.c.position)).group_by(ENDPOINT.c.is_enabled)
    found = {is_enabled: (count, least) for is_enabled, count, least in connection.execute(counts)}
    enabled, least = found.get(True, (0, head))
    disabled, _ = found.get(False, (0, head))
    yield gauge("register_webhook_endpoints", state={"enabled": enabled, "disabled": disabled})
    yield gauge("register_webhook_changes_behind", head - least)
    failed = func.coalesce(func.sum(case((DELIVERY.c.failure.is_not(None), 1), else_=0)), 0)
    tried, lost = connection.execute(select(func.count(), failed).where(DELIVERY.c.at > now - LATELY)).one()
    yield gauge("register_webhook_attempts_lately", result={"arrived": tried - lost, "failed": lost})


def replicas(connection: Connection) -> Iterator[Metric]:
    """How far standbys of PostgreSQL are behind, as far as the role may see that (pg_monitor)."""
    if connection.dialect.name == "postgresql":
        lag = {name: float(seconds) for name, seconds in connection.execute(LAG) if name}
        yield gauge("register_replica_lag_seconds", replica=lag)


def verification(connection: Connection, now: datetime) -> Iterator[Metric]:
    """What `register verify` found when it was last run."""
    row = connection.execute(select(VERIFICATION.at, VERIFICATION.faults)).one_or_none()
    if row is not None:
        yield gauge("register_verification_age_seconds", (now - row.at).total_seconds())
        yield gauge("register_verification_faults", row.faults)
