"""The time zone that is meant where a request names none."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.runtime import Runtime
from app.schema.fields import city_timezone


class CityTime:
    """ASGI middleware: what a request leaves out about time is the installation's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        runtime: Runtime = scope["app"].state.runtime
        token = city_timezone.set(runtime.settings.timezone)
        try:
            await self.app(scope, receive, send)
        finally:
            city_timezone.reset(token)
