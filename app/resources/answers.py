"""What answers are made of: stored texts, their headers and their links."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.access.caller import Caller
from app.http.caching import cache_headers
from app.http.conditional import etag
from app.http.negotiation import JSON
from app.resources.forms import Form, wanted_form
from app.resources.kind import Kind
from app.resources.schema import Stored


def page_response(
    request: Request, caller: Caller, kind: Kind[Any], texts: Sequence[str], cursor: str | None, total: int | None
) -> Response:
    """A page around texts that are JSON already, in the form that is wanted."""
    counted = "" if total is None else f',"total":{total}'
    following = "null" if cursor is None else f'"{cursor}"'
    headers = {"Vary": "Accept", **cache_headers(is_private=caller.sees_partners)}
    if cursor is not None:
        headers["Link"] = next_link(request, cursor)
    form = wanted_form.get()
    if form is None:
        return json_text(f'{{"items":[{",".join(texts)}],"next_cursor":{following}{counted}}}', headers)
    entries = ",".join(f"{{{form.entry(kind, text)},{text[1:]}" for text in texts)
    page = f'{{{form.page(kind)},"items":[{entries}],"next_cursor":{following}{counted}}}'
    return json_text(page, headers, media_type=form.media_type)


def next_link(request: Request, cursor: str) -> str:
    """The Link header of a page that another one follows (RFC 8288)."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f'<{request.url.path}?{urlencode([*asked, ("cursor", cursor)])}>; rel="next"'


def created(request: Request, row: Stored) -> Response:
    """The answer to a POST: the new resource, and where it is."""
    return stored(row, HTTPStatus.CREATED, f"{request.url.path}/{row.id}")


def written(row: Stored) -> Response:
    """The answer to a change: the resource as it now is."""
    return stored(row)


def put_answer(request: Request, row: Stored, *, is_new: bool) -> Response:
    """The answer to a PUT: the resource as it now is, at the address that was asked for."""
    return put_at(request.url.path, row, is_new=is_new)


def put_at(address: str, row: Stored, *, is_new: bool) -> Response:
    """The answer to a PUT at an address: the resource as it now is."""
    return stored(row, HTTPStatus.CREATED, address) if is_new else stored(row)


def stored(row: Stored, status_code: int = HTTPStatus.OK, location: str | None = None) -> Response:
    """The answer to a write."""
    headers = {"ETag": etag(row.version), "Cache-Control": "no-store", **({"Location": location} if location else {})}
    return json_text(row.representation, headers, status_code)


def alone(form: Form, kind: Kind[Any], text: str, headers: dict[str, Any]) -> Response:
    """One resource in another form."""
    return json_text(f"{{{form.alone(kind, text)},{text[1:]}", headers, media_type=form.media_type)


def json_of(
    content: BaseModel,
    status_code: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    *,
    is_private: bool = True,
) -> Response:
    """An answer that is not stored, but made of a schema; what is private nobody may keep."""
    all_headers = {**cache_headers(is_private=is_private), **(headers or {})}
    return json_text(content.model_dump_json(by_alias=True), all_headers, status_code)


def json_text(text: str, headers: dict[str, Any], status_code: int = 200, media_type: str = JSON) -> Response:
    """An answer whose JSON text is ready."""
    return Response(text, status_code=status_code, headers=headers, media_type=media_type)
