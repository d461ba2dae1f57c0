"""The time zone in which a register counts its days stays, whatever REGISTER_TIMEZONE says later."""

from pathlib import Path

import pytest

from app.http.failures import LEFT_TO_OPERATOR
from app.settings import Settings
from tests.commands import Command
from tests.conftest import Templates, client_of, running
from tests.databases import only_sqlite
from tests.factories import CARITAS, make
from tests.problems import problem_of

ELSEWHERE = "America/Chicago"
TOLD = f"REGISTER_TIMEZONE is {ELSEWHERE}, but this register counts its days in Europe/Berlin: "
TODO = "set it to that, or, before the first statement, run `register migrate`"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command in a folder of its own."""
    return Command(monkeypatch, capsys, tmp_path)


async def test_of_the_settings_must_be_the_one_that_days_were_counted_in(
    settings: Settings, templates: Templates, command: Command
) -> None:
    """Before the first statement another one can be taken over; from then on it stays."""
    command.configure("DATABASE_URL", settings.database_url)
    command.configure("TIMEZONE", ELSEWHERE)
    elsewhere = settings.model_copy(update={"timezone": ELSEWHERE})
    for name, *arguments in (("verify",), ("seed",), ("export", "folder")):
        assert await command.refused(name, *arguments) == TOLD + TODO
    _, out, _ = await command.attempt("doctor")
    assert f"mend: {TOLD}{TODO}\n" in out
    async with running(elsewhere) as app, client_of(app, templates.keys["operator"]) as client:
        for path in ("/v1/partners", "/readyz"):
            problem = problem_of(await client.get(path), 503, "unavailable", remedy=LEFT_TO_OPERATOR)
            assert problem["detail"] == f"{TOLD}set it to that."
        await command.run("migrate")
        assert (await client.get("/v1/partners")).status_code == 200
        decision = await make(client, "decisions")
        said = await client.put(f"/v1/decisions/{decision['id']}/statements/{CARITAS}", json={"position": "support"})
        assert said.status_code == 201
    assert (await command.run("verify")).endswith("0 faults.\n")
    command.configure("TIMEZONE", "Europe/Berlin")
    told = f"REGISTER_TIMEZONE is Europe/Berlin, but this register counts its days in {ELSEWHERE}: {TODO}"
    for name in ("migrate", "verify"):
        assert await command.refused(name) == told


@pytest.mark.thorough
async def test_goes_along_to_another_house_and_into_backups(settings: Settings, command: Command) -> None:
    command.configure("DATABASE_URL", settings.database_url)
    await command.run("export", "folder")
    await command.run("backup", "backup.db")
    command.configure("DATABASE_URL", "sqlite:///there.db")
    command.configure("TIMEZONE", ELSEWHERE)
    assert await command.refused("restore", "backup.db") == f"{TOLD}set it to that"
    assert command.left == ["backup.db", "folder"]
    await command.run("migrate")
    assert await command.refused("import", "folder") == f"{TOLD}set it to that"
    command.configure("TIMEZONE", "Europe/Berlin")
    await command.run("migrate")
    assert (await command.run("import", "folder")).startswith("The register is as it was")


@only_sqlite
async def test_is_looked_at_before_a_file_is_served(
    settings: Settings, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.serving.configure_logging", lambda _level: None)
    command.configure("DATABASE_URL", settings.database_url)
    command.configure("TIMEZONE", ELSEWHERE)
    assert await command.refused("serve", "--uds", "socket") == TOLD + TODO
    assert "socket" not in command.left
