"""Traces of requests, sent to a collector as OpenTelemetry has them; what makes them is FastAPI's own."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.metadata import version

from opentelemetry import trace as traces
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from app.http.masking import masked
from app.runtime import Runtime

NAME = "cooperation-register"
SECONDS_TO_SEND = 2.0


class Discreet(SpanProcessor):
    """Takes out of a span what no log says either: keys, secret addresses, and what was searched for."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 (the base class names it so)
        """Mend the span of a request before anything else sees it."""
        told = span.attributes or {}
        if "url.path" in told:
            span.set_attribute("url.path", masked(str(told["url.path"])))
        if "url.query" in told:
            span.set_attribute("url.query", "")


def trace(url: str) -> Callable[[Runtime], Awaitable[None]]:
    """What sends traces to a collector, beside the requests."""

    async def send(runtime: Runtime) -> None:
        resource = Resource.create({SERVICE_NAME: NAME, SERVICE_VERSION: version(NAME)})
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(Discreet())
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url, timeout=SECONDS_TO_SEND)))
        traces.set_tracer_provider(provider)
        await runtime.ending.wait()
        await asyncio.to_thread(provider.shutdown)

    return send
