"""The server's side of a connection: what uvicorn leaves unbounded has bounds here."""

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.http.errors import HeadTooLarge, Malformed, RequestTimeout
from app.http.forwarded import PREFIX
from app.http.problems import FieldError, Problem, problem_response
from app.language import Text

MOST_HEAD_BYTES = 32 * 1024
SECONDS_FOR_HEAD = 10.0
SECONDS_TO_TAKE = 60.0
SEPARATORS = 4
"""The colon, the space and the line end of a header."""
HOST = re.compile(rb"(?:([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*+|\[[0-9A-Fa-fv:.]+\])(:[0-9]*)?")
ONE_HOST = Text(
    "Host wird einmal erwartet, als Name oder Adresse eines Rechners (RFC 9112, Abschnitt 3.2).",
    "Host is expected once, as the name or the address of a host (RFC 9112, section 3.2).",
)


class BoundedConnection(HttpToolsProtocol):
    """A connection whose requests begin with heads of some size and in some time, and whose client takes its answers.

    What does not keep to it is answered with a problem document and closed.
    """

    def __init__(self, *arguments: Any, prefix: str = "", **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.prefix = prefix
        self.in_head = True
        self.head_bytes = 0
        self.problem: Problem | None = None
        self.head_due: asyncio.TimerHandle | None = None
        self.taking_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self.end_head()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.in_head:
            self.await_head()
            self.head_bytes += len(data)
        super().data_received(data)
        if self.in_head and self.head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.refuse(HeadTooLarge())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.await_head()

    def on_headers_complete(self) -> None:
        self.end_head()
        size = len(self.url) + sum(len(name) + len(value) + SEPARATORS for name, value in self.headers)
        if size > MOST_HEAD_BYTES:
            self.problem = HeadTooLarge()
            # The parser stops with an error of its own, and uvicorn answers that.
            raise self.problem
        hosts = [value for name, value in self.headers if name == b"host"]
        is_named = len(hosts) == 1 and HOST.fullmatch(hosts[0])
        if not is_named and (hosts or self.parser.get_http_version() != "1.0"):
            self.problem = Malformed(ONE_HOST, errors=[FieldError("header", "Host", "not_a_host", ONE_HOST)])
            raise self.problem
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.in_head, self.head_bytes = True, 0

    def await_head(self) -> None:
        """Wait for the end of a head, for so long and no longer."""
        if self.head_due is None:
            self.head_due = self.loop.call_later(SECONDS_FOR_HEAD, self.give_up)

    def end_head(self) -> None:
        """Wait for no head any more."""
        self.in_head = False
        if self.head_due is not None:
            self.head_due.cancel()
            self.head_due = None

    def give_up(self) -> None:
        """Close a connection whose head did not come; what was begun is told so."""
        self.head_due = None
        if self.head_bytes:
            self.refuse(RequestTimeout())
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's text; ours is a document)
        self.refuse(self.problem or Malformed())

    def refuse(self, problem: Problem) -> None:
        """Answer what never becomes a request, and close; nothing may come between the parts of another answer."""
        self.end_head()
        if self.cycle is None or self.cycle.response_complete:
            scope = {"headers": getattr(self, "headers", None) or [], "path": "", PREFIX: self.prefix}
            response = problem_response(scope, problem)
            headers = [
                *((name, value) for name, value in response.raw_headers if name != b"connection"),
                (b"connection", b"close"),
            ]
            lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(STATUS_LINE[problem.status] + lines + b"\r\n" + bytes(response.body))
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.taking_due = self.loop.call_later(SECONDS_TO_TAKE, self.transport.abort)

    def resume_writing(self) -> None:
        if self.taking_due is not None:
            self.taking_due.cancel()
            self.taking_due = None
        super().resume_writing()
