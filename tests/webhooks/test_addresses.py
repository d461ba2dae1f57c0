"""Where webhooks do not lead: into networks that only the register can reach, by whatever spelling or trick."""

import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.settings import Settings
from app.webhooks.addresses import AddressRefused, Guard, UnknownHost, plain
from tests.databases import any_database
from tests.factories import errors_of, make
from tests.webhooks.conftest import Worker
from tests.webhooks.receiver import Receiver, receiving
from tests.webhooks.test_delivering import PATH, deliveries, registered

Callers = Mapping[str, httpx.AsyncClient]

REFUSED_URLS = (
    "http://93.184.216.34/",
    "https://93.184.216.34:22/",
    "https://93.184.216.34:8080/",
    "https://93.184.216.34/#part",
    "https://user:word@93.184.216.34/",
    "ftp://93.184.216.34/",
    "https://a..example/",
    f"https://{'a' * 64}.example/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.0.0.1./",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://①②⑦.0.0.1/",
    "https://127。0。0。1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://0xa9fea9fe/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.0.0.8/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://192.168.1.1:8443/",
    "https://198.18.0.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[fe80::1%25eth0]/",
    "https:///path",
    "https://host:99999/",
)
"""What is refused when an endpoint is made; IPv6 has no place in an address of the register at all."""

REFUSED = (
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 (one of those that must not be reached)
    "10.255.255.255",
    "100.127.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.170",
    "192.168.0.1",
    "198.19.255.255",
    "224.0.0.251",
    "239.255.255.250",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)
"""What a name can lead to and a webhook does not: loopback, private, link-local, metadata, NAT64, 6to4, Teredo and so on."""

