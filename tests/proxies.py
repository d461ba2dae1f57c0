"""Real proxies before the service, set up as the examples in the docs say: below a path, with TLS and gzip."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from docs.generate import ROOT
from tests.processes import free_port

PREFIX = "/register"
CERTIFICATE = "certificate.pem"
SECONDS_TO_EXIT = 20
AROUND_NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/errors;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/register.conf;
}}
"""


class Proxy(NamedTuple):
    """A proxy: its program, its example in the docs, and what of that is another thing on the machine of the tests."""

    program: str
    example: str
    arguments: Sequence[str]
    elsewhere: Mapping[str, str]


NGINX = Proxy(
    shutil.which("nginx") or "",
    "nginx.conf",
    ("-p", "{folder}", "-c", "{folder}/around.conf"),
    {
        "listen 80;": "listen 127.0.0.1:{plain};",
        "listen [::]:80;": "",
        "listen 443 ssl": "listen 127.0.0.1:{port} ssl",
        "listen [::]:443 ssl http2;": "",
        "/etc/ssl/register": "{folder}",
        "127.0.0.1:8000": "127.0.0.1:{service}",
    },
)
HAPROXY = Proxy(
    shutil.which("haproxy") or "",
    "haproxy.cfg",
    ("-db", "-f", "{folder}/register.conf"),
    {
        "bind :443": "bind 127.0.0.1:{port}",
        "/etc/ssl/register": "{folder}",
        "127.0.0.1:8000 check port 9000": "127.0.0.1:{service} check port {management}",
        "127.0.0.2:8000 check port 9000": "127.0.0.1:{nobody} check port {nobody}",
    },
)


def write_certificate(folder: Path) -> None:
    """A certificate for this machine, in the files that the examples name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    shown = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for file, content in ((CERTIFICATE, shown), ("key.pem", secret), ("both.pem", shown + secret)):
        (folder / file).write_bytes(content)


def write_configuration(proxy: Proxy, folder: Path, **places: object) -> None:
    """The example, with what is elsewhere here."""
    text = (ROOT / "docs/examples" / proxy.example).read_text("utf-8")
    for there, here in proxy.elsewhere.items():
        assert there in text, there
        text = text.replace(there, here.format(folder=folder, **places))
    (folder / "register.conf").write_text(text, "utf-8")
    (folder / "around.conf").write_text(AROUND_NGINX.format(folder=folder), "utf-8")


@asynccontextmanager
async def passing(proxy: Proxy, folder: Path, service: int, management: int) -> AsyncIterator[str]:
    """The address of the register behind a proxy, which keeps its files in a folder; the certificate is there, too."""
    places = {"port": free_port(), "plain": free_port(), "nobody": free_port(), "management": management}
    write_certificate(folder)
    write_configuration(proxy, folder, service=service, **places)
    arguments = [each.format(folder=folder) for each in proxy.arguments]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(proxy.program, *arguments, stdout=quiet, stderr=quiet)
    address = f"https://localhost:{places['port']}{PREFIX}"
    try:
        async with client_at(address, folder) as client:
            await until_it_listens(client, process)
        yield address
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), SECONDS_TO_EXIT)


def client_at(address: str, folder: Path, key: str = "") -> httpx.AsyncClient:
    """A client that trusts the certificate of the folder."""
    return httpx.AsyncClient(
        base_url=address,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        verify=ssl.create_default_context(cafile=str(folder / CERTIFICATE)),
        trust_env=False,
        timeout=SECONDS_TO_EXIT,
    )


async def until_it_listens(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    """Ask until the proxy passes on."""
    for _ in range(200):
        assert process.returncode is None, "the proxy ended"
        try:
            if (await client.get("/healthz")).status_code == httpx.codes.OK:
                return
        except httpx.ConnectError:
            pass
        await asyncio.sleep(0.05)
    raise TimeoutError
