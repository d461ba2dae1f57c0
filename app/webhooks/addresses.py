"""Where webhooks may lead: to public addresses by HTTPS, and into networks that the operator names."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import httpcore
import httpx

from app.language import Text

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host; raises OSError where there are none."""

PORTS = {"https": 443, "http": 80}
PUBLIC_PORTS = (443, 8443)
MOST_LOOKED_UP = 10

# Python's `is_global` says yes to multicast, and to 127.0.0.1 as NAT64 or 6to4 spell it.
NOT_PUBLIC_V4 = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
PUBLIC_V6 = ip_network("2000::/3")
# Teredo and other special purposes, documentation, 6to4, documentation again.
NOT_PUBLIC_V6 = tuple(ip_network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))

UNREADABLE = Text("Das ist keine Adresse, die sich aufrufen lässt.", "This is no address that can be called.")
ONLY_HTTPS = Text("Webhooks gehen nur an https-Adressen.", "Webhooks go to https addresses only.")
ONLY_PORTS = Text("Webhooks gehen nur an die Ports 443 und 8443.", "Webhooks go to the ports 443 and 8443 only.")
ONLY_PUBLIC = Text(
    "Webhooks gehen nur an öffentliche Adressen, nicht in interne Netze.",
    "Webhooks go to public addresses only, not into internal networks.",
)
NO_FRAGMENT = Text("Eine Adresse für Webhooks hat kein Fragment (#).", "An address for webhooks has no fragment (#).")


class AddressRefused(Exception):
    """The host has an address that webhooks may not lead to."""


class UnknownHost(Exception):
    """The host has no address."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, by whichever of its spellings."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_V4)
    return address in PUBLIC_V6 and not any(address in network for network in NOT_PUBLIC_V6)


def plain(address: str) -> Address:
    """An address; one of IPv4 that IPv6 carries is one of IPv4."""
    found = ip_address(address)
    return getattr(found, "ipv4_mapped", None) or found


def refusal(address: Address | None, scheme: str, port: int, allowed: Networks) -> Text | None:
    """Why webhooks may not lead there, if so; of a host whose address is not known yet, the rest is judged."""
    if address is None and allowed:
        return None
    if address is not None and any(address in network for network in allowed):
        return None
    if scheme != "https":
        return ONLY_HTTPS
    if port not in PUBLIC_PORTS:
        return ONLY_PORTS
    return None if address is None or is_public(address) else ONLY_PUBLIC


def fault_of(url: str, allowed: Networks) -> Text | None:
    """What is wrong with the URL of an endpoint, as far as it says so itself; names are judged at each connection."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return UNREADABLE
    if parsed.fragment:
        return NO_FRAGMENT
    try:
        address = literal(parsed.host)
    except UnicodeError:
        # A name with a part that is empty or longer than 63 characters.
        return UNREADABLE
    return refusal(address, parsed.scheme, port_of(parsed), allowed)


def port_of(url: httpx.URL) -> int:
    """The port of a URL, said or meant."""
    return url.port or PORTS[url.scheme]


def literal(host: str) -> Address | None:
    """The address that a host is, in any of the spellings that systems take, such as `0x7f.1`; None for a name.

    Raises UnicodeError for what cannot be a name.
    """
    try:
        found = socket.getaddrinfo(host.rstrip("."), None, flags=socket.AI_NUMERICHOST)
    except OSError:
        return None
    return plain(str(found[0][4][0]))


# Looking up names must not take the threads that SQLite is read in.
looking_up = ThreadPoolExecutor(MOST_LOOKED_UP, thread_name_prefix="resolver")


async def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the system knows them."""
    found = await asyncio.get_running_loop().run_in_executor(
        looking_up, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Guard(httpcore.AsyncNetworkBackend):
    """Connects to the very addresses that it judged, so that no name can mean another one in between."""

    def __init__(self, scheme: str, allowed: Networks, resolve: Resolve) -> None:
        self.scheme, self.allowed, self.resolve = scheme, allowed, resolve
        self.network: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the base class names it so)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that answers; raises AddressRefused where any of them is not allowed."""
        try:
            addresses = [plain(each) for each in await self.resolve(host, port)]
        except (OSError, UnicodeError) as error:
            raise UnknownHost from error
        if any(refusal(address, self.scheme, port, self.allowed) for address in addresses):
            raise AddressRefused
        failed: Exception = UnknownHost()
        for address in addresses:
            try:
                return await self.network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
