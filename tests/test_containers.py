"""The image and the production start: no container engine is needed to hold them to what the code has."""

import json
import math
import re
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from app.cli import COMMANDS
from app.cli.serving import SECONDS_TO_END
from docs.generate import ROOT
from tests.processes import environment, run, serving, succeed

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
OURS = ("migrate", "seed", "register", "deliver")


def instructions(name: str) -> list[str]:
    """What stands behind an instruction of the Dockerfile, in order."""
    return re.findall(rf"^\s*{name} (.*)$", DOCKERFILE.replace("\\\n", ""), re.MULTILINE)


def copied() -> set[str]:
    """The files and folders that the image is built from."""
    return {source for line in instructions("COPY") if not line.startswith("--from") for source in line.split()[:-1]}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The services of compose.yaml."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return content


class TestDockerfile:
    def test_runs_commands_that_exist(self) -> None:
        assert json.loads(instructions("ENTRYPOINT")[0]) == ["register"]
        assert json.loads(instructions("CMD")[-1])[0] in COMMANDS

    def test_uses_no_shell(self) -> None:
        for name in ("RUN", "ENTRYPOINT"):
            assert all(line.startswith("[") for line in instructions(name))

    def test_installs_what_the_lock_file_holds_and_nothing_else(self) -> None:
        installs = [line for line in instructions("RUN") if '"install"' in line]
        assert "--require-hashes" in installs[0]
        assert "--no-deps" in installs[1]
        assert len(installs) == 2

    def test_is_not_root(self) -> None:
        assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", instructions("USER")[-1])

    def test_copies_what_is_there_and_what_dockerignore_lets_through(self) -> None:
        let_through = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
        assert copied() == set(let_through)
        assert all((ROOT / name).exists() for name in copied())

    async def test_asks_a_healthy_register_and_a_silent_port(self, tmp_path: Path) -> None:
        python, *check = json.loads(DOCKERFILE.partition("HEALTHCHECK")[2].partition("CMD ")[2].splitlines()[0])
        assert python == "python"
        async with serving(tmp_path) as port:
            env = environment(REGISTER_MANAGEMENT_PORT=str(port))
            assert (await run(sys.executable, *check, cwd=tmp_path, env=env))[0] == 0
        assert (await run(sys.executable, *check, cwd=tmp_path, env=env))[0] == 1


class TestCompose:
    def test_runs_commands_that_exist(self, compose: dict[str, Any]) -> None:
        commands = [compose["services"][name]["command"] for name in OURS]
        assert commands == [["migrate"], ["seed"], ["serve", "--workers", "2"], ["deliver"]]
        assert {command for command, *_ in commands} <= set(COMMANDS)

    def test_starts_in_order(self, compose: dict[str, Any]) -> None:
        assert {name: compose["services"][name]["depends_on"] for name in OURS} == {
            "migrate": {"database": {"condition": "service_healthy"}},
            "seed": {"migrate": {"condition": "service_completed_successfully"}},
            "register": {"seed": {"condition": "service_completed_successfully"}},
            "deliver": {"migrate": {"condition": "service_completed_successfully"}},
        }
        assert compose["services"]["database"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]

    def test_publishes_the_api_on_this_machine_only(self, compose: dict[str, Any]) -> None:
        published = [port for service in compose["services"].values() for port in service.get("ports", [])]
        assert published == ["127.0.0.1:8000:8000", "127.0.0.1:9000:9000"]

    def test_gives_the_register_time_to_end(self, compose: dict[str, Any]) -> None:
        assert compose["services"]["register"]["stop_grace_period"] == f"{math.ceil(SECONDS_TO_END) + 2}s"
        assert all(compose["services"][name]["init"] for name in OURS)

    def test_believes_the_proxy_that_it_has(self, compose: dict[str, Any]) -> None:
        [network] = compose["networks"]["default"]["ipam"]["config"]
        trusted = compose["services"]["register"]["environment"]["REGISTER_TRUSTED_PROXIES"]
        assert trusted.endswith(f":-{network['gateway']}}}")
        mounted = [volume.split(":")[0] for volume in compose["services"]["proxy"]["volumes"]]
        assert (ROOT / mounted[0]).is_file()
        assert "127.0.0.1:8000" in (ROOT / mounted[0]).read_text("utf-8")

    def test_gives_the_register_no_more_than_it_needs(self, compose: dict[str, Any]) -> None:
        for name in OURS:
            service = compose["services"][name]
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
        for service in compose["services"].values():
            assert service["security_opt"] == ["no-new-privileges:true"]

    def test_lets_no_log_grow_without_end(self, compose: dict[str, Any]) -> None:
        assert {service["logging"]["driver"] for service in compose["services"].values()} == {"local"}

    def test_has_no_password(self, compose: dict[str, Any]) -> None:
        for service in compose["services"].values():
            assert not [name for name in service.get("environment", ()) if name.endswith(("PASSWORD", "KEY", "URL"))]
        for name in OURS:
            folder = "owner" if name == "migrate" else "register"
            assert compose["services"][name]["volumes"] == [f"./secrets/{folder}:/run/secrets:ro"]

    def test_serves_as_who_cannot_rewrite_the_log(self, compose: dict[str, Any]) -> None:
        """The one who migrates is the owner, and gives the other one its rights."""
        operating = (ROOT / "docs/operating.md").read_text("utf-8")
        role = compose["services"]["migrate"]["environment"]["REGISTER_SERVICE_ROLE"]
        assert f'"CREATE ROLE {role} LOGIN' in operating
        assert f"'postgresql://{role}:%s@database/register'" in operating
        assert role != compose["services"]["database"]["environment"]["POSTGRES_USER"]
        assert not any("REGISTER_SERVICE_ROLE" in compose["services"][name]["environment"] for name in OURS[1:])

    def test_keeps_the_record_in_a_volume(self, compose: dict[str, Any]) -> None:
        volume, *_ = compose["services"]["database"]["volumes"]
        assert volume.partition(":")[0] in compose["volumes"]


def copy_sources(folder: Path) -> None:
    """Copy what the image is built from."""
    for name in copied():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)


def unpack_wheel(folder: Path, target: Path) -> None:
    """Unpack the one wheel of a folder."""
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(target)


@pytest.mark.thorough
class TestWheel:
    async def test_holds_all_that_the_register_needs(self, tmp_path: Path) -> None:
        source, elsewhere, installed = (tmp_path / name for name in ("source", "elsewhere", "installed"))
        for folder in (source, elsewhere, installed):
            folder.mkdir()
        copy_sources(source)
        wheel = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path))
        await succeed(sys.executable, *wheel, str(source), cwd=tmp_path)
        unpack_wheel(tmp_path, installed)
        shutil.rmtree(source)

        program = "import app.cli, sys; assert app.__file__.startswith(sys.argv.pop(1)), app.__file__; app.cli.main()"
        register = (sys.executable, "-c", program, str(installed))
        async with (
            serving(elsewhere, register=register, PYTHONPATH=str(installed)) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        ):
            assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', (await client.get("/docs")).text)
            answers = [await client.get(path) for path in (*assets, "/v1/sub-measures")]
        assert len(assets) == 5
        assert [answer.status_code for answer in answers] == [200] * 6
        assert len(answers[-1].json()["items"]) == 17
