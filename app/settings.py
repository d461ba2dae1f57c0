"""What an operator can set, read from the environment (`REGISTER_...`) or a `.env` file."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, EmailStr, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.postgresql import DEFAULT_PORT, hosts_in
from app.sqlite import DRIVER
from app.zones import places

DRIVERS = {"sqlite": DRIVER, "postgresql": "postgresql+asyncpg"}
ADDRESS = re.compile(r"https?://[^\s/?#\\<>\"@]+(?P<rest>[^\s\\<>\"]*)")


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

PATH_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+){0,10}")
MUNICIPALITY_KEY = re.compile(r"[0-9]{8}")

SEVERAL_HOSTS = re.compile(r"(?P<before>postgresql://(?:[^/?#@]*@)?)(?P<hosts>[^/?#@]*,[^/?#@]*)(?P<behind>.*)")
HOST = re.compile(r"(?:\[(?P<bracketed>[^]]+)]|(?P<plain>[^:]+))(?::(?P<port>[0-9]+))?")

SSL_MODES = ("prefer", "disable", "allow", "require", "verify-ca", "verify-full")
SESSIONS = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
PARAMETERS = {
    "sqlite": frozenset[str](),
    "postgresql": frozenset(
        {"application_name", "host", "passfile", "port", "sslcert", "sslcrl", "sslkey", "sslmode", "sslrootcert"}
        | {"target_session_attrs"}
    ),
}
"""What a database URL may say behind its question mark: for PostgreSQL what libpq reads there, too."""


class Settings(BaseSettings):
    """The settings of one installation; a wrong value stops the start and names the variable."""

    model_config = SettingsConfigDict(env_prefix="REGISTER_", env_file=".env", extra="ignore", frozen=True)

    database_url: str = Field(
        default="sqlite:///register.db",
        description="Where the record is kept: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`, which may name several hosts and what else libpq reads.",
    )
    database_read_url: str | None = Field(
        default=None,
        description="A standby of the same PostgreSQL, or several, that reads may be answered from, too.",
    )
    database_pooling: Literal["session", "transaction"] = Field(
        default="session",
        description="What a pooler between the register and PostgreSQL lends: `session`, as without one, or `transaction` "
        "(the `pool_mode` of PgBouncer).",
    )
    service_role: str | None = Field(
        default=None,
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="Role of PostgreSQL as which the service connects, where that is not the owner of the database: `register "
        "migrate` gives it what it needs, which is not to rewrite the log.",
    )
    database_pool_size: int = Field(
        default=10,
        ge=1,
        le=200,
        description="Connections that one process holds open for reading, and as many for writing.",
    )
    database_pool_timeout: float = Field(
        default=3.0,
        gt=0,
        le=60,
        description="Seconds that a request waits for a connection before it is answered with 503.",
    )
    host: str = Field(default="127.0.0.1", description="Address that `register serve` listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port that `register serve` listens on.")
    management_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Port of its own for `/healthz`, `/readyz` and `/metrics`, which are never limited there; without it there are no metrics.",
    )
    management_host: str = Field(
        default="127.0.0.1",
        description="Address that the management port listens on: one that only the operator reaches.",
    )
    traces_url: WebAddress | None = Field(
        default=None,
        description="Where traces are sent to by OTLP over HTTP, such as `http://collector:4318/v1/traces`; needs the extra `tracing`.",
    )
    root_path: PathPrefix = Field(
        default="",
        max_length=200,
        description="Path below which a proxy passes requests on, such as `/register`, whether it takes it off or not; all addresses that the register tells begin with it. Where it is not set, `X-Forwarded-Prefix` of a proxy says so.",
    )
    trusted_proxies: NetworkList = Field(
        default="127.0.0.0/8,::1",
        description="Networks of the proxies in front, whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Prefix` are believed. What connects to the socket of `--uds` is believed, too.",
    )
    log_name: str = Field(
        default="cooperation-register",
        pattern=r"^[^\s+]{1,200}$",
        description="Name of the key that `register log init` makes, and with it of the log: best the host of the register, such as `register.example.org`.",
    )
    log_key_file: Path = Field(
        default=Path("log.key"), description="File with the private key that signs the checkpoints of the log."
    )
    log_key: SecretStr | None = Field(
        default=None, description="The private key itself, in place of the file: `PRIVATE+KEY+...`."
    )
    rate_limit: int = Field(
        default=6_000,
        ge=1,
        le=2_147_483_647,
        description="Requests that one client address may send in a minute, to one process.",
    )
    write_quota: int = Field(
        default=100,
        ge=1,
        le=1_000_000,
        description="MiB that one key may write in a day (UTC), to all processes together.",
    )
    timezone: str = Field(
        default="Europe/Berlin",
        description="Time zone of the city, named by a place of the IANA list: it decides on which day something was said, is due or is late, and new events are in it.",
    )
    operator: str | None = Field(
        default=None,
        max_length=200,
        description="Who runs the installation, such as `Landeshauptstadt Dresden`; shown in the contract and at `/v1`.",
    )
    contact_email: EmailStr | None = Field(
        default=None, description="Where to write to, also about security; shown there and in `security.txt`."
    )
    contact_url: WebAddress | None = Field(default=None, description="A page that says how to reach the operator.")
    terms_url: WebAddress | None = Field(default=None, description="The terms of use.")
    data_licence: WebAddress | None = Field(
        default=None,
        description="Address of the licence of the data, such as `https://www.govdata.de/dl-de/by-2-0`.",
    )
    data_contributor: WebAddress | None = Field(
        default=None,
        description="As whom GovData knows the operator, such as `http://dcat-ap.de/def/contributors/stadtMusterstadt`; "
        "for the catalogue of the data, which portals read.",
    )
    oparl_bodies: str | None = Field(
        default=None,
        description="The bodies of cities in their own OParl interfaces, each behind the city's municipality key, such as "
        "`14612000=https://oparl.dresden.de/bodies/0001`, separated by spaces; agreements of a city name its body.",
    )
    public_url: BaseAddress | None = Field(
        default=None,
        description="Where the installation is reached, such as `https://register.example.org`; for generated clients.",
    )
    webhook_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        max_length=1000,
        description="Secret of the installation from which those of webhook endpoints are made, such as what `openssl rand "
        "-hex 32` gives; without it there are no webhooks.",
    )
    webhook_allow: NetworkList | None = Field(
        default=None,
        description="Networks that webhooks may lead to besides public addresses, such as `10.20.0.0/16`, there on any port and "
        "without TLS too.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least serious log lines to write; `info` includes one line a request."
    )

    @field_validator("database_url")
    @classmethod
    def refuse_other_databases(cls, value: str) -> str:
        try:
            url = url_of(value)
            hosts_in(url)
        except (ArgumentError, ValueError):
            raise ValueError("is not a database URL such as sqlite:///register.db") from None
        if url.get_backend_name() not in DRIVERS:
            raise ValueError(f"must begin with sqlite:// or postgresql://, not {url.drivername}://")
        if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
            raise ValueError(
                "must name a file (sqlite:///register.db): a database in memory is gone with its connection"
            )
        if unknown := sorted(url.query.keys() - PARAMETERS[url.get_backend_name()]):
            raise ValueError(f"has a parameter that is not known here: {', '.join(unknown)}")
        if url.query.get("sslmode", SSL_MODES[0]) not in SSL_MODES:
            raise ValueError(f"has an sslmode that is none of {', '.join(SSL_MODES)}")
        if url.query.get("target_session_attrs", SESSIONS[0]) not in SESSIONS:
            raise ValueError(f"has target_session_attrs that are none of {', '.join(SESSIONS)}")
        return value

    @field_validator("database_read_url")
    @classmethod
    def refuse_standbys_of_nothing(cls, value: str | None, known: ValidationInfo) -> str | None:
        if value is not None:
            cls.refuse_other_databases(value)
            if "sqlite" in (value[:6], known.data.get("database_url", "")[:6]):
                raise ValueError("must be a standby of a PostgreSQL that is in REGISTER_DATABASE_URL")
        return value

    @field_validator(
        "database_read_url", "log_key", "management_port", "traces_url", "webhook_key", "webhook_allow", mode="before"
    )
    @classmethod
    def take_empty_for_none(cls, value: Any) -> Any:
        return value or None

    @field_validator("timezone")
    @classmethod
    def refuse_unknown_timezones(cls, value: str) -> str:
        if value not in places():
            raise ValueError("must be the time zone of a place such as Europe/Berlin, or UTC")
        return value

    @field_validator("oparl_bodies")
    @classmethod
    def refuse_bodies_of_nobody(cls, value: str | None) -> str | None:
        for key, _, address in (pair.partition("=") for pair in (value or "").split()):
            if not MUNICIPALITY_KEY.fullmatch(key) or not ADDRESS.fullmatch(address):
                raise ValueError("must be pairs such as 14612000=https://oparl.dresden.de/bodies/0001")
        return value

    @property
    def bodies(self) -> Mapping[str, str]:
        """The address of each city's body in its own OParl interface, by municipality key."""
        pairs = (pair.partition("=") for pair in (self.oparl_bodies or "").split())
        return {key: address for key, _, address in pairs}

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)

    @property
    def webhook_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks that webhooks may lead to besides public addresses."""
        return networks_in(self.webhook_allow or "")

    @property
    def database(self) -> URL:
        """The database's URL with the driver that the service uses."""
        url = url_of(self.database_url)
        return url.set(drivername=DRIVERS[url.get_backend_name()])

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of the proxies in front."""
        return networks_in(self.trusted_proxies)

    @property
    def shown_database(self) -> str:
        """The database as it may be told: without a password."""
        return url_of(self.database_url).render_as_string(hide_password=True)

    @property
    def standby(self) -> URL | None:
        """The URL of what may be read besides."""
        return None if self.database_read_url is None else url_of(self.database_read_url)

    @property
    def database_file(self) -> Path | None:
        """The file of an SQLite database; None on PostgreSQL."""
        return Path(self.database.database or "") if self.database.get_backend_name() == "sqlite" else None
