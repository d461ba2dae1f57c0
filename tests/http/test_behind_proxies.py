"""The service behind a real nginx and a real HAProxy, set up as the examples in the docs say: below a path, with TLS and gzip."""

import asyncio
import json
import re
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
from tests.processes import free_port, run
from tests.proxies import CERTIFICATE, HAPROXY, NGINX, PREFIX, Proxy, client_at, passing

CURL = shutil.which("curl") or ""
PATIENCE = 20
GOAL = f"/v1/goals/{goal_id(1)}"
ADDRESS = re.compile(r'(?:href|src)="(/[^"]*)"')

# A proxy sees no database.
pytestmark = [pytest.mark.thorough, any_database]


@pytest.fixture(params=[NGINX, HAPROXY], ids=["nginx", "haproxy"])
async def client(
    request: pytest.FixtureRequest, settings: Settings, templates: Templates, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """An admin's client of the proxy, which stands before the service."""
    proxy: Proxy = request.param
    if not proxy.program:
        pytest.skip(f"what {proxy.example} is for is not on this machine")
    management = free_port()
    async with (
        Service(settings, templates.keys["admin"], tmp_path, REGISTER_MANAGEMENT_PORT=str(management)) as service,
        passing(proxy, tmp_path, service.port, management) as address,
        client_at(address, tmp_path, service.key) as client,
    ):
        yield client


async def test_all_passes_a_proxy(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """One test for all: to start both takes longer than to ask them."""
    await check_that_a_weakened_tag_is_one(client)
    await check_that_events_are_not_held_back(client)
    await check_that_waiting_is_answered(client)
    await check_that_addresses_lead_back(client)
    await check_that_heads_have_limits(client)
    if CURL:
        await check_http_2(client, tmp_path)


async def check_that_addresses_lead_back(client: httpx.AsyncClient) -> None:
    """What is told begins with the path below which the proxy has the register; nothing is compressed twice."""
    base = str(client.base_url).rstrip("/")
    origin = base.removesuffix(PREFIX)
    made = await client.post("/v1/calendar-feeds", json={})
    assert made.headers["location"].startswith(f"{PREFIX}/v1/calendar-feeds/")
    assert made.json()["url"].startswith(f"{base}/v1/calendar-feeds/")
    assert (await client.get(made.json()["url"])).text.startswith("BEGIN:VCALENDAR")
    contract = await client.get("/openapi.json")
    assert contract.headers["content-encoding"] == "gzip"
    assert contract.json()["servers"][0]["url"] == f"{PREFIX}/v1"
    missing = (await client.get("/v1/goals/nothing")).json()
    assert missing["type"].startswith(f"{PREFIX}/problems/")
    assert (await client.get(f"{origin}{missing['type']}")).status_code == 200
    page = await client.get("/goals", headers={"Accept": "text/html"})
    links = ADDRESS.findall(page.text)
    assert all(link.startswith(f"{PREFIX}/") for link in links)
    for link in links[:12]:
        assert (await client.get(f"{origin}{link.replace('&amp;', '&')}")).status_code == 200, link
    led = await client.get(f"{origin}{PREFIX}")
    assert (led.status_code, led.headers["location"].removeprefix(origin)) == (308, f"{PREFIX}/")


async def check_that_heads_have_limits(client: httpx.AsyncClient) -> None:
    """A large head passes, one above the limits is refused and not a failure."""
    large = {f"X-Large-{number}": "x" * 7_000 for number in range(3)}
    assert (await client.get(GOAL, headers=large)).status_code == 200
    larger = {f"X-Large-{number}": "x" * 7_000 for number in range(8)}
    assert (await client.get(GOAL, headers=larger)).status_code in {400, 431, 414}


async def check_http_2(client: httpx.AsyncClient, folder: Path) -> None:
    """HTTP/2 is spoken where a client speaks it."""
    asked = ("--silent", "--noproxy", "*", "--http2", "--cacert", str(folder / CERTIFICATE), "--output", "-")
    written = ("--write-out", "\n%{http_version} %{http_code}", f"{client.base_url}v1/goals?limit=1")
    code, out, err = await run(CURL, *asked, *written, cwd=folder)
    assert (code, out.splitlines()[-1]) == (0, "2 200"), err
    assert json.loads(out.splitlines()[0])["items"]


async def check_that_a_weakened_tag_is_one(client: httpx.AsyncClient) -> None:
    """What a proxy makes of an ETag is good for every precondition, until the version changes."""
    read = await client.get(GOAL)
    assert (read.headers["content-encoding"], read.headers["etag"]) == ("gzip", 'W/"1"')
    tag = read.headers["etag"]
    assert (await client.get(GOAL, headers={"If-None-Match": tag})).status_code == 304
    assert (await client.get(GOAL, headers={"If-Match": tag})).json() == read.json()
    changed = await client.patch(GOAL, json={"title": "Durch den Proxy"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.headers["etag"], changed.json()["version"]) == (200, 'W/"2"', 2)
    stale = await client.patch(GOAL, json={"title": "Zu spät"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["current_etag"]) == (412, '"2"')
    assert (await client.get(GOAL, headers={"If-None-Match": tag})).json()["title"] == "Durch den Proxy"


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
