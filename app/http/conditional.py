"""Conditional requests (RFC 9110, section 13) on resources whose ETag is their version."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from starlette.datastructures import Headers

from app.http.errors import Malformed, PreconditionFailed, PreconditionRequired
from app.http.problems import FieldError
from app.language import Text

# An element of the list and what separates it from the next one; an element may be empty (section 5.6.1). What was
# matched is never given back, so that no header takes longer than its length.
ELEMENT = re.compile(r'[ \t]*+((?:W/)?"[\x21\x23-\x7e\x80-\xff]*+")?+[ \t]*+(?:,|\Z)')
IF_MATCH, IF_NONE_MATCH = "If-Match", "If-None-Match"
NOTHING_THERE = Text(
    "If-Match verlangt eine Fassung, aber hier ist noch nichts. Es wurde nichts geändert.",
    "If-Match asks for a version, but there is nothing here yet. Nothing was changed.",
)
EXCLUDED = Text(
    "If-None-Match schließt aus, was schon da ist. Es wurde nichts geändert.",
    "If-None-Match excludes what is there already. Nothing was changed.",
)


@dataclass(frozen=True)
class Preconditions:
    """What a request demands of the version that is there, by both headers in the order of section 13.2.2.

    Ask it last, when nothing else refuses the request: what is not there, not allowed or not valid is answered first
    (section 13.2.1). Each method raises PreconditionFailed, and Malformed for a header that is no list of entity tags.
    """

    if_match: str | None = None
    if_none_match: str | None = None

    @classmethod
    def of(cls, headers: Headers) -> Self:
        """Those of a request with these headers; sent in several lines, each of them is one list (section 5.3)."""
        return cls(joined(headers.getlist(IF_MATCH)), joined(headers.getlist(IF_NONE_MATCH)))

    def is_known_as(self, tag: str) -> bool:
        """For a read of what has a tag of its own and no version: whether the caller has it already, which is 304."""
        if self.if_match is not None and not is_named(IF_MATCH, self.if_match, tag):
            raise PreconditionFailed(headers={"ETag": tag})
        return self.if_none_match is not None and is_named(IF_NONE_MATCH, self.if_none_match, tag)

    def is_known(self, version: int, mark: str = "") -> bool:
        """For a read: whether the caller has this version already, in the form with this mark, which is answered with 304."""
        self.check_match(version)
        return self.if_none_match is not None and names(IF_NONE_MATCH, self.if_none_match, version, marks=(mark,))

    def require(self, version: int) -> None:
        """For a change that needs If-Match; raises PreconditionRequired without it."""
        if self.if_match is None:
            raise PreconditionRequired
        self.check(version)

    def check(self, version: int | None, *, is_there: bool = True) -> None:
        """For a write at an address that the caller knows, where there may be nothing yet: then the version is None.

        What is a part of something else has the version of the whole, and is there or not by itself.
        """
        self.check_match(version, is_there=is_there)
        if self.if_none_match is not None and names(IF_NONE_MATCH, self.if_none_match, version, is_there=is_there):
            raise failed(version, EXCLUDED)

    def check_match(self, version: int | None, *, is_there: bool = True) -> None:
        """Refuse what If-Match, when it is sent, does not name."""
        if self.if_match is not None and not names(IF_MATCH, self.if_match, version, is_there=is_there):
            raise failed(version)


UNCONDITIONAL = Preconditions()

LINKED_MARK = "-ld"
"""What the ETag of a version ends with in JSON-LD: what is of two forms has two strong tags (section 8.8.3)."""
MARKS = ("", LINKED_MARK)


def joined(lines: Sequence[str] | None) -> str | None:
    """The lines of a header as one list; None where there is none."""
    return ",".join(lines) if lines else None


def is_named(header: str, value: str, tag: str) -> bool:
    """Whether a header names this tag, by weak comparison; raises Malformed for one that is no list of entity tags."""
    return value.strip() == "*" or tag.removeprefix("W/") in unweakened(entity_tags(header, value))


def etag(version: int, mark: str = "") -> str:
    """The strong ETag of a version, in the form with this mark."""
    return f'"{version}{mark}"'


def names(header: str, value: str, version: int | None, *, is_there: bool = True, marks: Sequence[str] = MARKS) -> bool:
    """Whether a header names what is there, in a form with one of these marks; `*` names whatever it is.

    A weak tag names its version too, in both headers: the tag is the version, and proxies that compress weaken it.
    """
    if value.strip() == "*":
        return is_there and version is not None
    tags = unweakened(entity_tags(header, value))
    return version is not None and any(etag(version, mark) in tags for mark in marks)


def unweakened(tags: list[str]) -> list[str]:
    """Entity tags as weak comparison takes them."""
    return [tag.removeprefix("W/") for tag in tags]


def failed(version: int | None, detail: Text | None = None) -> PreconditionFailed:
    """The problem of a precondition that does not hold, with the current version where there is one."""
    if version is None:
        return PreconditionFailed(detail or NOTHING_THERE)
    return PreconditionFailed(detail, headers={"ETag": etag(version)}, current_etag=etag(version))


def entity_tags(header: str, value: str) -> list[str]:
    """The entity tags of a header, at least one; anything else in it is malformed."""
    tags, position = [], 0
    while position < len(value) and (element := ELEMENT.match(value, position)):
        if element[1]:
            tags.append(element[1])
        position = element.end()
    if not tags or position != len(value):
        detail = Text(f'{header} ist keine Liste von ETags wie "1".', f'{header} is not a list of ETags such as "1".')
        raise Malformed(detail, errors=[FieldError("header", header, "not_an_etag", detail)])
    return tags
