"""The management port, as Prometheus and an orchestrator ask it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app.management import figures
from app.management.routes import state_of
from app.management.state import State, replicas
from app.settings import Settings
from app.upkeep import Verification
from tests.conftest import Templates, client_of, running
from tests.databases import any_database, only_postgresql
from tests.factories import goal_id
from tests.faults.service import Service
from tests.processes import free_port

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scraped(management: httpx.AsyncClient) -> Figures:
    """The figures by name and labels, as prometheus-client's own parser reads them."""
    answer = await management.get("/metrics")
    assert answer.status_code == httpx.codes.OK, answer.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def figure(figures_of: Figures, name: str, **labels: str) -> float:
    """One figure."""
    return figures_of[name, frozenset(labels.items())]


@any_database
@pytest.mark.thorough
async def test_is_one_over_all_processes(settings: Settings, templates: Templates, tmp_path: Path) -> None:
    port = free_port()
    limited = settings.model_copy(update={"rate_limit": 40})
    async with (
        Service(
            limited, templates.keys["admin"], tmp_path, "--workers", "2", REGISTER_MANAGEMENT_PORT=str(port)
        ) as service,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as management,
    ):
        await ask(service)
        found = await scraped(management)
        assert [(await management.get("/readyz")).status_code for _ in range(50)] == [200] * 50
        assert (await management.get("/healthz")).json() == {"status": "ok"}
        assert (await management.get("/v1/goals")).status_code == 404, "nothing of the record is here"
        await service.stop()
    goal = "/v1/goals/{id}"
    assert figure(found, "register_requests_total", method="GET", route=goal, status="200") == 10
    assert figure(found, "register_requests_total", method="PATCH", route=goal, status="200") == 1
    assert figure(found, "register_requests_total", method="GET", route="", status="404") == 1
    assert figure(found, "register_refusals_total", status="401", reason="misspelt") == 1
    assert figure(found, "register_refusals_total", status="429", reason="") > 0
    assert figure(found, "register_request_seconds_count", route=goal) >= 11
    assert figure(found, "register_request_seconds_bucket", route=goal, le="+Inf") >= 11
    assert figure(found, "register_database_up") == 1
    assert figure(found, "register_change_position") > 30
    assert 0 <= figure(found, "register_change_age_seconds") < 300
    assert figure(found, "register_webhook_endpoints", state="enabled") == 0
    assert figure(found, "register_webhook_attempts_lately", result="failed") == 0
    assert figure(found, "register_places_most", places="waiting") == 200, "a hundred in each process"
    assert figure(found, "register_database_connections_most", engine="reading") == 20
    assert figure(found, "register_write_retries_total") == 0


async def ask(service: Service) -> None:
    """Ask for what is there, what is not, without a right, and too often."""
    async with service.client() as client:
        path = f"/v1/goals/{goal_id(1)}"
        assert [(await client.get(path)).status_code for _ in range(10)] == [200] * 10
        changed = await client.patch(path, json={"title": "Gezählt"}, headers={"If-Match": "*"})
        assert changed.status_code == 200
        assert (await client.get("/nowhere")).status_code == 404
        refused = await client.get("/v1/goals", headers={"Authorization": "Bearer x"})
        assert refused.status_code == 401
        while (await client.get("/v1/topics")).status_code != 429:
            pass


async def test_says_what_the_record_is_like(app: FastAPI, client: httpx.AsyncClient) -> None:
    """Whichever database keeps it."""
    runtime = app.state.runtime
    found = told(await state_of(runtime))
    assert figure(found, "register_change_position") == (await client.get("/v1/reports/progress")).json()["position"]
    async with runtime.database.transaction() as session:
        session.add(Verification(id=1, at=runtime.clock() - timedelta(hours=3), position=36, faults=2))
    found = told(await state_of(runtime))
    assert figure(found, "register_verification_faults") == 2
    assert 10_800 <= figure(found, "register_verification_age_seconds") < 11_000


@only_postgresql
async def test_says_whether_the_standby_is_read(settings: Settings) -> None:
    """Here it is the primary itself, which follows."""
    read_url = settings.database_url
    async with running(settings.model_copy(update={"database_read_url": read_url})) as app, client_of(app) as client:
        database = app.state.runtime.database
        while not database.standby.follows:
            assert (await client.get("/v1/goals")).status_code == httpx.codes.OK
        figures.note_use(app.state.runtime)
    assert figures.OWN.get_sample_value("register_standby_readers") == 1
    assert figures.OWN.get_sample_value("register_database_connections_most", {"engine": "standby"})


@only_postgresql
async def test_says_how_far_standbys_are_behind_where_that_may_be_seen(app: FastAPI) -> None:
    """A table of the session stands before the view of PostgreSQL."""
    columns = "application_name text, state text, replay_lag interval"
    async with app.state.runtime.database.transaction() as session:
        await session.execute(text(f"CREATE TEMP TABLE pg_stat_replication ({columns}) ON COMMIT DROP"))
        await session.execute(
            text(
                "INSERT INTO pg_stat_replication VALUES"
                " ('a', 'streaming', '5s'), ('a', 'streaming', '70s'), ('b', 'streaming', NULL), ('c', NULL, NULL)"
            )
        )
        connection = await session.connection()
        [family] = await connection.run_sync(lambda connection: list(replicas(connection)))
    assert {sample.labels["replica"]: sample.value for sample in family.samples} == {"a": 70, "b": 0}


async def test_says_so_when_the_database_is_away(offline: httpx.AsyncClient) -> None:
    transport: Any = offline._transport  # noqa: SLF001 (the app behind the client)
    assert told(await state_of(transport.app.state.runtime)) == {("register_database_up", frozenset()): 0}


def told(state: State) -> Figures:
    """What is told of the record."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in state.collect()
        for sample in family.samples
    }
