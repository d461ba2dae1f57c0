"""Writes what the docs say about the code: `make docs`.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`; the rest of a file is written by hand.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, make_url
from typer.main import get_group

import app.main  # noqa: F401 (every kind of problem is there once everything is loaded)
from app.catalogue import FEATURES
from app.cli import cli
from app.consultation_events import rules as event_rules
from app.consultation_events import terms as events
from app.decisions import terms as decisions
from app.http.problems import Problem
from app.management.figures import OWN
from app.management.state import STATE
from app.needs import terms as needs
from app.objections import terms as objections
from app.progress_reports import terms as reports
from app.proposals import terms as proposals
from app.resources.lists import ListQuery
from app.settings import Settings
from app.sub_measures import rules as measure_rules
from app.sub_measures import terms as measures
from app.vocabularies.term import Term

KINDS = tuple(feature.kind for feature in FEATURES)

ROOT = Path(__file__).parent.parent
PART = re.compile(r"(?<=<!-- generated: )([a-z-]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
POSTGRESQL = make_url("postgresql+asyncpg://").get_dialect()()


def pages() -> list[Path]:
    """Every page of the docs, and those beside the code."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def renewed(text: str) -> str:
    """The text of a page with its generated parts as they are now."""
    return PART.sub(lambda part: f"{part[1]}{part[2]}{PARTS[part[1]]()}\n", text)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows))


def settings() -> str:
    """The settings, as the code describes them."""
    return table(
        ("Variable", "Default", "What it sets"),
        (
            (
                f"`REGISTER_{name.upper()}`",
                f"`{field.default}`" if field.default != "" else "none",
                field.description or "",
            )
            for name, field in Settings.model_fields.items()
        ),
    )


def figures() -> str:
    """The figures on the management port, by their names in Prometheus."""
    # Counters are told with `_total` behind their names.
    counted = (
        (f"`{family.name}{'_total' * (family.type == 'counter')}`", family.documentation) for family in OWN.collect()
    )
    read = ((f"`{name}`", about) for name, about in STATE.items())
    return table(("Figure", "What it says"), sorted([*counted, *read]))


def commands() -> str:
    """The commands, with the first sentence of their help."""
    return table(
        ("Command", "What it does"),
        (
            (f"`register {name}`", (command.help or "").partition("\n\n")[0].replace("\n", " "))
            for name, command in get_group(cli).commands.items()
        ),
    )


def problems() -> str:
    """The kinds of problems."""
    return table(
        ("Status", "`type`", "What it means"),
        (
            (str(kind.status), f"`/problems/{kind.slug}`", kind.about.en)
            for kind in sorted(Problem.kinds.values(), key=lambda kind: (kind.status, kind.slug))
        ),
    )


def lists() -> str:
    """What each list can be sorted and filtered by, as the contract says it that `make openapi` has written."""
    paths = json.loads((ROOT / "openapi/openapi.json").read_text("utf-8"))["paths"]
    return table(
        ("List", "Sort keys (the first is the default)", "Filters of its own"),
        ((f"`/v1/{kind.path}`", *sorts_and_filters(paths[f"/{kind.path}"]["get"]["parameters"])) for kind in KINDS),
    )


def sorts_and_filters(parameters: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    """The sort keys and the filters of one list, without those that all lists have."""
    queries = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
    sort = queries.pop("sort")
    keys = sorted((key for key in sort["enum"] if not key.startswith("-")), key=lambda key: key != sort["default"])
    return coded(keys), coded(name for name in queries if name not in ListQuery.model_fields)


def coded(names: Iterable[str]) -> str:
    """Names as code, in one line."""
    return ", ".join(f"`{name}`" for name in names)


def steps(machine: Mapping[Any, frozenset[Any]], needs: Mapping[Any, str]) -> str:
    """A state machine, with the field that a state needs."""
    return table(
        ("From", "German label", "To", "Needs"),
        (
            (
                f"`{state}`",
                state.label.de,
                coded(ordered(machine, following)) or "nothing",
                f"`{needs[state]}`" if state in needs else "",
            )
            for state, following in machine.items()
        ),
    )


def ordered(machine: Mapping[Any, frozenset[Any]], following: frozenset[Any]) -> Iterator[Term]:
    """States in the order in which the machine names them."""
    return (state for state in machine if state in following)


def diagram() -> str:
    """The tables as an entity-relationship diagram."""
    tables = KINDS[0].table.metadata.sorted_tables
    lines = [line for each in tables for line in (*entity(each), *relations(each))]
    return "\n".join(("```mermaid", "erDiagram", *(f"    {line}" for line in lines), "```"))


def entity(each: Table) -> Iterator[str]:
    """A table with its columns."""
    yield f"{each.name} {{"
    for column in each.columns:
        words = [type_of(column), column.name, ", ".join(keys_of(column)), '"may be null"' if column.nullable else ""]
        yield f"    {' '.join(filter(None, words))}"
    yield "}"


def relations(each: Table) -> Iterator[str]:
    """The references of a table, in the order of its columns."""
    for column in each.columns:
        for key in column.foreign_keys:
            yield f"{key.column.table.name} {'|o' if column.nullable else '||'}--o{{ {each.name} : {column.name}"


def type_of(column: Column[Any]) -> str:
    """The type of a column in one word: PostgreSQL's, since SQLite knows four only."""
    name = column.type.compile(dialect=POSTGRESQL).partition("(")[0].partition(" ")[0].lower()
    return {"varchar": "text"}.get(name, name)


def keys_of(column: Column[Any]) -> Iterator[str]:
    """What kinds of key a column is part of."""
    if column.primary_key:
        yield "PK"
    if column.foreign_keys:
        yield "FK"
    if any(isinstance(each, UniqueConstraint) and column.name in each.columns for each in column.table.constraints):
        yield "UK"


PARTS: Mapping[str, Callable[[], str]] = {
    "addresses": lambda: coded(f"/v1/{kind.path}" for kind in KINDS if kind.within is None),
    "commands": commands,
    "data-model": diagram,
    "figures": figures,
    "lists": lists,
    "problems": problems,
    "settings": settings,
    "steps-of-consultation-events": lambda: steps(
        events.TRANSITIONS, dict.fromkeys(event_rules.NEEDS_REASON, "status_reason")
    ),
    "steps-of-decisions": lambda: steps(decisions.TRANSITIONS, {decisions.DecisionStatus.decided: "decided_on"}),
    "steps-of-needs": lambda: steps(needs.TRANSITIONS, {needs.NeedStatus.answered: "response"}),
    "steps-of-objections": lambda: steps(objections.TRANSITIONS, {}),
    "steps-of-progress-reports": lambda: steps(reports.TRANSITIONS, {}),
    "steps-of-proposals": lambda: steps(proposals.TRANSITIONS, {proposals.ProposalState.rejected: "answer"}),
    "steps-of-sub-measures": lambda: steps(
        measures.TRANSITIONS, dict.fromkeys(measure_rules.NEEDS_REASON, "status_reason")
    ),
}


if __name__ == "__main__":
    for page in pages():
        page.write_text(renewed(page.read_text("utf-8")), "utf-8")
