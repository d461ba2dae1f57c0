"""The headers of conditional requests, as routes take them."""

from typing import Annotated, Any

from fastapi import Depends, Header
from pydantic import Field, WithJsonSchema

from app.http.conditional import IF_MATCH, IF_NONE_MATCH, Preconditions, joined

# For the contract only: what does not match is malformed (400), not invalid (422).
ENTITY_TAGS: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1000,
    "pattern": r'^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$',
}

# Sent in several lines, a header is one list (section 5.3).
Lines = Annotated[list[Annotated[str, Field(max_length=1000)]], WithJsonSchema(ENTITY_TAGS)]
IfMatch = Annotated[
    Lines | None,
    Header(
        alias=IF_MATCH,
        description='The ETag of the version that the request is about, such as `"3"`; with any other it is 412.',
    ),
]
IfNoneMatch = Annotated[
    Lines | None,
    Header(
        alias=IF_NONE_MATCH,
        description="ETags that must not be current: then a read is 304 without a body and a write is 412. "
        "`*` writes only what is not there yet.",
    ),
]


async def preconditions(if_match: IfMatch = None, if_none_match: IfNoneMatch = None) -> Preconditions:
    """The preconditions of a request."""
    return Preconditions(joined(if_match), joined(if_none_match))


Conditional = Annotated[Preconditions, Depends(preconditions)]
