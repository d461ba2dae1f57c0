"""`register redact` and `register redactions`: whoever has the database erases, and does it again after a restore."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from app.settings import Settings
from tests.commands import Command
from tests.databases import any_database
from tests.dresden import goal_id
from tests.log.test_adversary import rewritten

# A goal of Dresden's agreement, and words that stand nowhere else.
GOAL, WORDS = goal_id(1), "einschließlich der Mitgestaltung"
REDACT = ("redact", "--type", "goal", "--id", GOAL, "--legal-basis", "Art. 17 (1) (d) GDPR")
FIELDS = ("--field", "title", "--field", "description")

LIES = (
    (
        "UPDATE change SET redacted_by = 40, data = pack(json_set(unpack(data), '$.title', 'x')) WHERE position = 36",
        "the entry at position 36 was redacted, and no entry says so",
    ),
    (
        "UPDATE change SET data = pack(json_set(unpack(data), '$.number', 99)) WHERE redacted_by IS NOT NULL",
        "is not what the one at position",
    ),
    (
        "UPDATE change SET redacted_by = NULL WHERE redacted_by IS NOT NULL",
        "is not redacted, and the one at position",
    ),
    ("UPDATE change SET redacts = '[]' WHERE action = 'redacted'", "its leaf has another hash"),
)
"""What somebody with SQL could do to what is redacted, or call redacted, and what verify says of it."""


def files_with(words: str, file: Path) -> list[str]:
    """The files of a database in which words are left."""
    return [each.name for each in file.parent.glob(f"{file.name}*") if words.encode() in each.read_bytes()]


def asked(file: Path, statement: str) -> Sequence[tuple[object, ...]]:
    """What a database answers."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command, in an empty folder."""
    return Command(monkeypatch, capsys, tmp_path)


@any_database
async def test_redacts_verifies_and_does_it_again_after_a_restore(
    command: Command, settings: Settings, tmp_path: Path
) -> None:
    command.configure("DATABASE_URL", settings.database_url)
    file, backup = Path(settings.database_file or ""), tmp_path / "backup.db"
    asked(file, f"VACUUM INTO '{backup}'")
    assert files_with(WORDS, file)
    assert await command.run(*REDACT, *FIELDS) == f"goal {GOAL}: 1 entries redacted.\n"
    assert await command.run(*REDACT, *FIELDS) == "There was nothing to erase.\n"
    assert files_with(WORDS, file) == []
    assert (
        await command.run("verify") == "36 representations and the change log checked, 1 entries redacted, 0 faults.\n"
    )
    assert await command.run("redactions", "export", "redactions.jsonl") == "1 redactions are in redactions.jsonl.\n"
    (tmp_path / "other.jsonl").write_text("{}\n", "utf-8")
    text = (tmp_path / "redactions.jsonl").read_text("utf-8")
    assert WORDS not in text
    assert json.loads(text.splitlines()[1])["fields"] == ["title", "description"]

    command.configure("DATABASE_URL", f"sqlite:///{backup}")
    assert files_with(WORDS, backup)
    assert await command.run("redactions", "apply", "redactions.jsonl") == "1 entries redacted by 1 redactions.\n"
    assert await command.run("redactions", "apply", "redactions.jsonl") == "0 entries redacted by 1 redactions.\n"
    assert files_with(WORDS, backup) == []
    assert (await command.run("verify")).endswith("1 entries redacted, 0 faults.\n")

    assert await command.run("redactions", "overwrite") == ""
    assert "holds no redactions" in await command.refused("redactions", "apply", "other.jsonl")
    assert "cannot be read" in await command.refused("redactions", "apply", "nothing.jsonl")
    (tmp_path / "other.jsonl").write_text(f'{text.splitlines()[0]}\n{{"resource_id": 7}}\n', "utf-8")
    assert "is not as it was written" in await command.refused("redactions", "apply", "other.jsonl")
    assert "#/fields/0" in await command.refused(*REDACT, "--field", "number")
    assert "legal_basis" in await command.refused(*REDACT[:-1], "", "--field", "title")
    assert "nowhere" in await command.refused("redactions", "export", "nowhere/redactions.jsonl")


@any_database
async def test_verify_finds_a_redaction_that_no_entry_tells_of(
    command: Command, settings: Settings, tmp_path: Path
) -> None:
    command.configure("DATABASE_URL", settings.database_url)
    await command.run(*REDACT, "--field", "title")
    for statement, finds in LIES:
        command.configure("DATABASE_URL", rewritten(settings, tmp_path, [statement]).database_url)
        code, out, _ = await command.attempt("verify")
        assert code == 1
        assert finds in out, statement
