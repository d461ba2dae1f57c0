"""What a proxy says of a request that it passes on: who asked, how, and below which path the register is reached."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.addresses import PATH_PREFIX

PREFIX = "register.prefix"
LONGEST_PREFIX = 200
SCHEMES = ("http", "https")

Networks = Sequence[IPv4Network | IPv6Network]


def prefix_of(scope: Scope) -> str:
    """The path below which the register is reached, without a slash at its end; mostly none."""
    prefix: str = scope.get(PREFIX, "")
    return prefix


class Forwarded:
    """ASGI middleware that believes the headers of known proxies, and those of whoever connects by a socket of the machine.

    Inside of it no address has the prefix: it is taken off here, whether the proxy did that or not, and put on again
    wherever an address is told. `X-Forwarded-Prefix` says it where `root_path` says nothing.
    """

    def __init__(self, app: ASGIApp, proxies: Networks, root_path: str) -> None:
        self.app, self.proxies, self.root_path = app, proxies, root_path
        self.is_proxy = lru_cache(maxsize=4096)(self.is_known)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            prefix = self.root_path
            # Without an address it is a socket of the machine: whoever may open that file is trusted with it.
            if not scope.get("client") or self.is_proxy(scope["client"][0]):
                headers = Headers(scope=scope)
                scope.update(self.said_by_proxy(headers))
                prefix = prefix or said_prefix(headers)
            if prefix:
                scope.update({PREFIX: prefix, "path": without(prefix, scope["path"])})
        await self.app(scope, receive, send)

    def said_by_proxy(self, headers: Headers) -> Scope:
        """What the headers say of the client and of its way to the proxy."""
        said: Scope = {}
        if (scheme := headers.get("x-forwarded-proto", "").strip().lower()) in SCHEMES:
            said["scheme"] = scheme
        hops = [*hosts(",".join(headers.getlist("x-forwarded-for")))]
        if hops:
            # Each proxy adds whom it was asked by, so the last one that is no proxy is the client.
            host = next((hop for hop in reversed(hops) if not self.is_proxy(hop)), hops[0])
            said["client"] = (host, 0)
        return said

    def is_known(self, host: str) -> bool:
        """Whether a host is one whose headers are believed."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.proxies)


def hosts(header: str) -> Iterator[str]:
    """The hosts in X-Forwarded-For, without the ports that some proxies add."""
    for each in header.split(","):
        host = each.strip()
        if host.startswith("["):
            host = host[1:].partition("]")[0]
        elif host.count(":") == 1:
            host = host.partition(":")[0]
        if host:
            yield host


def said_prefix(headers: Headers) -> str:
    """The prefix that a proxy says it was asked below; what cannot be one is none."""
    said = headers.get("x-forwarded-prefix", "").strip().removesuffix("/")
    return said if len(said) <= LONGEST_PREFIX and PATH_PREFIX.fullmatch(said) else ""


def without(prefix: str, path: str) -> str:
    """A path without the prefix, which the proxy may have taken off already."""
    return path.removeprefix(prefix) or "/" if f"{path}/".startswith(f"{prefix}/") else path
