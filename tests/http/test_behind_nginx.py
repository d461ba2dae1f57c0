"""The service behind a real nginx that compresses, as many cities will run it."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from tests.conftest import Templates
from tests.databases import any_database
from tests.factories import goal_id
from tests.faults.service import Service
from tests.processes import free_port

NGINX = shutil.which("nginx") or ""
PATIENCE = 20
# nginx weakens ETags when it compresses, and keeps back what it compresses, if nothing tells it otherwise.
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/errors;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    gzip_proxied any;
    gzip_min_length 1;
    gzip_types application/json application/problem+json text/csv text/event-stream;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{service};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""
GOAL = f"/v1/goals/{goal_id(1)}"

# A proxy sees no database.
pytestmark = [
    pytest.mark.skipif(not NGINX, reason="there is no nginx on this machine"),
    any_database,
]


@pytest.fixture
async def client(settings: Settings, templates: Templates, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """An admin's client of nginx, which stands before the service."""
    async with Service(settings, templates.keys["admin"], tmp_path) as service:
        port = free_port()
        configuration = tmp_path / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(folder=tmp_path, port=port, service=service.port), "utf-8")
        process = await asyncio.create_subprocess_exec(
            NGINX, "-p", str(tmp_path), "-c", str(configuration), stderr=asyncio.subprocess.DEVNULL
        )
        headers = {"Authorization": f"Bearer {service.key}"}
        try:
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, timeout=PATIENCE
            ) as client:
                await until_it_listens(client, process)
                yield client
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), PATIENCE)


async def until_it_listens(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    """Ask until nginx answers."""
    for _ in range(200):
        assert process.returncode is None, "nginx ended"
        try:
            assert (await client.get("/healthz")).status_code == httpx.codes.OK
        except httpx.ConnectError:
            await asyncio.sleep(0.02)
        else:
            return
    raise TimeoutError


async def test_versions_and_changes_pass_nginx(client: httpx.AsyncClient) -> None:
    """One test for all: to start both takes longer than to ask them."""
    await check_that_a_weakened_tag_is_one(client)
    await check_that_events_are_not_held_back(client)
    await check_that_waiting_is_answered(client)


async def check_that_a_weakened_tag_is_one(client: httpx.AsyncClient) -> None:
    """What nginx makes of an ETag is good for every precondition, until the version changes."""
    read = await client.get(GOAL)
    assert (read.headers["content-encoding"], read.headers["etag"]) == ("gzip", 'W/"1"')
    tag = read.headers["etag"]
    assert (await client.get(GOAL, headers={"If-None-Match": tag})).status_code == 304
    assert (await client.get(GOAL, headers={"If-Match": tag})).json() == read.json()
    changed = await client.patch(GOAL, json={"title": "Durch nginx"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.headers["etag"], changed.json()["version"]) == (200, 'W/"2"', 2)
    stale = await client.patch(GOAL, json={"title": "Zu spät"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["current_etag"]) == (412, '"2"')
    assert (await client.get(GOAL, headers={"If-None-Match": tag})).json()["title"] == "Durch nginx"


async def check_that_events_are_not_held_back(client: httpx.AsyncClient) -> None:
    """Each event comes when it happens, the comment before it too, with gzip between."""
    newest = (await client.get("/v1/changes", params={"limit": 500})).json()["next_cursor"]
    async with client.stream("GET", "/v1/changes/stream", params={"cursor": newest}) as stream:
        assert stream.headers["content-encoding"] == "gzip"
        lines = stream.aiter_lines()
        assert (await asyncio.wait_for(anext(lines), PATIENCE)).startswith(":")
        changed = await change(client, "Im Strom")
        data = ""
        while not data.startswith("data: "):
            data = await asyncio.wait_for(anext(lines), PATIENCE)
        assert json.loads(data.removeprefix("data: "))["data"] == changed


async def check_that_waiting_is_answered(client: httpx.AsyncClient) -> None:
    """Who waits is answered when there is something, not at the end of the time."""
    newest = (await client.get("/v1/changes", params={"limit": 500})).json()["next_cursor"]
    waiting = asyncio.create_task(client.get("/v1/changes", params={"cursor": newest, "wait": PATIENCE - 5}))
    changed = await change(client, "Beim Warten")
    answer = await asyncio.wait_for(waiting, PATIENCE - 10)
    assert [each["data"] for each in answer.json()["items"]] == [changed]


async def change(client: httpx.AsyncClient, title: str) -> object:
    """Change the goal, whatever its version is, and return it."""
    answer = await client.patch(GOAL, json={"title": title}, headers={"If-Match": "*"})
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer.json()
