"""Addresses and networks as an operator writes them in settings."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator

ADDRESS = re.compile(r"https?://[^\s/?#\\<>\"@]+(?P<rest>[^\s\\<>\"]*)")
PATH_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+){0,10}")


def only_address(value: str) -> str:
    """Refuse what no link can lead to."""
    if not ADDRESS.fullmatch(value):
        raise ValueError("must be an address such as https://register.example.org/terms")
    return value


def only_base(value: str) -> str:
    """Refuse what is more than a scheme, a host and a port."""
    found = ADDRESS.fullmatch(value)
    if found is None or found["rest"] not in ("", "/"):
        raise ValueError("must be an address without a path, such as https://register.example.org")
    return value.removesuffix("/")


def networks_in(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of a list such as `10.20.0.0/16, fd00::/8`; raises ValueError for anything else."""
    return tuple(ip_network(each.strip()) for each in value.split(",") if each.strip())


def only_networks(value: str) -> str:
    """Refuse what is no list of networks."""
    try:
        networks_in(value)
    except ValueError:
        raise ValueError("must be networks with commas between them, such as 10.20.0.0/16,fd00::/8") from None
    return value


def only_prefix(value: str) -> str:
    """Refuse what is no path that others can stand below."""
    if not PATH_PREFIX.fullmatch(value.removesuffix("/")):
        raise ValueError("must be a path such as /register")
    return value.removesuffix("/")


WebAddress = Annotated[str, AfterValidator(only_address)]
BaseAddress = Annotated[str, AfterValidator(only_base)]
NetworkList = Annotated[str, AfterValidator(only_networks)]
PathPrefix = Annotated[str, AfterValidator(only_prefix)]
