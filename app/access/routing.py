"""Where operations are added, and what holds for all of them."""

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from app.access.parameters import ONE_EACH
from app.http.direct import DirectRoute
from app.http.reading_after import AFTER


class Router(APIRouter):
    """The operations below one address, or those whose addresses have a part in common.

    Each parameter is sent once, `Read-After` is heeded, and plain requests are answered directly.
    """

    def __init__(self, prefix: str = "", *, part: str = "", **said: Any) -> None:
        super().__init__(prefix=prefix, dependencies=[ONE_EACH, AFTER], route_class=DirectRoute, **said)
        self.beginning, self.part = prefix.partition("{")[0], part

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether one of the operations is asked for; which one that is FastAPI finds out once, when it hands it the request."""
        match, path = Match.NONE, scope["path"]
        if scope["type"] == "http" and path.startswith(self.beginning) and self.part in path:
            for each in self.routes:
                if isinstance(each, APIRoute) and each.path_regex.match(path):
                    if scope["method"] in (each.methods or ()):
                        return Match.FULL, {}
                    match = Match.PARTIAL
        return match, {}
