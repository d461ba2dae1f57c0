"""The file that an agreement is loaded from, and where in it a mistake stands."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from yaml.reader import ReaderError

from app.http.messages import errors_in
from app.seed.parts import AgreementFile, PartnerPart
from app.seed.plain_yaml import BadFile, Path_, PlainLoader, bad_field, node_at, places, plain, unquoted_hint


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
        raise bad_field(path, lines, place, f"{errors_in(error, 'body')[0].detail.en}{hint}") from None
    check_references(content, path, lines)
    return content


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
