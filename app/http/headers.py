"""The headers of conditional requests, as routes take them."""

from typing import Annotated, Any

from fastapi import Header

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
