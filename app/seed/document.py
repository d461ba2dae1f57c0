"""The file that an agreement is loaded from: its shape, and where in it a mistake stands."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from yaml.reader import ReaderError

from app.access.parties import Side
from app.agreements.models import AreaCode, Exchange, Hearing
from app.http.messages import field_error
from app.partners.models import FormerName
from app.partners.terms import PartnerKind, ServiceField
from app.schema.fields import (
    Count,
    Day,
    Email,
    Flag,
    LanguageTag,
    MunicipalityKey,
    Name,
    Ordinal,
    Paragraphs,
    Slug,
    Title,
    Url,
)
from app.vocabularies.decision_kind import DecisionKind
from app.vocabularies.event_format import EventFormat
from app.vocabularies.level import Level

Path_ = tuple[str | int, ...]

QUOTE = "; if it is text, put it in quotes"
TEXT, NOTHING = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"
LEADING_ZERO = re.compile(r"[+-]?0[0-9_]+")
# What all versions of YAML, and people, read alike.
PLAINLY = {
    "tag:yaml.org,2002:bool": re.compile("true|false"),
    "tag:yaml.org,2002:int": re.compile("-?(0|[1-9][0-9]*)"),
    "tag:yaml.org,2002:float": re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+"),
    NOTHING: re.compile("(null|~)?"),
}


class Part(BaseModel):
    """A part of the file; names that it does not know are refused."""

    model_config = ConfigDict(extra="forbid")


class SignatoryPart(Part):
    name: Name
    function: Name | None = None
    partner: Slug | None = None


class ExchangePart(Part):
    levels: list[Level] = []
    formats: list[EventFormat] = []
    description: Paragraphs | None = None


class EarlyInvolvementPart(Part):
    decision_kinds: list[DecisionKind]


class PartyPart(Part):
    partner: Slug
    side: Side
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None


class MembershipPart(Part):
    umbrella: Slug
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None


class AgreementPart(Part):
    slug: Slug
    title: Title
    description: Paragraphs | None = None
    signed_on: Day | None = None
    published_on: Day | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    succeeds: Slug | None = None
    source_url: Url | None = None
    municipality_key: MunicipalityKey | None = None
    area_code: AreaCode | None = None
    language: LanguageTag = "de"
    signatories: list[SignatoryPart] = []
    parties: list[PartyPart] | None = None
    exchange: ExchangePart | list[Exchange] | None = None
    hearing: Hearing | None = None
    early_involvement: EarlyInvolvementPart | None = None


class PartnerPart(Part):
    slug: Slug
    name: Title
    short_name: Name | None = None
    kind: PartnerKind
    former_names: list[FormerName] = []
    member_of: Slug | None = None
    memberships: list[MembershipPart] = []
    legal_form: Name | None = None
    description: Paragraphs | None = None
    website: Url | None = None
    email: Email | None = None
    staff_count: Count | None = None
    staff_count_as_of: Day | None = None
    staff_count_is_approximate: Flag = False
    staff_count_note: Paragraphs | None = None
    founded_on: Day | None = None
    dissolved_on: Day | None = None
    merged_into: Slug | None = None
    service_fields: list[ServiceField] = []

    @property
    def belongs_to(self) -> list[MembershipPart]:
        """Its memberships; `member_of` is one without days."""
        short = [MembershipPart(umbrella=self.member_of)] if self.member_of else []
        return [*short, *self.memberships]

    @property
    def refers_to(self) -> set[str]:
        """The partners without which it cannot be loaded."""
        return {each.umbrella for each in self.belongs_to} | ({self.merged_into} if self.merged_into else set())


class TopicPart(Part):
    """A topic: `name` is in the agreement's language, `translations` and the other names in theirs."""

    slug: Slug
    name: Name | None = None
    name_de: Name | None = None
    name_en: Name | None = None
    translations: dict[LanguageTag, Name] = {}

    @model_validator(mode="after")
    def is_named(self) -> Self:
        """Refuse a topic without any name."""
        if not (self.name or self.names):
            raise PydanticCustomError("missing", "Field required")
        return self

    @property
    def names(self) -> dict[str, str]:
        """The names whose language is said."""
        said = {"de": self.name_de, "en": self.name_en, **self.translations}
        return {language: name for language, name in said.items() if name is not None}

    def name_in(self, language: str) -> str:
        """The name in the agreement's language, or the first one that there is."""
        return self.name or self.names.get(language) or next(iter(self.names.values()))


