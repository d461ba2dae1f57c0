"""Answers that are made anew each time and have no version: their ETag is that of their content."""

import hashlib
from collections.abc import Mapping

from starlette.responses import Response

from app.http.conditional import Preconditions


def tagged(
    content: str | bytes, media_type: str, preconditions: Preconditions, headers: Mapping[str, str] | None = None
) -> Response:
    """The content with a strong ETag, or 304 for who has it already.

    Raises PreconditionFailed, and Malformed for a header that is no list of entity tags.
    """
    encoded = content.encode() if isinstance(content, str) else content
    tag = f'"{hashlib.sha256(encoded).hexdigest()[:32]}"'
    sent = {"ETag": tag, **(headers or {})}
    if preconditions.is_known_as(tag):
        return Response(status_code=304, headers=sent)
    return Response(encoded, headers=sent, media_type=media_type)
