"""Who may do what: one table, which the tests run and docs/access.md shows.

`python -m tests.access.matrix` writes docs/access.md anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from app.access.roles import Role
from app.main import create_app
from app.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "access.md"
COMMAND = "python -m tests.access.matrix"

ROLES = ("anonymous", *(role.value for role in Role))


class Whose(StrEnum):
    """Whose the resource is: led, organised or held by the caller's own partner, or by another one."""

    own = "own"
    foreign = "foreign"


class Circle(StrEnum):
    """Who may read the resource."""

    public = "public"
    partners = "partners"


class Outcome(StrEnum):
    """What the caller is answered."""

    yes = "yes"
    absent = "absent"
    unauthorized = "401"
    not_found = "404"
    role = "role"
    owner = "owner"

    @property
    def in_words(self) -> str:
        """The outcome as the docs name it."""
        return WORDS.get(self, f"{self}")


WORDS = {Outcome.absent: "left out", Outcome.role: "403 `role`", Outcome.owner: "403 `ownership`"}
REFUSALS = {Outcome.unauthorized: 401, Outcome.not_found: 404, Outcome.role: 403, Outcome.owner: 403}

ALL = tuple(Whose), tuple(Circle)
OWN, FOREIGN = ((Whose.own,), tuple(Circle)), ((Whose.foreign,), tuple(Circle))
PUBLIC, PARTNERS = (tuple(Whose), (Circle.public,)), (tuple(Whose), (Circle.partners,))

Cases = tuple[tuple[Whose, ...], tuple[Circle, ...]]


@dataclass(frozen=True)
class Rule:
    """What holds for some operations: for each case what every role is answered, in the order of `ROLES`."""

    name: str
    operations: tuple[str, ...]
    rows: Mapping[Cases, str]

    def outcomes(self, cases: Cases) -> dict[str, Outcome]:
        """What every role is answered in these cases."""
        return dict(zip(ROLES, map(Outcome, self.rows[cases].split()), strict=True))


def named(patterns: str, *kinds: str) -> tuple[str, ...]:
    """The operations of some kinds."""
    return tuple(pattern.format(kind) for kind in kinds for pattern in patterns.split())


KINDS = ("Agreement", "Topic", "Partner", "Goal", "SubMeasure", "ConsultationEvent")
WRITES = "create{0} update{0} delete{0}"

RULES = (
    Rule(
        "Reading one resource and its history",
        named("get{0} list{0}History", *KINDS),
        {
            PUBLIC: "  yes yes yes yes yes",
            PARTNERS: "404 yes yes yes yes",
        },
    ),
    Rule(
        "Reading lists and following the changes",
        (*named("list{0}s", *KINDS), "listChanges", "streamChanges"),
        {
            PUBLIC: "  yes    yes yes yes yes",
            PARTNERS: "absent yes yes yes yes",
        },
    ),
    Rule(
        "Writing sub-measures, which their lead partner owns, and consultation events, which their organiser owns",
        named(WRITES, "SubMeasure", "ConsultationEvent"),
        {
            OWN: "    401 role yes   yes yes",
            FOREIGN: "401 role owner yes yes",
        },
    ),
    Rule("Writing topics and goals", named(WRITES, "Topic", "Goal"), {ALL: "401 role role yes yes"}),
    Rule("Writing agreements and partners", named(WRITES, "Agreement", "Partner"), {ALL: "401 role role role yes"}),
    Rule(
        "Keeping keys",
        ("listKeys", "getKey", "createKey", "rotateKey", "revokeKey"),
        {ALL: "401 role role role yes"},
    ),
)

OWNABLE = {
    *named(f"get{{0}} list{{0}}s list{{0}}History {WRITES}", "SubMeasure", "ConsultationEvent"),
    *("listChanges", "streamChanges"),
    *("listKeys", "getKey", "createKey", "rotateKey", "revokeKey"),
    # A partner's own entry is its key's partner itself: it can be read and changed, but neither made nor deleted.
    *("getPartner", "listPartnerHistory", "updatePartner"),
}
"""The operations on what can be the caller's own partner's."""

WITHOUT_CIRCLE = {"listKeys", "getKey", "createKey", "rotateKey", "revokeKey"}


class Cell(NamedTuple):
    """One case of an operation, and its outcome."""

    role: str
    whose: Whose
    circle: Circle
    outcome: Outcome


def rule_of(operation: str) -> Rule:
    """The one rule that an operation follows."""
    (rule,) = (rule for rule in RULES if operation in rule.operations)
    return rule


def cells(operation: str) -> Iterator[Cell]:
    """Every case of an operation."""
    rule = rule_of(operation)
    for whose, circles in rule.rows:
        for role, outcome in rule.outcomes((whose, circles)).items():
            for each in whose:
                if each is Whose.own and (operation not in OWNABLE or role == "anonymous"):
                    continue
                for circle in circles:
                    if circle is Circle.public or operation not in WITHOUT_CIRCLE:
                        yield Cell(role, each, circle, outcome)


class Operation(NamedTuple):
    """An operation of the contract."""

    method: str
    path: str
    success: int


def contract() -> dict[str, Any]:
    """The OpenAPI contract of the service."""
    document: dict[str, Any] = create_app(Settings(_env_file=None, database_url="sqlite:///nowhere.db")).openapi()
    return document


def operations() -> dict[str, Operation]:
    """Every operation of the contract by its id."""
    document = contract()
    return {
        content["operationId"]: Operation(
            method.upper(), f"/v1{path}", min(int(status) for status in content["responses"])
        )
        for path, methods in document["paths"].items()
        for method, content in methods.items()
        if "operationId" in content
    }


INTRODUCTION = """\
# Who may do what

Whoever reads without a key is anonymous and sees what is public. A key belongs to a partner and carries a role; each
role includes the ones before it:

{roles}

In the tables, *own* is what the key's partner leads, organises or holds, *foreign* everything else; *public* and
*partners* are the `visibility` of the resource. *yes* means that the operation is carried out, *left out* that the answer
is as if the resource were not there, `401` and `404` are the status of the refusal, *403 `role`* and *403 `ownership`* are a
`403` whose member `rule` names what refused. Ownership is judged before and after a change, so nothing can be given
away or taken.

A public resource is public as a whole. What is not meant for all, such as a link to join a meeting, belongs into a
resource with the visibility `partners`.

The tests run every case of this page on both databases; it is written by `{command}`.
"""


def page() -> str:
    """The text of docs/access.md."""
    found = operations()
    roles = "\n".join(f"- `{role}` {role.label.en}" for role in Role)
    parts = [INTRODUCTION.format(roles=roles, command=COMMAND)]
    for rule in RULES:
        parts.append(f"## {rule.name}\n")
        parts += [f"- `{name}`: `{found[name].method} {found[name].path}`" for name in rule.operations]
        parts += ["", f"| whose | visibility | {' | '.join(ROLES)} |", f"|{' --- |' * (len(ROLES) + 2)}"]
        for whose, circles in rule.rows:
            outcomes = (outcome.in_words for outcome in rule.outcomes((whose, circles)).values())
            visibilities = "any" if rule.operations[0] in WITHOUT_CIRCLE else any_or(circles, Circle)
            parts.append(f"| {any_or(whose, Whose)} | {visibilities} | {' | '.join(outcomes)} |")
        parts.append("")
    return "\n".join(parts)


def any_or(values: tuple[StrEnum, ...], every: type[StrEnum]) -> str:
    """The values in words."""
    return "any" if len(values) == len(every) else ", ".join(values)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
