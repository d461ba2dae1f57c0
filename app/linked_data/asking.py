"""Who would like to have JSON-LD."""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.base import base_at
from app.http.negotiation import wants_linked
from app.linked_data.documents import linked_form
from app.resources.forms import wanted_form


class LinkedData:
    """ASGI middleware: what is read is JSON-LD for who prefers that."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not wants_linked(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        base = base_at(request)
        asked = f"?{request.url.query}" if request.url.query else ""
        token = wanted_form.set(linked_form(base, f"{base}{request.url.path}{asked}"))
        try:
            await self.app(scope, receive, send)
        finally:
            wanted_form.reset(token)
