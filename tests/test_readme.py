"""What the README and the docs show is what happens: their examples run, their commands exist."""

import json
import re
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from docs.generate import ROOT
from tests.processes import environment, serving, succeed
from tests.proxies import CERTIFICATE, NGINX, PREFIX, passing

ADDRESS = "http://127.0.0.1:8000"
TOUR = "docs/tour.md"
PAGES = ("README.md", TOUR, "docs/api.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SOMETHING = "..."


class Example(NamedTuple):
    """A request, and what the page says that it answers."""

    command: str
    answer: str


class Answer(NamedTuple):
    """An answer over HTTP, as `curl -i` prints it."""

    status: str
    headers: dict[str, str]
    body: Any


def examples(page: str) -> list[Example]:
    """The examples of a page: each block with curl, with the block behind it."""
    blocks = BLOCK.findall((ROOT / page).read_text("utf-8"))
    found = []
    for (kind, text), (next_kind, next_text) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if kind == "sh" and "curl" in text:
            assert next_kind == "http", f"without an answer: {text}"
            found.append(Example(text, next_text))
    return found


def parsed(text: str) -> Answer:
    """The parts of an answer."""
    head, _, body = text.replace("\r\n", "\n").strip().partition("\n\n")
    status, *lines = head.split("\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(status.split(" ")[1], headers, json.loads(body) if body else None)


def is_shown(claimed: Any, actual: Any) -> bool:
    """Whether an answer has what a shortened one shows: some members, the first entries, `...` for any text."""
    match claimed:
        case dict():
            return isinstance(actual, dict) and all(
                name in actual and is_shown(value, actual[name]) for name, value in claimed.items()
            )
        case list():
            return len(actual) >= len(claimed) and all(map(is_shown, claimed, actual))
        case str():
            return isinstance(actual, str) and bool(fitting(claimed).fullmatch(actual))
        case _:
            return bool(claimed == actual)


def fitting(claimed: str) -> re.Pattern[str]:
    """The texts that a shown one stands for."""
    return re.compile(".+".join(re.escape(part) for part in claimed.split(SOMETHING)))


def targets() -> set[str]:
    """The commands of the Makefile."""
    return set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
class TestExamples:
    async def test_answer_what_the_pages_show(self, tmp_path: Path) -> None:
        """The tour through nginx, below a path and with TLS, where there is one; what is told begins with the path then."""
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(serving(tmp_path))
            plain = f"http://127.0.0.1:{port}"
            proxied = stack.enter_async_context(passing(NGINX, tmp_path, port, port)) if NGINX.program else None
            places = {TOUR: await proxied if proxied else plain}
            trusting = environment(CURL_CA_BUNDLE=str(tmp_path / CERTIFICATE)) if proxied else environment()

            async def answer_to(command: str, page: str = TOUR) -> Answer:
                assert ADDRESS in command
                command = command.replace(ADDRESS, places.get(page, plain))
                told = await succeed("sh", "-e", "-c", command, cwd=tmp_path, env=trusting)
                return parsed(re.sub(rf"{PREFIX}(?=/(?:v1|problems)\b)", "", told))

            for page in PAGES:
                assert examples(page)
                for example in examples(page):
                    answer, claimed = await answer_to(example.command, page), parsed(example.answer)
                    assert answer.status == claimed.status, example.command
                    assert is_shown(claimed.headers, answer.headers), (example.command, answer.headers)
                    assert is_shown(claimed.body, answer.body), (example.command, answer.body)

            change = next(example.command for example in examples(TOUR) if "PATCH" in example.command)
            again = await answer_to(change)
            assert (again.status, again.headers["etag"]) == ("412", '"2"')


class TestShortenedAnswers:
    def test_show_a_part_of_the_answer(self) -> None:
        assert is_shown({"items": [{"code": "3.1"}]}, {"items": [{"code": "3.1", "title": "x"}, {"code": "3.2"}]})
        assert is_shown({"link": "</v1/goals?...>"}, {"link": "</v1/goals?cursor=x>"})

    def test_show_nothing_that_is_not_in_it(self) -> None:
        assert not is_shown({"items": [{"code": "3.2"}]}, {"items": [{"code": "3.1"}]})
        assert not is_shown({"items": [1, 2]}, {"items": [1]})
        assert not is_shown({"next_cursor": "..."}, {"next_cursor": None})
        assert not is_shown({"total": 7}, {})


class TestCommands:
    def test_of_make_exist(self) -> None:
        used = {
            command
            for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / ".ci/run")
            for line in re.findall(
                r"(?:^|`)(?:\w+=\w+ )?make ([a-z-]+(?: [a-z-]+(?![a-z=-]))*)", page.read_text("utf-8"), re.MULTILINE
            )
            for command in line.split()
        }
        assert {"run", "test", "test-all"} <= used
        assert used <= targets()

    def test_of_the_first_screen_stand_first(self) -> None:
        first = BLOCK.search((ROOT / "README.md").read_text("utf-8"))
        assert first
        assert re.findall(r"^make ([\w-]+)", first[2], re.MULTILINE) == ["run", "test", "test-all"]

    def test_of_continuous_integration_are_those_of_the_readme(self) -> None:
        script = ROOT / ".ci/run"
        assert script.stat().st_mode & 0o111
        assert {"make test-all", "make contract"} <= set(script.read_text("utf-8").splitlines())

    @pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")
    async def test_make_test_alone_leaves_out_the_thorough_tests(self) -> None:
        dry = ("make", "--dry-run", "--no-print-directory", "--assume-old=pyproject.toml")
        said = {command: await succeed(*dry, command, cwd=ROOT) for command in ("test", "test-all", "cover")}
        assert {command for command, out in said.items() if "not thorough" in out} == {"test"}
        suite = await succeed(*dry, "suite", 'WITH=-m "not thorough"', cwd=ROOT)
        assert suite.rstrip().endswith(' -m "not thorough"')

    @pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")
    async def test_make_run_demo_loads_the_invented_year_into_a_folder_of_its_own(self) -> None:
        out = await succeed("make", "--dry-run", "--assume-old=pyproject.toml", "run-demo", cwd=ROOT)
        steps = re.findall(r"^cd demo && \.\./\.venv/bin/register (\w+)", out, re.MULTILINE)
        assert steps == ["migrate", "seed", "demo", "keys", "serve"]

    @pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")
    async def test_make_run_migrates_seeds_and_serves(self) -> None:
        out = await succeed("make", "--dry-run", "--assume-old=pyproject.toml", "run", cwd=ROOT)
        assert re.findall(r"register (\w+)", out)[-5:] == ["migrate", "seed", "keys", "log", "serve"]
