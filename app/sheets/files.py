"""Files that are made before they are sent, so that no client, however slow, holds more than a file."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from tempfile import SpooledTemporaryFile

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

KEPT_IN_MEMORY = 1024 * 1024
PART = 64 * 1024

File = SpooledTemporaryFile[bytes]


@contextmanager
def kept() -> Iterator[File]:
    """A new file that is there until it was sent; it is closed when anything fails before."""
    file = SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 (it is closed when it was sent)
    try:
        yield file
    except BaseException:
        file.close()
        raise


async def converted(source: File, convert: Callable[[File, File], None]) -> File:
    """The file that `convert` makes of another one, in a thread; the other one is closed."""

    def work() -> File:
        with source, kept() as target:
            source.seek(0)
            convert(source, target)
        return target

    return await asyncio.to_thread(work)


class FileAnswer(Response):
    """The answer that sends a file under a name, and says how large it is: so large ones are few at a time."""

    def __init__(self, file: File, media_type: str, name: str, headers: Mapping[str, str]) -> None:
        self.file = file
        self.status_code = HTTPStatus.OK
        self.media_type = media_type
        self.background = None
        about = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(file.tell())}
        self.init_headers({**about, **headers})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (as every ASGI app)
        """Send the file; it is closed whatever becomes of the client."""
        with self.file as file:
            file.seek(0)
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            more = True
            while more:
                part = await asyncio.to_thread(file.read, PART)
                more = len(part) == PART
                await send({"type": "http.response.body", "body": part, "more_body": more})
