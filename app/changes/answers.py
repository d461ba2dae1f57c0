"""What answers about changes are made of."""

from starlette.responses import Response

from app.access.caller import Caller
from app.changes.cursors import AS_PARAMETER, START, LogPlace, SentAs, decode, encode
from app.changes.feed import Batch
from app.http.caching import cache_headers


def place_behind(cursor: str | None, caller: Caller, sent_as: SentAs = AS_PARAMETER) -> LogPlace:
    """The place in the log behind which to go on; the beginning without a cursor."""
    return START if cursor is None else decode(cursor, caller, sent_as)


def page(batch: Batch, caller: Caller) -> Response:
    """A page of changes."""
    items = ",".join(text for _, text in batch.items)
    more = "true" if batch.more else "false"
    text = f'{{"items":[{items}],"next_cursor":"{encode(batch.end, caller)}","more":{more}}}'
    return Response(text, media_type="application/json", headers=cache_headers(is_private=caller.sees_partners))
