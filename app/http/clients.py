"""Where requests come from, as limits count it."""

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

NETWORK_BITS = 64


def client_of(scope: Scope) -> str:
    """The client that a request comes from; empty when nobody says."""
    return network_of(scope["client"][0]) if scope.get("client") else ""


@lru_cache(maxsize=4096)
def network_of(host: str) -> str:
    """An address of IPv4, or the network of 64 bits that one of IPv6 is from: whoever has one address there has them all."""
    try:
        address = ip_address(host)
    except ValueError:
        # A proxy may have written anything: what is no address is one client and not as many as it can spell.
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), NETWORK_BITS), strict=False))
