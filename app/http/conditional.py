"""Conditional requests (RFC 9110, section 13) on resources whose ETag is their version."""

import re
from typing import Annotated, Any

from fastapi import Header

from app.http.problems import FieldError, Malformed, PreconditionFailed, PreconditionRequired
from app.language import Text

ENTITY_TAG = re.compile(r'\s*((?:W/)?"[\x21\x23-\x7e]*")\s*(?:,|$)')
# For the contract only: what does not match is malformed (400), not invalid (422).
ENTITY_TAGS: dict[str, Any] = {"minLength": 1, "pattern": r'^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$'}

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        json_schema_extra=ENTITY_TAGS,
        description='The ETag of the version that the change is based on, such as `"3"`.',
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        max_length=1000,
        json_schema_extra=ENTITY_TAGS,
        description="ETags that the caller already has; when one is current, the answer is 304 without a body.",
    ),
]


def etag(version: int) -> str:
    """The strong ETag of a version."""
    return f'"{version}"'


def is_known(if_none_match: str | None, version: int) -> bool:
    """Whether the caller has this version already (weak comparison)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or any(
        tag.removeprefix("W/") == etag(version) for tag in entity_tags("If-None-Match", if_none_match)
    )


def require_match(if_match: str | None, version: int) -> None:
    """Refuse a change that is not based on this version (strong comparison); `*` is any version."""
    if if_match is None:
        raise PreconditionRequired
    if if_match.strip() != "*" and etag(version) not in entity_tags("If-Match", if_match):
        raise PreconditionFailed(headers={"ETag": etag(version)}, current_etag=etag(version))


def entity_tags(header: str, value: str) -> list[str]:
    """The entity tags of a header; anything else in it is malformed."""
    tags, position = [], 0
    while match := ENTITY_TAG.match(value, position):
        tags.append(match[1])
        position = match.end()
    if not tags or position != len(value):
        detail = Text(f'{header} ist keine Liste von ETags wie "1".', f'{header} is not a list of ETags such as "1".')
        raise Malformed(detail, errors=[FieldError("header", header, "not_an_etag", detail)])
    return tags
