"""What an operator can set, read from the environment (`REGISTER_...`) or a `.env` file."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import EmailStr, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL

from app.addresses import ADDRESS, BaseAddress, NetworkList, PathPrefix, WebAddress, networks_in
from app.database.url import DatabaseUrl, checked, shown, url_of, with_driver
from app.zones import places

MUNICIPALITY_KEY = re.compile(r"[0-9]{8}")


class Settings(BaseSettings):
    """The settings of one installation; a wrong value stops the start and names the variable."""

    model_config = SettingsConfigDict(env_prefix="REGISTER_", env_file=".env", extra="ignore", frozen=True)

    database_url: DatabaseUrl = Field(
        default="sqlite:///register.db",
        description="Where the record is kept: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`, which "
        "may name several hosts and what else libpq reads.",
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
        description="Role of PostgreSQL as which the service connects, where that is not the owner of the database: "
        "`register "
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
        description="Port of its own for `/healthz`, `/readyz` and `/metrics`, which are never limited there; without "
        "it there are no metrics.",
    )
    management_host: str = Field(
        default="127.0.0.1",
        description="Address that the management port listens on: one that only the operator reaches.",
    )
    traces_url: WebAddress | None = Field(
        default=None,
        description="Where traces are sent to by OTLP over HTTP, such as `http://collector:4318/v1/traces`; needs the "
        "extra `tracing`.",
    )
    root_path: PathPrefix = Field(
        default="",
        max_length=200,
        description="Path below which a proxy passes requests on, such as `/register`, whether it takes it off or not;"
        " all addresses that the register tells begin with it. Where it is not set, `X-Forwarded-Prefix` "
        "of a proxy says so.",
    )
    trusted_proxies: NetworkList = Field(
        default="127.0.0.0/8,::1",
        description="Networks of the proxies in front, whose `X-Forwarded-For`, `X-Forwarded-Proto` and "
        "`X-Forwarded-Prefix` are believed. What connects to the socket of `--uds` is believed, too.",
    )
    log_name: str = Field(
        default="cooperation-register",
        pattern=r"^[^\s+]{1,200}$",
        description="Name of the key that `register log init` makes, and with it of the log: best the host of the "
        "register, such as `register.example.org`.",
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
        description="Time zone of the city, named by a place of the IANA list: it decides on which day something was "
        "said, is due or is late, and new events are in it. "
        "The register keeps it: once there is a statement, which is stored with its day, another one is refused; "
        "before, `register migrate` takes it over.",
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
        description="Networks that webhooks may lead to besides public addresses, such as `10.20.0.0/16`, there on any"
        " port and "
        "without TLS too.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least serious log lines to write; `info` includes one line a request."
    )

    @field_validator("database_read_url")
    @classmethod
    def refuse_standbys_of_nothing(cls, value: str | None, known: ValidationInfo) -> str | None:
        if value is None:
            return None
        urls = (checked(value), known.data.get("database_url", ""))
        if any(url.startswith("sqlite") for url in urls):
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
        return with_driver(self.database_url)

    @property
    def urls(self) -> list[URL]:
        """The URLs of the database and of what may be read besides."""
        return [self.database, *([self.standby] if self.standby else [])]

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of the proxies in front."""
        return networks_in(self.trusted_proxies)

    @property
    def shown_database(self) -> str:
        """The database as it may be told: without a password."""
        return shown(self.database_url)

    @property
    def standby(self) -> URL | None:
        """The URL of what may be read besides."""
        return None if self.database_read_url is None else url_of(self.database_read_url)

    @property
    def database_file(self) -> Path | None:
        """The file of an SQLite database; None on PostgreSQL."""
        return Path(self.database.database or "") if self.database.get_backend_name() == "sqlite" else None
