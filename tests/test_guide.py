"""CONTRIBUTING.md, carried out as it stands in a copy of the tree: a field, a filter, a kind, a migration."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from docs.generate import ROOT
from tests.processes import environment, run, succeed

COPIED = (
    "app",
    "docs",
    "migrations",
    "openapi",
    "tests",
    "*.md",
    "*.toml",
    "*.ini",
    "Makefile",
    ".ci",
    ".dockerignore",
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# ([\w./]+)\n")
# The environment of the copy is that of this process, whatever is newer than what.
MAKE = "make --assume-old=.venv/.runtime --assume-old=.venv/.development "


class Edit(NamedTuple):
    """A block of the guide that names a file: the file's content, or what goes behind lines of it."""

    file: str
    text: str


def edits() -> Iterator[Edit]:
    """The edits of the guide, in its order."""
    for _, text in BLOCK.findall(guide()):
        name = FILE.match(text)
        if name:
            yield Edit(name[1], text[name.end() :])


def commands() -> list[str]:
    """The commands of the guide's recipes, in its order."""
    return [text for kind, text in BLOCK.findall(guide()) if kind == "sh"]


def guide() -> str:
    """The text of the guide."""
    return (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def edited(text: str, edit: Edit) -> str:
    """A file's text with the edit in it: as many of its first lines as stand there together say where it goes."""
    lines = edit.text.splitlines(keepends=True)
    for length in range(len(lines) - 1, 0, -1):
        place = "".join(lines[:length])
        if f"\n{place}" in text:
            assert text.count(f"\n{place}") == 1, f"{edit.file} has several places for {place!r}"
            return text.replace(f"\n{place}", f"\n{place}{''.join(lines[length:])}")
    raise AssertionError(f"{edit.file} has no line {lines[0]!r}")


def carry_out(edit: Edit, folder: Path) -> None:
    """Make an edit in a copy of the tree."""
    file = folder / edit.file
    file.write_text(edited(file.read_text("utf-8"), edit) if file.exists() else edit.text, "utf-8")


def migrations_in(folder: Path) -> set[str]:
    """The names of the migrations of a tree."""
    return {path.name for path in folder.glob("migrations/versions/*.py")}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the tree that runs with the environment of this process."""
    for path in (path for pattern in COPIED for path in ROOT.glob(pattern)):
        if path.is_dir():
            shutil.copytree(path, tmp_path / path.name, ignore=shutil.ignore_patterns("node_modules"))
        else:
            shutil.copy(path, tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")
class TestRecipes:
    @pytest.mark.thorough
    async def test_do_what_they_say(self, copy: Path) -> None:
        folders, migration, write, look = commands()
        env = environment(PYTHONPATH=str(copy))
        await succeed("sh", "-ec", folders, cwd=copy, env=env)
        for edit in edits():
            carry_out(edit, copy)
        await succeed("sh", "-ec", migration.replace("make ", MAKE), cwd=copy, env=env)
        [written] = migrations_in(copy) - migrations_in(ROOT)
        assert written.endswith("_postal_address_of_partners_venues.py")
        await succeed("sh", "-ec", write.replace("make ", MAKE), cwd=copy, env=env)
        code, out, _ = await run("sh", "-ec", look, cwd=copy, env=env)
        assert code == 0, out
        assert re.search(r"^\d+ passed", out.splitlines()[-1].strip("= ")), out
        for page in ("docs/access.md", "docs/api.md", "docs/data-model.md", "openapi/openapi.json"):
            assert "venue" in (copy / page).read_text("utf-8")

    async def test_ask_what_a_migration_is_for(self) -> None:
        code, _, err = await run("sh", "-c", f"{MAKE} migration", cwd=ROOT)
        assert (code, 'make migration m="' in err) == (2, True), err
