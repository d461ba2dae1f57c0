"""The examples of docs/examples that no other test sets up: the service of systemd, the rules of alerts."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.cli import COMMANDS
from app.management import figures, state
from docs.generate import ROOT
from tests.processes import run

EXAMPLES = ROOT / "docs/examples"
ANALYZE = shutil.which("systemd-analyze")
FAMILY = re.compile(r"register_[a-z_]+")
SUFFIXES = re.compile(r"_(total|bucket|count|sum)$")


class TestService:
    def unit(self) -> dict[str, str]:
        """The settings of the unit, by name."""
        lines = (EXAMPLES / "register.service").read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def test_runs_a_command_that_exists_and_waits_until_it_ends(self) -> None:
        unit = self.unit()
        assert unit["ExecStart"].split()[1] in COMMANDS
        assert int(unit["TimeoutStopSec"]) > 8

    @pytest.mark.skipif(not ANALYZE, reason="there is no systemd on this machine")
    async def test_is_one_that_systemd_takes(self, tmp_path: Path) -> None:
        text = (EXAMPLES / "register.service").read_text("utf-8")
        # The program must be there.
        file = tmp_path / "register.service"
        file.write_text(text.replace("/opt/register/bin/register", "/bin/true"), "utf-8")
        code, out, err = await run(str(ANALYZE), "verify", "--man=no", str(file), cwd=tmp_path)
        assert (code, [line for line in (out + err).splitlines() if "register.service" in line]) == (0, [])


class TestAlerts:
    def rules(self) -> list[dict[str, Any]]:
        """The rules."""
        content = yaml.safe_load((EXAMPLES / "alerts.yaml").read_text("utf-8"))
        return [rule for group in content["groups"] for rule in group["rules"]]

    def test_ask_for_figures_that_there_are(self) -> None:
        source = Path(state.__file__).read_text("utf-8") + Path(figures.__file__).read_text("utf-8")
        there = set(re.findall(r'"(register_[a-z_]+)"', source))
        asked = {SUFFIXES.sub("", name) for rule in self.rules() for name in FAMILY.findall(rule["expr"])}
        assert asked <= there
        assert {"register_database_up", "register_verification_faults"} <= asked

    def test_say_what_is_wrong(self) -> None:
        for rule in self.rules():
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert rule["annotations"]["summary"].endswith((".", "?", "traceback.")), rule["alert"]
            assert json.dumps(rule["expr"]).count("(") == json.dumps(rule["expr"]).count(")")
