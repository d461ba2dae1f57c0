"""Who may do what: the one table that the tests try cell by cell and that docs/access.md shows.

A rule holds for a group of operations. It gives the answer to each caller for what is public, and for what is for
partners only; `own` stands for what belongs to the contributor's partner.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

CALLERS = ("anonymous", "reader", "contributor", "contributor, own", "coordinator", "admin")
CIRCLES = ("public", "partners")
DOCUMENT = Path(__file__).parents[2] / "docs/access.md"

OWNED = ("sub-measures", "consultation-events")
SHARED = ("goals", "topics")
KEPT_BY_ADMINS = ("agreements", "partners")
RESOURCES = (*OWNED, *SHARED, *KEPT_BY_ADMINS)


class Rule(NamedTuple):
    """What a group of operations answers to each caller: first for what is public, then for what is for partners."""

    name: str
    operations: tuple[str, ...]
    public: tuple[int, ...]
    partners: tuple[int, ...]


def on(paths: tuple[str, ...], *operations: str) -> tuple[str, ...]:
    """The operations of some resources."""
    return tuple(
        f"{method} /{path}{rest}" for path in paths for method, _, rest in (each.partition(" ") for each in operations)
    )


RULES = (
    Rule("Read one, and its history", on(RESOURCES, "get /{id}", "get /{id}/history"), (200,) * 6, (404, *(200,) * 5)),
    Rule("Read lists: what one may not see is absent", on(RESOURCES, "get "), (200,) * 6, (200,) * 6),
    Rule(
        "Follow changes: what one may not see is absent",
        ("get /changes", "get /changes/stream"),
        (200,) * 6,
        (200,) * 6,
    ),
    Rule(
        "Create sub-measures and events",
        on(OWNED, "post "),
        (401, 403, 403, 201, 201, 201),
        (401, 403, 403, 201, 201, 201),
    ),
    Rule(
        "Change sub-measures and events",
        on(OWNED, "patch /{id}"),
        (401, 403, 403, 200, 200, 200),
        (401, 403, 403, 200, 200, 200),
    ),
    Rule(
        "Delete sub-measures and events",
        on(OWNED, "delete /{id}"),
        (401, 403, 403, 204, 204, 204),
        (401, 403, 403, 204, 204, 204),
    ),
    Rule(
        "Create goals and topics", on(SHARED, "post "), (401, 403, 403, 403, 201, 201), (401, 403, 403, 403, 201, 201)
    ),
    Rule(
        "Change goals and topics",
        on(SHARED, "patch /{id}"),
        (401, 403, 403, 403, 200, 200),
        (401, 403, 403, 403, 200, 200),
    ),
    Rule(
        "Delete goals and topics",
        on(SHARED, "delete /{id}"),
        (401, 403, 403, 403, 204, 204),
        (401, 403, 403, 403, 204, 204),
    ),
    Rule(
        "Create agreements and partners",
        on(KEPT_BY_ADMINS, "post "),
        (401, 403, 403, 403, 403, 201),
        (401, 403, 403, 403, 403, 201),
    ),
    Rule(
        "Change agreements and partners",
        on(KEPT_BY_ADMINS, "patch /{id}"),
        (401, 403, 403, 403, 403, 200),
        (401, 403, 403, 403, 403, 200),
    ),
    Rule(
        "Delete agreements and partners",
        on(KEPT_BY_ADMINS, "delete /{id}"),
        (401, 403, 403, 403, 403, 204),
        (401, 403, 403, 403, 403, 204),
    ),
    Rule(
        "List and read keys",
        ("get /keys", "get /keys/{id}"),
        (401, 403, 403, 403, 403, 200),
        (401, 403, 403, 403, 403, 200),
    ),
    Rule(
        "Make and replace keys",
        ("post /keys", "post /keys/{id}/rotation"),
        (401, 403, 403, 403, 403, 201),
        (401, 403, 403, 403, 403, 201),
    ),
    Rule("Revoke keys", ("delete /keys/{id}",), (401, 403, 403, 403, 403, 204), (401, 403, 403, 403, 403, 204)),
)


class Cell(NamedTuple):
    """One cell of the table."""

    operation: str
    caller: str
    circle: str
    status: int


def cells() -> Iterator[Cell]:
    """Every cell."""
    for rule in RULES:
        for operation in rule.operations:
            for circle, statuses in (("public", rule.public), ("partners", rule.partners)):
                for caller, status in zip(CALLERS, statuses, strict=True):
                    yield Cell(operation, caller, circle, status)


MEANING: Mapping[int, str] = {
    401: "needs a key",
    403: "may see it, may not do it",
    404: "is not there for this caller",
}


def rendered() -> str:
    """The table as a document."""
    lines = [
        "# Who may do what",
        "",
        "Every operation of the contract is in this table, and every cell of it is tried on SQLite and on PostgreSQL.",
        "`own` means: the sub-measure is led, or the event organised, by the partner of the key. Ownership cannot be",
        "given away or taken: a contributor's change that would do so is 403, and the problem's `rule` says `ownership`;",
        "where the role is too small, it says `role`.",
        "",
        "A public resource is public in whole: there is one representation for everybody. What is not meant for all,",
        "such as a link to join online, belongs into an event whose visibility is `partners`.",
        "",
        *(f"- {status}: {meaning}" for status, meaning in MEANING.items()),
        "",
        f"| what | circle | {' | '.join(CALLERS)} |",
        f"|---|---|{'---|' * len(CALLERS)}",
    ]
    for rule in RULES:
        rows = {"public": rule.public, "partners": rule.partners}
        if rule.public == rule.partners:
            rows = {"both": rule.public}
        for circle, statuses in rows.items():
            lines.append(f"| {rule.name} | {circle} | {' | '.join(map(str, statuses))} |")
    lines += ["", "## Operations", ""]
    lines += [
        f"- {rule.name}: {', '.join(f'`{each.replace(chr(32), chr(32) + chr(47) + chr(118) + chr(49))}`' for each in rule.operations)}"
        for rule in RULES
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(rendered(), "utf-8")
