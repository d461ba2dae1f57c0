"""The docs say everything that the code has, and lead where they say."""

import re
from functools import cache
from pathlib import Path

import pytest

from app import __version__
from app.catalogue import FEATURES
from app.cli import COMMANDS
from app.http.problems import Problem
from app.settings import Settings
from docs.generate import PART, PARTS, ROOT, pages, renewed
from tests.schemas import document

KINDS = tuple(feature.kind for feature in FEATURES)

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
NAMING = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
SOURCES = (
    "app/**/*.py",
    "migrations/*.py",
    "openapi/openapi.json",
    "Makefile",
    "*.toml",
    "compose.yaml",
    "tests/*.py",
    "docs/examples/*",
)
# Words of the shell, of PostgreSQL, nginx, OpenSSL, OpenTelemetry, Prometheus and the log, what a reader makes or looks
# for, and a way of writing.
ELSEWHERE = {
    "PATH",
    "RESTORED_URL",
    "ERROR",
    "pg_dump",
    "max_connections",
    "proxy_read_timeout",
    "SSL_CERT_FILE",
    "compose.override.yaml",
    "lodz",
    "snake_case",
    "traceparent",
    "register_write_retries_total",
}
SECTIONS = ["Context", "Decision", "Consequences", "Rejected", "What holds it"]


def page(path: str) -> str:
    """The text of a page."""
    return (ROOT / path).read_text("utf-8")


def spans(path: Path) -> set[str]:
    """What stands in backticks in the text of a page."""
    return set(re.findall(r"`([^`\n]+)`", BLOCK.sub("", path.read_text("utf-8"))))


@cache
def words() -> set[str]:
    """Every name in the code, the contract and what starts them."""
    files = [file for pattern in SOURCES for file in ROOT.glob(pattern)]
    return {word for file in files for word in re.findall(r"[A-Za-z_]\w*", file.read_text("utf-8"))}


def headings(text: str) -> list[str]:
    """The headings of a page."""
    return HEADING.findall(re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))


