"""Answers that are made anew each time and have no version: their ETag is that of their content."""

import hashlib
from collections.abc import Mapping

from starlette.responses import Response

from app.http.conditional import is_known


def tagged(
    content: str | bytes, media_type: str, if_none_match: str | None, headers: Mapping[str, str] | None = None
) -> Response:
    """The content with a strong ETag, or 304 for who has it already; raises Malformed for an If-None-Match that is none."""
    encoded = content.encode() if isinstance(content, str) else content
    tag = f'"{hashlib.sha256(encoded).hexdigest()[:32]}"'
    sent = {"ETag": tag, **(headers or {})}
    if is_known(if_none_match, tag):
        return Response(status_code=304, headers=sent)
    return Response(encoded, headers=sent, media_type=media_type)