REACHED = ("93.184.216.34", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:1.1.1.1")


class Network(httpcore.AsyncMockBackend):
    """Notes whom it is asked to connect to."""

    def __init__(self) -> None:
        super().__init__([])
        self.hosts: list[str] = []

    async def connect_tcp(self, host: str, *_args: object, **_more: object) -> httpcore.AsyncNetworkStream:
        """A connection that says nothing."""
        self.hosts.append(host)
        return httpcore.AsyncMockStream([])


class Names:
    """Says something else each time that it is asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        """The next answer."""
        if not self.answers:
            raise OSError
        return self.answers.pop(0)


def guard(scheme: str, allowed: str, *answers: Sequence[str]) -> Guard:
    """A guard that looks names up there, and whose connections lead nowhere."""
    made = Guard(scheme, [ip_network(allowed)] if allowed else [], Names(*answers))
    made.network = Network()
    return made


@any_database
class TestUrl:
    async def test_that_leads_inside_is_refused_at_once(self, callers: Callers) -> None:
        for url in REFUSED_URLS:
            answer = await callers["contributor"].post(PATH, json={"url": url})
            assert answer.status_code == 422, url
            assert {pointer for pointer, _ in errors_of(answer)} == {"#/url"}
        for url in ("https://93.184.216.34/", "https://93.184.216.34:8443/hook", "https://register.example/hook"):
            answer = await callers["contributor"].post(PATH, json={"url": url})
            assert (answer.status_code, answer.json()["url"]) == (201, url)
            changed = await callers["contributor"].patch(
                answer.headers["location"], json={"url": "https://127.1/"}, headers={"If-Match": "*"}
            )
            assert errors_of(changed) == [("#/url", "address_not_allowed")]


class TestGuard:
    @pytest.mark.parametrize("address", REFUSED)
    async def test_connects_to_none_that_is_not_public(self, address: str) -> None:
        for answer in ([address], ["93.184.216.34", address], [address, "93.184.216.34"]):
            refusing = guard("https", "", answer)
            with pytest.raises(AddressRefused):
                await refusing.connect_tcp("hook.example", 443)
            assert isinstance(refusing.network, Network)
            assert refusing.network.hosts == []

    @pytest.mark.parametrize("address", REACHED)
    async def test_connects_to_the_very_address_that_it_judged(self, address: str) -> None:
        """A name that means something else a moment later is not asked again."""
        connecting = guard("https", "", [address], ["127.0.0.1"])
        await connecting.connect_tcp("rebinding.example", 443)
        assert isinstance(connecting.network, Network)
        assert connecting.network.hosts == [str(plain(address))]
        with pytest.raises(AddressRefused):
            await connecting.connect_tcp("rebinding.example", 443)
        with pytest.raises(UnknownHost):
            await connecting.connect_tcp("rebinding.example", 443)

    @pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("http", 443), ("https", 80), ("https", 25)])
    async def test_goes_elsewhere_only_into_networks_that_are_allowed(self, scheme: str, port: int) -> None:
        with pytest.raises(AddressRefused):
            await guard(scheme, "", ["93.184.216.34"]).connect_tcp("hook.example", port)
        with pytest.raises(AddressRefused):
            await guard(scheme, "10.20.0.0/16", ["10.20.0.1", "10.21.0.1"]).connect_tcp("hook.example", port)
        allowed = guard(scheme, "10.20.0.0/16", ["10.20.0.1"])
        await allowed.connect_tcp("hook.example", port)
        assert isinstance(allowed.network, Network)
        assert allowed.network.hosts == ["10.20.0.1"]


@any_database
class TestDelivery:
    async def test_reaches_nobody_when_its_name_turns_inside(
        self, callers: Callers, worker: Worker, receiver: Receiver
    ) -> None:
        """What was allowed once is judged again at each connection."""
        caritas = callers["contributor"]
        endpoint = await registered(caritas, receiver, url=f"http://hook.example:{receiver.port}/")
        worker.resolve = Names(["127.0.0.1"], ["127.0.0.1", "169.254.169.254"], [])
        await worker.deliver()
        assert [each.headers["host"] for each in receiver.received] == [f"hook.example:{receiver.port}"]
        await make(callers["operator"], "goals")
        await worker.deliver()
        assert (await caritas.post(f"{PATH}/{endpoint['id']}/ping")).status_code == 202
        await worker.deliver()
        assert len(receiver.received) == 1
        items = (await deliveries(caritas, endpoint, failed="true"))["items"]
        assert {each["failure"] for each in items} == {"address", "unknown_host"}

    async def test_by_tls_wants_a_certificate_for_the_host(
        self, callers: Callers, worker: Worker, tmp_path: Path
    ) -> None:
        """One that nobody vouches for, and one of another host, is none; the name that counts is the URL's."""
        file = tmp_path / "hook.pem"
        file.write_bytes(certificate("hook.example"))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(file)
        caritas = callers["contributor"]
        async with receiving(tls) as receiver:
            endpoints = {
                name: await registered(caritas, receiver, url=f"https://{name}:{receiver.port}/")
                for name in ("hook.example", "other.example")
            }
            for outcomes in ([{"tls"}, {"tls"}], [{None}, {"tls"}]):
                worker.resolve = Names(["127.0.0.1"], ["127.0.0.1"])
                await worker.deliver()
                found = [await deliveries(caritas, endpoint, limit=1) for endpoint in endpoints.values()]
                assert [{each["failure"] for each in one["items"]} for one in found] == outcomes
                worker.tls.load_verify_locations(file)
                for endpoint in endpoints.values():
                    assert (await caritas.post(f"{PATH}/{endpoint['id']}/ping")).status_code == 202
            assert [each.headers["host"] for each in receiver.received] == [f"hook.example:{receiver.port}"]


def certificate(host: str) -> bytes:
    """A key and a certificate for a host, signed by nobody else."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *form) + made.public_bytes(serialization.Encoding.PEM)


class TestSettings:
    def test_name_networks(self) -> None:
        told = Settings(_env_file=None, webhook_allow="10.20.0.0/16, fd00::/8")
        assert [str(each) for each in told.webhook_networks] == ["10.20.0.0/16", "fd00::/8"]
        with pytest.raises(ValueError, match="must be networks"):
            Settings(_env_file=None, webhook_allow="10.20.0.1/16")