def anchors(path: Path) -> set[str]:
    """The places in a page that a link can lead to, as GitHub and Forgejo name them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(path.read_text("utf-8"))}


class TestGeneratedParts:
    @pytest.mark.parametrize("path", [str(path.relative_to(ROOT)) for path in pages()])
    def test_are_what_the_code_gives_now(self, path: str) -> None:
        assert page(path) == renewed(page(path)), "run `make docs`"

    def test_all_stand_in_some_page(self) -> None:
        used = {name for path in pages() for name, _ in PART.findall(path.read_text("utf-8"))}
        assert used == set(PARTS)


class TestNothingIsMissing:
    def test_every_setting_has_its_row(self) -> None:
        rows = {f"REGISTER_{name.upper()}" for name in Settings.model_fields}
        assert rows == set(re.findall(r"^\| `(REGISTER_\w+)` \|", page("docs/operating.md"), re.MULTILINE))

    def test_every_command_has_its_row(self) -> None:
        assert set(COMMANDS) == set(re.findall(r"^\| `register (\w+)` \|", page("docs/operating.md"), re.MULTILINE))

    def test_every_kind_of_problem_has_its_row(self) -> None:
        assert set(Problem.kinds) == set(re.findall(r"`/problems/([\w-]+)` \|", page("docs/api.md")))

    def test_every_resource_has_its_row(self) -> None:
        paths = [resource.path for resource in KINDS]
        assert paths == re.findall(r"^\| `/v1/([\w{}/-]+)` \|", page("docs/api.md"), re.MULTILINE)

    def test_every_state_machine_has_its_table(self) -> None:
        api = page("docs/api.md")
        machines = {resource.path: resource.transitions for resource in KINDS if resource.transitions}
        assert len(machines) == len([name for name in PARTS if name.startswith("steps-of-")])
        for path, steps in machines.items():
            _, _, table = api.partition(f"<!-- generated: steps-of-{path} -->")
            rows = re.findall(r"^\| `(\w+)` \|[^|]*\| ([^|]*) \|", table.partition("<!-- end -->")[0], re.MULTILINE)
            shown = {state: set(re.findall(r"`(\w+)`", following)) for state, following in rows}
            assert shown == {str(state): set(map(str, following)) for state, following in steps.items()}

    def test_every_table_is_in_the_diagram(self) -> None:
        diagram = page("docs/data-model.md")
        for name, table in KINDS[0].table.metadata.tables.items():
            columns = re.search(rf"^    {name} \{{\n(.*?)^    \}}$", diagram, re.DOTALL | re.MULTILINE)
            assert columns
            assert [line.split()[1] for line in columns[1].splitlines()] == list(table.columns.keys())

    def test_every_page_is_in_the_index(self) -> None:
        linked = {(ROOT / "docs" / link).resolve() for link in LINK.findall(page("docs/README.md"))}
        assert {path for path in pages() if path != ROOT / "docs/README.md"} <= linked


@pytest.mark.parametrize("path", NAMING, ids=lambda path: str(path.relative_to(ROOT)))
class TestNames:
    """What stands in backticks is there: a page that speaks of what was renamed or removed is found."""

    def test_are_words_of_the_code(self, path: Path) -> None:
        names = {each for each in spans(path) if re.fullmatch(r"[A-Za-z]+(_[A-Za-z0-9]+)*", each)}
        settings = {f"REGISTER_{name.upper()}" for name in Settings.model_fields}
        assert names - words() - settings - ELSEWHERE == set()

    def test_are_files_that_there_are(self, path: Path) -> None:
        for each in spans(path):
            if re.fullmatch(r"(app|docs|migrations|openapi|tests)/[\w./*-]+|[\w-]+\.(py|md|ya?ml|toml|ini)", each):
                places = (each, f"app/{each}", f"app/*/{each}", f"app/*/*/{each}")
                assert each in ELSEWHERE or any(any(ROOT.glob(place)) for place in places), each

    def test_are_commands_that_there_are(self, path: Path) -> None:
        for each in spans(path):
            command = re.match(r"(?:\.venv/bin/)?register ([a-z]+)", each)
            assert not command or command[1] in COMMANDS, each

    def test_are_addresses_that_there_are(self, path: Path) -> None:
        known = {re.sub(r"\{\w+\}", "*", f"/v1{each}") for each in document()["paths"]}
        for each in spans(path):
            address = re.fullmatch(r"(/v1/[\w/{}-]+)(\?.*)?", each)
            assert not address or re.sub(r"\{\w+\}", "*", address[1]) in known, each


class TestDataModel:
    def test_speaks_of_tables_and_columns_that_there_are(self) -> None:
        tables = KINDS[0].table.metadata.tables
        columns = {column.name for table in tables.values() for column in table.columns}
        names = {each for each in spans(ROOT / "docs/data-model.md") if re.fullmatch(r"[a-z_]+", each)}
        assert names - tables.keys() - columns == set()


class TestChangelog:
    def test_begins_with_the_version_of_the_package(self) -> None:
        versions = [heading for heading in headings(page("CHANGELOG.md")) if re.match(r"\d", heading)]
        assert versions[0] == __version__


class TestLinks:
    @pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
    def test_lead_somewhere(self, path: Path) -> None:
        for link in LINK.findall(CODE.sub("", path.read_text("utf-8"))):
            if link.startswith("https://"):
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


class TestDecisions:
    @pytest.mark.parametrize("path", sorted(ROOT.glob("docs/decisions/*.md")), ids=lambda path: path.stem)
    def test_have_one_shape(self, path: Path) -> None:
        title, *sections = headings(path.read_text("utf-8"))
        assert title.startswith(path.name[:4] + " ")
        assert sections == SECTIONS

    def test_are_numbered_without_a_gap(self) -> None:
        numbers = [int(path.name[:4]) for path in sorted(ROOT.glob("docs/decisions/*.md"))]
        assert numbers == list(range(1, len(numbers) + 1))


class TestLicence:
    def test_is_complete(self) -> None:
        text = page("LICENSE")
        articles = re.findall(r"^(\d+)\. \w+", text, re.MULTILINE)
        assert articles == [str(number) for number in range(1, 16)]
        assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in text
        assert text.endswith("new EUPL version.\n")
