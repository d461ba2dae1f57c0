"""`/v1/webhook-endpoints`, and what is sent to them."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Query
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from app.access.guards import Contributor
from app.access.routing import Router
from app.http.caching import cache_headers
from app.http.conditional import etag
from app.http.errors import NotFound
from app.http.headers import Conditional
from app.http.responses import conflicts
from app.http.runtime import Reading, Running
from app.resources.answers import json_of
from app.resources.idempotency import NEVER_KEPT
from app.resources.paging import paged
from app.resources.transactions import ByContributor
from app.schema.fields import Id
from app.webhooks import service
from app.webhooks.messages import ChangeMessage, PingMessage
from app.webhooks.models import (
    Replay,
    SecretRotation,
    WebhookDeliveryPage,
    WebhookDeliveryPublic,
    WebhookDeliveryQuery,
    WebhookEndpoint,
    WebhookEndpointCreate,
    WebhookEndpointCreated,
    WebhookEndpointPage,
    WebhookEndpointPublic,
    WebhookEndpointQuery,
    WebhookEndpointUpdate,
)
from app.webhooks.queries import by_id, deliveries_of, page_of

router = Router(prefix="/v1/webhook-endpoints", tags=["webhook-endpoints"])


@router.get("", response_model=WebhookEndpointPage)
async def list_webhook_endpoints(
    database: Reading, caller: Contributor, wanted: Annotated[WebhookEndpointQuery, Query()]
) -> Response:
    """List the endpoints of the caller's partner, in the order in which they were made; for operators those of all."""
    rows = await database.read(lambda connection: connection.execute(page_of(caller, wanted)).mappings().all())
    items, cursor = paged(rows, WebhookEndpointPublic, wanted.limit)
    return json_of(WebhookEndpointPage(items=items, next_cursor=cursor))


@router.post(
    "",
    status_code=201,
    dependencies=[NEVER_KEPT],
    response_model=WebhookEndpointCreated,
    responses=conflicts("webhooks-off"),
)
async def create_webhook_endpoint(session: ByContributor, runtime: Running, content: WebhookEndpointCreate) -> Response:
    """Have the changes that the caller's partner sees sent to an address, from now on, in the order of the feed.

    The answer shows the secret of the signatures, and nothing ever does again. A `ping` is sent first: the deliveries show
    at once what became of it.
    """
    return shown_once(await service.make(session, runtime.settings, content))


@router.get("/{id}", response_model=WebhookEndpointPublic)
async def get_webhook_endpoint(database: Reading, caller: Contributor, id: Id, preconditions: Conditional) -> Response:
    """Read one endpoint."""
    row = await database.read(lambda connection: one(connection, caller, id), is_quick=True)
    if preconditions.is_known(row["version"]):
        return Response(status_code=304, headers=headers_of(row["version"]))
    return json_of(WebhookEndpointPublic.model_validate(dict(row)), headers=headers_of(row["version"]))


@router.patch("/{id}", response_model=WebhookEndpointPublic)
async def update_webhook_endpoint(
    session: ByContributor, runtime: Running, id: Id, changes: WebhookEndpointUpdate, preconditions: Conditional
) -> Response:
    """Change an endpoint, or enable it again; what failed before is tried again at once."""
    return as_it_is(await service.change(session, runtime.settings, id, changes, preconditions))


@router.delete("/{id}", status_code=204)
async def delete_webhook_endpoint(session: ByContributor, id: Id, preconditions: Conditional) -> Response:
    """Delete an endpoint, with its deliveries: nothing is sent there any more."""
    await service.remove(session, id, preconditions)
    return Response(status_code=204)


@router.post(
    "/{id}/secret",
    status_code=201,
    dependencies=[NEVER_KEPT],
    response_model=WebhookEndpointCreated,
    responses=conflicts("webhooks-off"),
)
async def rotate_webhook_secret(session: ByContributor, runtime: Running, id: Id, rotation: SecretRotation) -> Response:
    """Replace the secret; until the overlap ends, messages have a signature by each of the two."""
    return shown_once(await service.rotate(session, runtime.settings, id, timedelta(hours=rotation.overlap_hours)))


@router.post("/{id}/ping", status_code=202, response_model=WebhookEndpointPublic)
async def ping_webhook_endpoint(session: ByContributor, id: Id) -> Response:
    """Have a `ping` sent, also to an endpoint that is not enabled, and what failed before tried again.

    The deliveries show what became of it.
    """
    return as_it_is(await service.ping(session, id), 202)