class GoalPart(Part):
    number: Ordinal
    topic: Slug
    title: Title
    description: Paragraphs | None = None
    sub_measures: list[Title] = []


class AgreementFile(Part):
    """An agreement with its partners, topics, goals and sub-measures."""

    agreement: AgreementPart
    partners: list[PartnerPart]
    topics: list[TopicPart]
    goals: list[GoalPart]


class BadFile(Exception):
    """The file is not one that an agreement can be loaded from; the message names line and field."""


def read_file(path: Path) -> AgreementFile:
    """The agreement in a YAML file; raises BadFile with the line and the field of the first mistake."""
    try:
        text = path.read_text("utf-8")
        root = yaml.compose(text, Loader=PlainLoader)
        values = plain(root, path)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path}: the file is not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadFile(f"{path}, line {line}: {', '.join(filter(None, (error.context, error.problem)))}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadFile(f"{path}, line {line}: {error.reason}") from None
    except RecursionError:
        raise BadFile(f"{path}: it is nested too deeply") from None
    lines = dict(places(root, ())) if root else {}
    try:
        content = AgreementFile.model_validate(values)
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        hint = unquoted_hint(node_at(root, place))
        raise bad_field(path, lines, place, f"{field_error(body(error)).detail.en}{hint}") from None
    check_references(content, path, lines)
    return content


class PlainLoader(yaml.SafeLoader):
    """Leaves dates the text that they are, so that the same schemas judge them as in a request."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (the base class declares it as it is)
        letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def plain(node: yaml.Node | None, path: Path, place: Path_ = ()) -> Any:
    """The value of a node; raises BadFile for a name that stands twice, and for what YAML reads otherwise than people."""
    match node:
        case yaml.MappingNode():
            members: dict[str, Any] = {}
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise BadFile(f"{path}, line {key.start_mark.line + 1}: a name is not text")
                if key.value in members:
                    raise BadFile(f"{path}, line {key.start_mark.line + 1}: {key.value} stands twice")
                members[key.value] = plain(value, path, (*place, key.value))
            return members
        case yaml.SequenceNode():
            return [plain(each, path, (*place, position)) for position, each in enumerate(node.value)]
        case yaml.ScalarNode():
            if is_trap(node):
                raise bad_field(
                    path, {place: node.start_mark.line + 1}, place, f"{node.value} can be read in two ways{QUOTE}"
                )
            try:
                return PlainLoader("").construct_object(node)
            except ValueError:
                # Such as `!!int x`: a tag that its value does not fit.
                raise BadFile(f"{path}, line {node.start_mark.line + 1}: {node.value} is not {node.tag}") from None
        case _:
            return None


def is_trap(node: yaml.ScalarNode) -> bool:
    """Whether a value without quotes is one thing to YAML 1.1 and another to people, or to YAML 1.2.

    `010` is 8 there, `1:30` is 90, `1_000` is 1000, `no` is false.
    """
    if node.style is not None:
        return False
    if LEADING_ZERO.fullmatch(node.value):
        return True
    plainly = PLAINLY.get(node.tag)
    return plainly is not None and not plainly.fullmatch(node.value)


def unquoted_hint(node: yaml.Node | None) -> str:
    """What to do about a value that was to be text, and without quotes is none."""
    is_text = not isinstance(node, yaml.ScalarNode) or node.style is not None or node.tag in (TEXT, NOTHING)
    return "" if is_text else QUOTE


def node_at(root: yaml.Node | None, place: Path_) -> yaml.Node | None:
    """The node at a place in the file; None where there is none."""
    node = root
    for step in place:
        match node:
            case yaml.MappingNode():
                node = next((value for key, value in node.value if key.value == step), None)
            case yaml.SequenceNode() if isinstance(step, int):
                node = node.value[step]
            case _:
                return None
    return node


def places(node: yaml.Node, path: Path_) -> Iterator[tuple[Path_, int]]:
    """The line of every value in the file."""
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), key.start_mark.line + 1
            yield from places(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from places(value, (*path, position))


def check_references(content: AgreementFile, path: Path, lines: dict[Path_, int]) -> None:
    """Refuse slugs that stand twice or name nothing in the file."""
    partners = unique([each.slug for each in content.partners], "partners", "slug", path, lines)
    topics = unique([each.slug for each in content.topics], "topics", "slug", path, lines)
    unique([each.number for each in content.goals], "goals", "number", path, lines)
    wanted: list[tuple[Path_, str | None, set[Any]]] = [
        *partner_references(content.partners, partners),
        *((("goals", position, "topic"), each.topic, topics) for position, each in enumerate(content.goals)),
        *(
            (("agreement", "signatories", position, "partner"), each.partner, partners)
            for position, each in enumerate(content.agreement.signatories)
        ),
        *(
            (("agreement", "parties", position, "partner"), each.partner, partners)
            for position, each in enumerate(content.agreement.parties or [])
        ),
    ]
    for place, slug, known in wanted:
        if slug is not None and slug not in known:
            raise bad_field(path, lines, place, f"there is no {slug} in this file")
    named = {each.slug: each.refers_to for each in content.partners}
    for position, each in enumerate(content.partners):
        if any(each.slug in reached(slug, named) for slug in each.refers_to):
            field = next(name for name in ("member_of", "memberships", "merged_into") if getattr(each, name))
            raise bad_field(path, lines, ("partners", position, field), f"{each.slug} leads to itself")


def partner_references(parts: Sequence[PartnerPart], known: set[Any]) -> Iterator[tuple[Path_, str | None, set[Any]]]:
    """The places at which partners name others."""
    for position, each in enumerate(parts):
        yield ("partners", position, "member_of"), each.member_of, known
        yield ("partners", position, "merged_into"), each.merged_into, known
        for number, membership in enumerate(each.memberships):
            yield ("partners", position, "memberships", number, "umbrella"), membership.umbrella, known


def reached(slug: str, named: Mapping[str, Collection[str]]) -> set[str]:
    """The partner of this slug and all that it leads to, by whatever way."""
    passed: set[str] = set()
    waiting = [slug]
    while waiting:
        slug = waiting.pop()
        if slug not in passed:
            passed.add(slug)
            waiting += named[slug]
    return passed


def unique(values: Sequence[Any], part: str, field: str, path: Path, lines: dict[Path_, int]) -> set[Any]:
    """The values, each of which may stand once."""
    seen: set[Any] = set()
    for position, value in enumerate(values):
        if value in seen:
            raise bad_field(path, lines, (part, position, field), f"{value} stands twice")
        seen.add(value)
    return seen


def bad_field(path: Path, lines: dict[Path_, int], place: Path_, message: str) -> BadFile:
    """The mistake with its line: that of the field, or of what it is missing in."""
    known = next(place[:end] for end in range(len(place), -1, -1) if place[:end] in lines or end == 0)
    return BadFile(f"{path}, line {lines.get(known, 1)}, {'.'.join(str(step) for step in place)}: {message}")


def body(error: ValidationError) -> dict[str, Any]:
    """The first error as if it came in a request."""
    first = error.errors()[0]
    return {**first, "loc": ("body", *first["loc"])}
