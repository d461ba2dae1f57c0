"""The sockets that `register serve` listens on."""

import socket
from pathlib import Path

import pytest

from app.cli.failed import Failed
from app.cli.listening import address_of, listen, listen_at
from tests.processes import free_port


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6 on this machine")
def test_every_address_is_of_both_families() -> None:
    port = free_port()
    with listen("::", port):
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port), 2).close()
    with listen("::1", port), pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", port), 2)


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    assert (address_of("::", 80), address_of("127.0.0.1", 80)) == ("[::]:80", "127.0.0.1:80")


def test_a_file_that_somebody_listens_at_is_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "socket"
    with listen_at(file), pytest.raises(Failed, match="Address already in use"):
        listen_at(file)
    assert file.exists()
    listen_at(file).close()


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text("mine", "utf-8")
    with pytest.raises(Failed, match="Address already in use"):
        listen_at(file)
    assert file.read_text("utf-8") == "mine"
