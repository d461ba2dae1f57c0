"""URLs of databases as libpq and SQLAlchemy write them: which the register reaches, and by which driver."""

import os
import re
from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.database.postgresql import DEFAULT_PORT, hosts_in
from app.database.sqlite import DRIVER

DRIVERS = {"sqlite": DRIVER, "postgresql": "postgresql+asyncpg"}
SEVERAL_HOSTS = re.compile(r"(?P<before>postgresql://(?:[^/?#@]*@)?)(?P<hosts>[^/?#@]*,[^/?#@]*)(?P<behind>.*)")
PASSWORD = re.compile(r"(?<=://)([^:/]*):[^@]*@")
HOST = re.compile(r"(?:\[(?P<bracketed>[^]]+)]|(?P<plain>[^:]+))(?::(?P<port>[0-9]+))?")

SSL_MODES = ("prefer", "disable", "allow", "require", "verify-ca", "verify-full")
SESSIONS = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
FILES = ("passfile", "sslcert", "sslcrl", "sslkey", "sslrootcert")
PARAMETERS = {
    "sqlite": frozenset[str](),
    "postgresql": frozenset({"application_name", "host", "port", "sslmode", "target_session_attrs", *FILES}),
}
"""What a database URL may say behind its question mark: for PostgreSQL what libpq reads there, too."""


def url_of(value: str) -> URL:
    """A database's URL; several hosts, which libpq takes before the path, are a parameter of it here, as libpq takes them too."""
    found = SEVERAL_HOSTS.fullmatch(value)
    if found is None:
        return make_url(value)
    named = [HOST.fullmatch(each) for each in found["hosts"].split(",")]
    hosts = [host["plain"] or host["bracketed"] for host in named if host]
    ports = [host["port"] or str(DEFAULT_PORT) for host in named if host]
    if len(hosts) < len(named):
        raise ValueError("a host is missing")
    url = make_url(f"{found['before']}{found['behind']}")
    return url.update_query_dict({"host": ",".join(map(unquote, hosts)), "port": ",".join(ports)})


def checked(value: str) -> str:
    """The URL of a database; raises ValueError for what this version does not reach, and says why."""
    try:
        url = url_of(value)
        hosts_in(url)
    except (ArgumentError, ValueError):
        raise ValueError("is not a database URL such as sqlite:///register.db") from None
    if url.get_backend_name() not in DRIVERS:
        raise ValueError(f"must begin with sqlite:// or postgresql://, not {url.drivername}://")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError("must name a file (sqlite:///register.db): a database in memory is gone with its connection")
    if unknown := sorted(url.query.keys() - PARAMETERS[url.get_backend_name()]):
        raise ValueError(f"has a parameter that is not known here: {', '.join(unknown)}")
    if url.query.get("sslmode", SSL_MODES[0]) not in SSL_MODES:
        raise ValueError(f"has an sslmode that is none of {', '.join(SSL_MODES)}")
    if url.query.get("target_session_attrs", SESSIONS[0]) not in SESSIONS:
        raise ValueError(f"has target_session_attrs that are none of {', '.join(SESSIONS)}")
    named = [str(url.query[name]) for name in FILES if name in url.query]
    if unread := [file for file in named if not os.access(file, os.R_OK)]:
        raise ValueError(f"names a file that cannot be read: {unread[0]}")
    return value


def with_driver(value: str) -> URL:
    """The same with the driver that the service uses."""
    url = url_of(value)
    return url.set(drivername=DRIVERS[url.get_backend_name()])


def shown(value: str) -> str:
    """A URL as it may be told: without its password."""
    return PASSWORD.sub(r"\1:***@", value)


DatabaseUrl = Annotated[str, AfterValidator(checked)]
