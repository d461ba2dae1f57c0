"""The sockets that `register serve` listens on."""

import socket
import stat
from contextlib import suppress
from pathlib import Path

from app.cli.failed import Failed

BACKLOG = 2048
ANY_IPV6 = "::"
FOR_OWNER_AND_GROUP = 0o660


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a port that is taken is said at once; `::` is every address of both families."""
    try:
        (family, *_), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        is_dual = host == ANY_IPV6 and socket.has_dualstack_ipv6()
        return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=is_dual)
    except OSError as error:
        # Python adds the address to the reason; it stands here already.
        reason = str(error.strerror).partition(" (")[0]
        raise Failed(f"cannot listen on {address_of(host, port)}: {reason}") from None


def listen_at(path: Path) -> socket.socket:
    """A socket in the file system, for its owner and group; what a process that was killed has left there is replaced."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        if is_left_behind(path):
            path.unlink()
        listener.bind(str(path))
        path.chmod(FOR_OWNER_AND_GROUP)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Failed(f"cannot listen on {path}: {error.strerror or error}") from None
    return listener


def is_left_behind(path: Path) -> bool:
    """Whether there is a socket that nobody listens on."""
    with suppress(FileNotFoundError), socket.socket(socket.AF_UNIX) as probe:
        if stat.S_ISSOCK(path.stat().st_mode):
            return probe.connect_ex(str(path)) != 0
    return False


def address_of(host: str, port: int) -> str:
    """A host and a port as they stand in an address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
