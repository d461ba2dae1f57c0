"""Answers of the interface: JSON with an ETag of its content, and errors that OParl's clients know, too."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from app.http.caching import cache_headers
from app.http.conditional import Preconditions
from app.http.tagged import tagged
from app.oparl.objects import VERSION


def json_answer(request: Request, content: Any) -> Response:
    """Content as JSON, or 304 for who has the same already; raises what Preconditions raise."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return tagged(text, "application/json", Preconditions.of(request.headers), cache_headers(is_private=False))


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
