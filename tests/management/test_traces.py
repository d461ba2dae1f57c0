"""Traces, as a collector gets them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from app.access.keys import FEED_PREFIX, new_key
from app.settings import Settings
from tests.commands import Command
from tests.conftest import Templates
from tests.databases import any_database
from tests.factories import goal_id
from tests.faults.service import Service

pytestmark = pytest.mark.thorough


class Collector:
    """Takes what is sent to `/v1/traces`."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep the body of one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.partition("content-length:")[2].partition("\r\n")[0])
        self.bodies.append(await reader.readexactly(size))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    def spans(self) -> Iterator[Span]:
        """All spans that came."""
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    yield from scope.spans


@any_database
async def test_name_routes_and_hold_no_secret(settings: Settings, templates: Templates, tmp_path: Path) -> None:
    collector = Collector()
    listening = await asyncio.start_server(collector.take, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1/traces"
    parent = "0af7651916cd43dd8448eb211c80319c"
    async with listening, Service(settings, templates.keys["admin"], tmp_path, REGISTER_TRACES_URL=url) as service:
        async with service.client() as client:
            headers = {"traceparent": f"00-{parent}-b7ad6b7169203331-01"}
            assert (await client.get(f"/v1/goals/{goal_id(1)}", headers=headers)).status_code == httpx.codes.OK
            assert (await client.get("/v1/goals", params={"q": "Geheimes"})).status_code == httpx.codes.OK
            await client.get(f"/v1/calendar-feeds/{new_key(FEED_PREFIX)}.ics")
        await service.stop()
    routes = {
        value.value.string_value for span in collector.spans() for value in span.attributes if value.key == "http.route"
    }
    assert {"/v1/goals", "/v1/goals/{id}", "/v1/calendar-feeds/{name}.ics"} <= routes
    assert parent in {span.trace_id.hex() for span in collector.spans()}
    sent = b"".join(collector.bodies)
    assert b"cooperation-register" in sent
    assert b"Geheimes" not in sent
    assert b"crc_***" in sent


async def test_are_refused_where_what_sends_them_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command = Command(monkeypatch, capsys, tmp_path)
    command.configure("TRACES_URL", "http://127.0.0.1:4318/v1/traces")
    command.configure("DATABASE_URL", f"sqlite:///{tmp_path}/nowhere/register.db")
    monkeypatch.setattr("app.cli.serve.find_spec", lambda _: None)
    assert "pip install 'cooperation-register[tracing]'" in await command.refused("serve", "--port", "1")
