"""Answers of the interface: JSON with an ETag of its content, and errors that OParl's clients know, too."""

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from app.http.caching import cache_headers
from app.http.conditional import IF_NONE_MATCH, entity_tags
from app.oparl.objects import VERSION


def json_answer(request: Request, content: Any) -> Response:
    """Content as JSON, or 304 for who has the same already; raises Malformed for an If-None-Match that is none."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    tag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
    headers = {"ETag": tag, **cache_headers(is_private=False)}
    known = request.headers.get(IF_NONE_MATCH)
    if known and (
        known.strip() == "*" or tag in [each.removeprefix("W/") for each in entity_tags(IF_NONE_MATCH, known)]
    ):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="application/json")


class InterfaceRoute(APIRoute):
    """A route whose problem documents are OParl's error objects as well: its `type`, `message` and `debug`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of requests, and of what they end in."""
        answer = super().get_route_handler()

        async def answer_with_known_errors(request: Request) -> Response:
            try:
                return await answer(request)
            except Exception as error:
                for kind in type(error).__mro__:
                    if kind in request.app.exception_handlers:
                        return explained(await request.app.exception_handlers[kind](request, error))
                raise

        return answer_with_known_errors


def explained(problem: Response) -> Response:
    """A problem document with what OParl says of errors; its own type is told in `debug`."""
    content = json.loads(bytes(problem.body))
    told = {"type": f"{VERSION}Error", "message": f"{content['title']}. {content['detail']}"}
    text = json.dumps({**content, **told, "debug": f"{content['type']} {content['request_id']}"}, ensure_ascii=False)
    headers = {name: value for name, value in problem.headers.items() if name != "content-length"}
    return Response(text, problem.status_code, headers)
