"""Figures of the record itself, which are read when they are asked for and are the same for every process."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, case, func, inspect, select, text

from app.changes.models import Change, LogHead
from app.database import table_of
from app.webhooks.queries import DELIVERY, ENDPOINT

LATELY = timedelta(hours=1)
LAG = text("SELECT application_name, extract(epoch FROM replay_lag) FROM pg_stat_replication")


class State(Collector):
    """What is known of the record, for a registry; `up` alone where the database did not answer."""

    def __init__(self, families: list[Metric], *, is_up: bool) -> None:
        up = GaugeMetricFamily("register_database_up", "Whether the database answered.", value=float(is_up))
        self.families = [up, *families]

    def collect(self) -> Iterator[Metric]:
        """The figures."""
        yield from self.families


def read_state(connection: Connection, now: datetime) -> list[Metric]:
    """The figures as they are in the database."""
    head = connection.execute(select(table_of(LogHead).c.position)).scalar_one()
    return [
        GaugeMetricFamily("register_change_position", "Position of the last change.", value=head),
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
        age = (now - at).total_seconds()
        yield GaugeMetricFamily("register_change_age_seconds", "Seconds since the last change.", value=age)


def webhooks(connection: Connection, head: int, now: datetime) -> Iterator[Metric]:
    """Whether changes arrive at the webhook endpoints, whichever process delivers them."""
    counts = select(ENDPOINT.c.is_enabled, func.count(), func.min(ENDPOINT.c.position)).group_by(ENDPOINT.c.is_enabled)
    found = {is_enabled: (count, least) for is_enabled, count, least in connection.execute(counts)}
    endpoints = GaugeMetricFamily("register_webhook_endpoints", "Endpoints of webhooks.", labels=["state"])
    for state, is_enabled in (("enabled", True), ("disabled", False)):
        endpoints.add_metric([state], found.get(is_enabled, (0, None))[0])
    yield endpoints
    behind = head - found[True][1] if True in found else 0
    about = "Changes that the endpoint which is furthest behind has not had."
    yield GaugeMetricFamily("register_webhook_changes_behind", about, value=behind)
    arrived = func.coalesce(func.sum(case((DELIVERY.c.failure.is_(None), 1), else_=0)), 0)
    tried = connection.execute(select(func.count(), arrived).where(DELIVERY.c.at > now - LATELY)).one()
    attempts = GaugeMetricFamily(
        "register_webhook_attempts_lately", "Attempts to deliver in the last hour, as far as kept.", labels=["result"]
    )
    attempts.add_metric(["arrived"], tried[1])
    attempts.add_metric(["failed"], tried[0] - tried[1])
    yield attempts


def replicas(connection: Connection) -> Iterator[Metric]:
    """How far standbys of PostgreSQL are behind, as far as the role may see that (pg_monitor)."""
    if connection.dialect.name != "postgresql":
        return
    lag = GaugeMetricFamily("register_replica_lag_seconds", "Seconds that a standby is behind.", labels=["replica"])
    for name, seconds in connection.execute(LAG):
        if name:
            lag.add_metric([name], float(seconds or 0))
    yield lag


def verification(connection: Connection, now: datetime) -> Iterator[Metric]:
    """What `register verify` found when it was last run, where that is kept."""
    if not inspect(connection).has_table("verification"):
        return
    row = connection.execute(text("SELECT at, faults FROM verification")).mappings().first()
    if row is not None:
        age = (now - moment(row["at"], now)).total_seconds()
        yield GaugeMetricFamily("register_verification_age_seconds", "Seconds since the last verification.", value=age)
        yield GaugeMetricFamily("register_verification_faults", "Faults that it found.", value=row["faults"])


def moment(value: Any, now: datetime) -> datetime:
    """A time of the database, which SQLite keeps as text in UTC."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value).replace(tzinfo=now.tzinfo)
