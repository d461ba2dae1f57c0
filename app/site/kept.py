"""Answers that are made once and kept: the contract, the files of the pages, the pages of one state of the register."""

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from starlette.datastructures import Headers
from starlette.responses import Response

from app.http.conditional import Preconditions
from app.http.negotiation import choices

MOST_PAGES = 200


class Pages:
    """The pages that were made of one state of the register, of which the ones asked for last are kept.

    What the record said before is forgotten with the first page of another state.
    """

    def __init__(self) -> None:
        self.state = ""
        self.made: OrderedDict[Hashable, bytes] = OrderedDict()
        # Pages are made in threads.
        self.lock = Lock()

    def find(self, state: str, address: Hashable) -> bytes | None:
        """The page at an address, where it was made of this state."""
        with self.lock:
            if state != self.state:
                self.made.clear()
                self.state = state
            content = self.made.get(address)
            if content is not None:
                self.made.move_to_end(address)
            return content

    def keep(self, state: str, address: Hashable, content: bytes) -> None:
        """Keep a page, unless the register has gone on while it was made."""
        with self.lock:
            if state == self.state:
                self.made[address] = content
                if len(self.made) > MOST_PAGES:
                    self.made.popitem(last=False)


class Kept:
    """Content that stays as it is: as it stands and compressed, each with a strong ETag of its own (RFC 9110, 8.8.1)."""

    def __init__(self, content: bytes, media_type: str, cache_control: str) -> None:
        tag = hashlib.sha256(content).hexdigest()[:32]
        self.forms = {"identity": (f'"{tag}"', content), "gzip": (f'"{tag}-gzip"', gzip.compress(content, mtime=0))}
        self.headers = {"Content-Type": media_type, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}

    def answer(self, asked: Headers) -> Response:
        """The form that the caller takes, or 304 when it has that; raises what Preconditions raise."""
        coding = "gzip" if takes_gzip(asked.get("accept-encoding", "")) else "identity"
        tag, content = self.forms[coding]
        headers = {**self.headers, "ETag": tag}
        if Preconditions.of(asked).is_known_as(tag):
            return Response(status_code=304, headers=headers)
        if coding == "gzip":
            headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers)


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header (RFC 9110, 12.5.3) names gzip; what names it alone decides before `*`."""
    weights = {choice.name: choice.weight for choice in choices([accept_encoding])}
    return weights.get("gzip", weights.get("*", 0.0)) > 0
