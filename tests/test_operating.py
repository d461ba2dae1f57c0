"""`docs/operating.md`: the commands that an operator types are ones that there are."""

import re
import shlex

import pytest
from typer.main import get_command

from app.cli.loading import load
from docs.generate import ROOT
from tests.test_containers import OURS

TEXT = (ROOT / "docs/operating.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
LINES = [line.partition(" #")[0].strip() for block in BLOCKS for line in block.splitlines()]
OURS_IN_LINE = re.compile(r"(?:\w+=\S* )*register (.*)")
REGISTER = sorted({found[1] for line in LINES if (found := OURS_IN_LINE.fullmatch(line))})
ELSEWHERE = {
    **dict.fromkeys(("python3", "/opt/register/bin/pip"), "tests/test_containers.py builds and installs so"),
    **dict.fromkeys(("useradd", "install", "mkdir", "printf", "openssl", "systemctl"), "the system's own"),
    **dict.fromkeys(("cd", "runuser", "umask"), "the system's own"),
    **dict.fromkeys(("createdb", "pg_dump", "pg_restore"), "the tests of backups"),
    **dict.fromkeys(
        ("nginx", "haproxy", "systemd-analyze", "curl", "docker"), "below, and what the examples' tests start"
    ),
}


def test_every_program_is_checked_somewhere() -> None:
    others = {shlex.split(line)[0] for line in LINES if line and not OURS_IN_LINE.fullmatch(line)}
    assert others <= set(ELSEWHERE)


@pytest.mark.parametrize("line", REGISTER)
def test_the_register_takes_its_commands(line: str) -> None:
    name, *arguments = shlex.split(line)
    command = get_command(load(name).cli)
    while hasattr(command, "commands") and arguments and arguments[0] in command.commands:
        command = command.commands[arguments.pop(0)]
    # Parsed and not carried out: what is wrong with the options is an error.
    command.make_context(name, arguments, resilient_parsing=False).close()


def test_containers_have_the_services_and_profiles() -> None:
    compose = (ROOT / "compose.yaml").read_text("utf-8")
    asked = [line for line in LINES if line.startswith("docker compose")]
    assert asked
    for profile in re.findall(r"--profile (\w+)", TEXT):
        assert f"profiles: [{profile}]" in compose
    assert set(re.findall(r"run --rm (\w+)", TEXT)) <= set(OURS)


def test_what_is_fetched_is_there() -> None:
    paths = re.findall(r"curl .*?127\.0\.0\.1:9000(/\S+)", TEXT)
    assert paths == ["/readyz", "/metrics"]


def test_files_that_it_names_are_there() -> None:
    assert all((ROOT / "docs" / name).is_file() for name in re.findall(r"\]\((examples/[^)]+)\)", TEXT))
    assert (ROOT / "requirements.lock").is_file()
