"""What settings and files say, without a database."""

import shutil
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from app.doctor.advice import Advice, look, mend
from app.log.key import UNREADABLE, read_signer
from app.settings import Settings

OTHERS = 0o077
"""The bits of a mode that let somebody else than the owner do anything."""
LEAST_TEMPORARY = 256 * 1024**2
"""Room for files that are made to be sent, and for what is imported."""
LEAST_FREE = 1024**3


def in_house(settings: Settings) -> Iterator[Advice]:
    """What is to be mended about settings, secrets and disks."""
    yield from about_settings(settings)
    yield from about_log_key(settings)
    yield from about_modes(settings)
    yield from about_disks(settings)


def about_settings(settings: Settings) -> Iterator[Advice]:
    """What others must be told and are not."""
    if not settings.operator or settings.contact_email is None:
        yield look("nobody is named who runs the register", "set REGISTER_OPERATOR and REGISTER_CONTACT_EMAIL")
    if settings.public_url is None:
        yield look("the register does not know its own address", "set REGISTER_PUBLIC_URL")
    elif settings.public_url.startswith("http://"):
        yield mend("REGISTER_PUBLIC_URL has no TLS: keys can be read on their way", "put a proxy with TLS in front")
    if not is_of_here(settings.host) and all(each.is_loopback for each in settings.proxies):
        yield look(
            f"the register listens on {settings.host} and believes proxies on this machine only",
            "set REGISTER_TRUSTED_PROXIES where the proxy is elsewhere, or all clients are one",
        )


def is_of_here(host: str) -> bool:
    """Whether what listens on a host is reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def about_log_key(settings: Settings) -> Iterator[Advice]:
    """Whether the log can be signed."""
    try:
        read_signer(settings)
    except FileNotFoundError:
        yield look("the log has no key, so there are no checkpoints and receipts", "run `register log init`")
    except UNREADABLE as error:
        yield mend(f"the key of the log cannot be read ({error})", "put back the copy that was kept of it")


def about_modes(settings: Settings) -> Iterator[Advice]:
    """Which files can be read by others than their owner."""
    secret = [Path(str(settings.model_config["env_file"])), settings.log_key_file]
    if (file := settings.database_file) is not None:
        secret += [file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm"))]
    # Where others can read it, the driver does not.
    secret += [Path(str(url.query["passfile"])) for url in settings.urls if "passfile" in url.query]
    for path in secret:
        if path.is_file() and (mode := path.stat().st_mode & 0o777) & OTHERS:
            yield mend(f"{path} is not its owner's alone (mode {mode:o})", f"chmod 600 {path}")


def about_disks(settings: Settings) -> Iterator[Advice]:
    """Where room runs out: a migration, a backup and a restore need as much again as the register has."""
    temporary = Path(tempfile.gettempdir())
    if (free := shutil.disk_usage(temporary).free) < LEAST_TEMPORARY:
        yield mend(f"{temporary} has {in_mib(free)} left", "make room for exports and imports, or set TMPDIR")
    file = settings.database_file
    if file is not None and file.is_file():
        needed = max(LEAST_FREE, 2 * file.stat().st_size)
        if (free := shutil.disk_usage(file.parent).free) < needed:
            yield mend(f"the disk of {file} has {in_mib(free)} left", f"make room for {in_mib(needed)} at least")


def in_mib(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1024**2:,.0f} MiB"
