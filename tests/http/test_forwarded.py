"""Behind proxies: whom they say that a request is from, and below which path the register is."""

import json
import re
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from app.http.forwarded import Forwarded, prefix_of
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import CARITAS, goal_id, make

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
OUTSIDE = "203.0.113.7"
PREFIX = "/stadt/register"
ADDRESS = re.compile(r'(?:href|src)="(/[^"]*)"')


async def passed_on(client: str | None, path: str = "/v1", root_path: str = "", **headers: str) -> Scope:
    """What is left of a request behind the middleware."""
    seen: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {
        "type": "http",
        "scheme": "http",
        "path": path,
        "headers": raw,
        "client": (client, 1) if client else None,
    }
    await Forwarded(app, PROXIES, root_path)(scope, nothing, nothing)
    return seen[0]


class TestClient:
    @pytest.mark.parametrize(
        ("peer", "said", "client"),
        [
            (OUTSIDE, "10.0.0.1", OUTSIDE),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", OUTSIDE, OUTSIDE),
            ("10.0.0.1", f"198.51.100.1, {OUTSIDE}, 10.9.9.9", OUTSIDE),
            ("10.0.0.1", f"{OUTSIDE}:4711", OUTSIDE),
            ("fd00::1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("10.0.0.1", "10.1.1.1, 10.1.1.2", "10.1.1.1"),
            ("10.0.0.1", " , ", "10.0.0.1"),
            ("10.0.0.1", "nobody", "nobody"),
            (None, OUTSIDE, OUTSIDE),
        ],
    )
    async def test_is_the_last_that_is_no_proxy(self, peer: str | None, said: str, client: str) -> None:
        scope = await passed_on(peer, x_forwarded_for=said, x_forwarded_proto="https")
        assert scope["client"][0] == client
        assert scope["scheme"] == ("http" if peer == OUTSIDE else "https")

    async def test_says_no_scheme_of_its_own(self) -> None:
        assert (await passed_on("10.0.0.1", x_forwarded_proto="ftp"))["scheme"] == "http"


class TestPrefix:
    @pytest.mark.parametrize(
        ("peer", "root_path", "said", "path", "prefix", "inside"),
        [
            ("10.0.0.1", "", "", "/v1/goals", "", "/v1/goals"),
            (OUTSIDE, "/r", "", "/r/v1/goals", "/r", "/v1/goals"),
            (OUTSIDE, "/r", "", "/v1/goals", "/r", "/v1/goals"),
            (OUTSIDE, "/r", "", "/r", "/r", "/"),
            (OUTSIDE, "/r", "", "/rest", "/r", "/rest"),
            (OUTSIDE, "", "/r", "/v1", "", "/v1"),
            ("10.0.0.1", "", "/r/", "/v1", "/r", "/v1"),
            ("10.0.0.1", "/own", "/r", "/v1", "/own", "/v1"),
            *(("10.0.0.1", "", said, "/v1", "", "/v1") for said in ("/..", "//evil", "r", "/a b", "/" + "a" * 300)),
        ],
    )
    async def test_is_taken_off(
        self, peer: str, root_path: str, said: str, path: str, prefix: str, inside: str
    ) -> None:
        scope = await passed_on(peer, path, root_path, x_forwarded_prefix=said)
        assert (prefix_of(scope), scope["path"]) == (prefix, inside)


@any_database
async def test_every_address_leads_below_the_prefix(settings: Settings, templates: Templates) -> None:
    below = settings.model_copy(update={"root_path": PREFIX})
    key = templates.keys["operator"]
    async with running(below) as app, client_of(app, key) as client, client_of(app, key) as inside:
        inside.base_url = f"{client.base_url}{PREFIX}"
        topic = await make(inside, "topics")
        made = await inside.post(
            "/v1/topics", json={"agreement_id": topic["agreement_id"], "slug": "neu", "name": "Neu"}
        )
        assert made.headers["location"] == f"{PREFIX}/v1/topics/{made.json()['id']}"
        assert (await client.get(made.headers["location"])).json() == made.json()
        event = await make(inside, "consultation-events")
        put = await inside.put(f"/v1/consultation-events/{event['id']}/participants/{CARITAS}", json={})
        assert put.headers["content-location"] == f"{PREFIX}/v1/consultation-events/{event['id']}"
        await check_pages(client)
        await check_problems(client)
        await check_documents(client)
        await check_absolute_addresses(client)


async def check_pages(client: httpx.AsyncClient) -> None:
    """Every link of the pages, and of those they lead to, leads to something."""
    waiting = [f"{PREFIX}/", f"{PREFIX}/docs", f"{PREFIX}/problems", f"{PREFIX}/goals?language=en"]
    seen: set[str] = set()
    while waiting and len(seen) < 20:
        path = waiting.pop(0).replace("&amp;", "&")
        if path in seen:
            continue
        seen.add(path)
        answer = await client.get(path, headers={"Accept": "text/html,*/*;q=0.1"})
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            found = ADDRESS.findall(answer.text)
            assert all(each.startswith(f"{PREFIX}/") for each in found), path
            waiting += found[:40]
    missing = await client.get(f"{PREFIX}/nowhere", headers={"Accept": "text/html"})
    assert (missing.status_code, f'href="{PREFIX}/' in missing.text) == (404, True)


async def check_problems(client: httpx.AsyncClient) -> None:
    """Problems name where they are described, and what was asked for, as it is reached."""
    refused = (await client.get(f"{PREFIX}/v1/goals?what=1")).json()
    assert (refused["type"], refused["instance"]) == (f"{PREFIX}/problems/validation-error", f"{PREFIX}/v1/goals")
    described = (await client.get(refused["type"])).json()["problems"]
    assert [each["type"] for each in described] == [refused["type"]]


async def check_documents(client: httpx.AsyncClient) -> None:
    """The contract, the start and the pages of lists say where they go on."""
    contract = (await client.get(f"{PREFIX}/openapi.json")).json()
    assert [each["url"] for each in contract["servers"]] == [f"{PREFIX}/v1"]
    for path in ("/", "/v1"):
        for link in (await client.get(f"{PREFIX}{path}")).json()["links"]:
            assert link["href"].startswith(f"{PREFIX}/")
            assert (await client.get(link["href"])).status_code == 200, link
    page = await client.get(f"{PREFIX}/v1/goals", params={"limit": 1})
    following = page.headers["link"].partition(">")[0].removeprefix("<")
    assert following.startswith(f"{PREFIX}/v1/goals?")
    assert (await client.get(following)).json()["items"]


async def check_absolute_addresses(client: httpx.AsyncClient) -> None:
    """Calendars, OParl, linked data and files say where they come from."""
    base = f"{str(client.base_url).rstrip('/')}{PREFIX}"
    feed = (await client.post(f"{PREFIX}/v1/calendar-feeds", json={})).json()
    assert feed["url"].startswith(f"{base}/v1/calendar-feeds/")
    assert (await client.get(feed["url"])).status_code == 200
    linked = await client.get(f"{PREFIX}/v1/goals/{goal_id(1)}", headers={"Accept": "application/ld+json"})
    assert linked.json()["@context"].startswith(f"{base}/contexts/")
    for path in ("/oparl/v1.1", "/.well-known/api-catalog", "/catalog.jsonld", "/v1/calendar.ics"):
        text = (await client.get(f"{PREFIX}{path}")).text
        own = set(re.findall(rf"{re.escape(str(client.base_url).rstrip('/'))}/[^\"\s<>]*", json.dumps(text)))
        assert all(each.startswith(f"{base}/") for each in own), own
        assert own or path.endswith(".ics")
    system = (await client.get(f"{PREFIX}/oparl/v1.1")).json()
    bodies = await client.get(system["body"])
    assert bodies.json()["links"]["self"].startswith(f"{base}/oparl/")