@router.post(
    "/{id}/replay",
    status_code=202,
    response_model=WebhookEndpointPublic,
    responses=conflicts("replay-in-progress"),
)
async def replay_webhook_deliveries(session: ByContributor, id: Id, wanted: Replay) -> Response:
    """Have one position of the feed or a range delivered once more, before what is new.

    Also what lies before the endpoint was made: `{"from_position": 1}` sends all that there is. Each message has the
    `webhook-id` that it had before. The same request again changes nothing.
    """
    return as_it_is(await service.replay(session, id, wanted), 202)


@router.get("/{id}/deliveries", response_model=WebhookDeliveryPage)
async def list_webhook_deliveries(
    database: Reading, caller: Contributor, id: Id, wanted: Annotated[WebhookDeliveryQuery, Query()]
) -> Response:
    """Read how far an endpoint is, and what was tried: the latest 500 attempts are kept."""

    def work(connection: Connection) -> WebhookDeliveryPage:
        endpoint = one(connection, caller, id)
        rows = connection.execute(deliveries_of(id, wanted)).mappings().all()
        items, cursor = paged(rows, WebhookDeliveryPublic, wanted.limit)
        return WebhookDeliveryPage(
            position=endpoint["position"],
            waiting=endpoint["position"] < endpoint["end"],
            failing_since=endpoint["failing_since"],
            next_attempt_at=endpoint["next_attempt_at"] if endpoint["failures"] and endpoint["is_enabled"] else None,
            replay_until=endpoint["replay_until"],
            items=items,
            next_cursor=cursor,
        )

    return json_of(await database.read(work))


def one(connection: Connection, caller: Contributor, id: Id) -> RowMapping:
    """An endpoint that the caller keeps, with the end of the feed; raises NotFound for any other."""
    row = connection.execute(by_id(caller, id)).mappings().first()
    if row is None:
        raise NotFound
    return row


def shown_once(made: service.Made) -> Response:
    """The answer that holds a new secret."""
    public = WebhookEndpointPublic.model_validate(made.row)
    content = WebhookEndpointCreated(**public.model_dump(), secret=made.secret)
    location = {"Location": f"/v1/webhook-endpoints/{made.row.id}"}
    return json_of(content, 201, {**headers_of(made.row.version), **location})


def as_it_is(row: WebhookEndpoint, status_code: int = 200) -> Response:
    """The answer that shows an endpoint."""
    return json_of(WebhookEndpointPublic.model_validate(row), status_code, headers_of(row.version))


def headers_of(version: int) -> dict[str, str]:
    """The headers of an endpoint."""
    return {"ETag": etag(version), **cache_headers(is_private=True)}


webhooks = APIRouter(tags=["webhook-endpoints"])

MessageId = Annotated[
    str,
    Header(
        alias="webhook-id",
        max_length=120,
        pattern="^[a-z0-9_]+$",
        description="Id of the message: the same whenever it is sent again, to drop doubles by.",
    ),
]
SentAt = Annotated[
    str,
    Header(
        alias="webhook-timestamp",
        max_length=12,
        pattern="^[0-9]+$",
        description="When this attempt was made, in seconds since 1970: refuse what is older than five minutes.",
    ),
]
Signature = Annotated[
    str,
    Header(
        alias="webhook-signature",
        max_length=200,
        pattern="^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$",
        description="HMAC-SHA256 of id, timestamp and body, joined by dots; two while the secret is being replaced.",
    ),
]


@webhooks.post("change", status_code=204, operation_id="receive_change")
async def receive_change(_content: ChangeMessage, _id: MessageId, _at: SentAt, _signature: Signature) -> None:
    """Take a change: answer with 2xx within 15 seconds, when it is stored and not when it is worked off.

    Anything else is tried again for three days, and nothing behind it is sent before. 410 ends the endpoint.
    """


@webhooks.post("ping", status_code=204, operation_id="receive_ping")
async def receive_ping(_content: PingMessage, _id: MessageId, _at: SentAt, _signature: Signature) -> None:
    """Take a message that tells of nothing: it shows whether address, secret and signature fit.

    It is tried once. 410 ends the endpoint.
    """
