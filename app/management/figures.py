"""Figures of a running register, added up over all of its processes.

Where they are kept is said by the environment before this module is loaded, as prometheus-client wants it.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.answered import Answered, answered_of
from app.places import Places
from app.runtime import Runtime

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
REFUSALS = frozenset({401, 403, 429, 503})

# What processes add up is collected from their files; a registry would collect this process's part a second time.
OWN = CollectorRegistry()

requests = Counter(
    "register_requests",
    "Requests that were answered, by the template of their address (empty where there is nothing).",
    ["method", "route", "status"],
    registry=OWN,
)
seconds = Histogram(
    "register_request_seconds",
    "How long answers took, waiting for changes included.",
    ["route"],
    buckets=SECONDS,
    registry=OWN,
)
refusals = Counter(
    "register_refusals",
    "Requests that were refused: without a valid key, without the right, too many, not now; with the reason of the log.",
    ["status", "reason"],
    registry=OWN,
)
retries = Counter(
    "register_write_retries", "Writes that the database rolled back and that were tried again.", registry=OWN
)
connections = Gauge(
    "register_database_connections",
    "Connections to the database that are in use.",
    ["engine"],
    multiprocess_mode="livesum",
    registry=OWN,
)
connections_most = Gauge(
    "register_database_connections_most",
    "Connections to the database that there can be.",
    ["engine"],
    multiprocess_mode="livesum",
    registry=OWN,
)
places_taken = Gauge(
    "register_places_taken",
    "Places that are taken: by who waits for changes, by reads that no index bounds, by files that are made.",
    ["places"],
    multiprocess_mode="livesum",
    registry=OWN,
)
places_most = Gauge(
    "register_places_most", "Places that there are.", ["places"], multiprocess_mode="livesum", registry=OWN
)
standby_readers = Gauge(
    "register_standby_readers",
    "Processes that read from the standby, as it follows the primary.",
    multiprocess_mode="livesum",
    registry=OWN,
)
in_line = Gauge(
    "register_places_in_line", "Requests that wait for a place.", ["places"], multiprocess_mode="livesum", registry=OWN
)


class Counted:
    """ASGI middleware around all that answers: each request is counted once, when it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            # What is passed on to another process is counted there, and what was never begun nowhere.
            if scope["type"] == "http" and answered_of(scope).status:
                count(answered_of(scope))


def count(told: Answered) -> None:
    """Count a request that was answered."""
    route = told.route or ""
    requests.labels(told.method, route, told.status).inc()
    seconds.labels(route).observe(told.seconds)
    if told.status in REFUSALS:
        refusals.labels(told.status, told.refused_for or "").inc()
    if told.tries > 1:
        retries.inc(told.tries - 1)


def note_use(runtime: Runtime) -> None:
    """Note what this process has in use just now."""
    database = runtime.database
    pools = {"reading": database.reader.pool, "writing": database.writer.sync_engine.pool}
    if database.standby is not None:
        pools["standby"] = database.standby.engine.pool
        standby_readers.set(database.standby.follows)
    for engine, pool in pools.items():
        connections.labels(engine).set(pool.checkedout())  # type: ignore[attr-defined]  # both pools count
        connections_most.labels(engine).set(pool.size())  # type: ignore[attr-defined]  # the same
    shared: dict[str, Places] = {"waiting": runtime.waiting, "reading": database.places, "making": runtime.making}
    for name, places in shared.items():
        places_taken.labels(name).set(places.held.total())
        places_most.labels(name).set(places.most)
        in_line.labels(name).set(len(places.line))
