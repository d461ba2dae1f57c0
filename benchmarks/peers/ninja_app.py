"""The same reads and writes in django-ninja, as its documentation would have them, over the register's own tables.

It keeps no log, no representation and no history; keys are looked up as the register does it.
"""
# mypy: ignore-errors
# ruff: noqa: ARG001, DJ001, DJ008, E402, RUF012 (Django is set up before its models are, and ninja names the arguments)

import hashlib
import os
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID, uuid4

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ["PGUSER"],
            "HOST": os.environ["PGHOST"],
            "CONN_MAX_AGE": None,
        }
    },
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="benchmark",  # noqa: S106 (nothing is signed)
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import NinjaAPI, PatchDict, Schema
from ninja.security import HttpBearer

MOST = 50


class Json(models.JSONField):
    """A column of the type json, which the driver reads by itself."""

    def from_db_value(self, value, expression, connection):  # noqa: ANN001, ANN201, ARG002 (Django calls it so)
        return value


class Key(models.Model):
    id = models.UUIDField(primary_key=True)
    partner_id = models.UUIDField()
    role = models.TextField()
    digest = models.TextField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        managed, app_label, db_table = False, "peer", "api_key"


class Event(models.Model):
    id = models.UUIDField(primary_key=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    visibility = models.TextField(default="public")
    sort_name = models.TextField(default="")
    search_text = models.TextField(default="")
    representation = models.TextField(default="{}")
    title = models.TextField()
    description = models.TextField(null=True)
    format = models.TextField()
    level = models.TextField()
    status = models.TextField(default="planned")
    starts_at = models.DateTimeField()
    starts_on = models.DateField()
    ends_at = models.DateTimeField(null=True)
    timezone = models.TextField(default="Europe/Berlin")
    attendance_mode = models.TextField(default="in_person")
    location = models.TextField(null=True)
    organiser_id = models.UUIDField()
    documents = Json(default=list)
    agreement_id = models.UUIDField()

    class Meta:
        managed, app_label, db_table = False, "peer", "consultation_event"


class Participant(models.Model):
    pk = models.CompositePrimaryKey("consultation_event_id", "partner_id")
    consultation_event = models.ForeignKey(Event, models.DO_NOTHING, related_name="participants")
    partner_id = models.UUIDField()
    role = models.TextField(default="participant")
    attendance = models.TextField(default="invited")
    delegates = models.IntegerField(null=True)
    position = models.IntegerField()

    class Meta:
        managed, app_label, db_table, ordering = False, "peer", "event_participant", ("position",)


class ParticipantSchema(Schema):
    partner_id: UUID
    role: Literal["host", "moderator", "participant"] = "participant"
    attendance: Literal["invited", "accepted", "declined", "attended", "absent"] = "invited"
    delegates: int | None = None


class EventIn(Schema):
    agreement_id: UUID
    title: str
    description: str | None = None
    format: Literal["talk", "conference", "expert_day", "working_group", "other"]
    level: Literal["strategic", "operational"]
    starts_at: datetime
    ends_at: datetime | None = None
    location: str | None = None
    organiser_id: UUID
    participants: list[ParticipantSchema] = []


class EventOut(EventIn):
    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    visibility: str
    status: str
    timezone: str
    attendance_mode: str


class Page(Schema):
    items: list[EventOut]


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Key | None:  # noqa: ARG002 (ninja calls it so)
        return Key.objects.filter(digest=hashlib.sha256(token.encode()).hexdigest(), revoked_at=None).first()


api = NinjaAPI()
EVENTS = Event.objects.prefetch_related("participants")


def anyone(request: HttpRequest) -> bool:
    """Let in who has a key, and who has none."""
    header = request.headers.get("Authorization")
    return header is None or Bearer().authenticate(request, header.removeprefix("Bearer ")) is not None


@api.get("/consultation-events/{id}", response=EventOut, auth=anyone)
def get_event(request: HttpRequest, response: HttpResponse, id: UUID):  # noqa: ANN201 (ninja reads the declared one)
    event = get_object_or_404(EVENTS, id=id)
    tag = f'"{event.version}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304)
    response["ETag"] = tag
    return event


@api.get("/consultation-events", response=Page, auth=anyone)
def list_events(request: HttpRequest, partner_id: UUID | None = None):  # noqa: ANN201 (the same)
    found = EVENTS.order_by("starts_at", "id")
    if partner_id:
        taking_part = Participant.objects.filter(consultation_event=models.OuterRef("pk"), partner_id=partner_id)
        found = found.filter(models.Q(organiser_id=partner_id) | models.Exists(taking_part))
    return {"items": found[:MOST]}


@api.post("/consultation-events", response={201: EventOut}, auth=Bearer())
def create_event(request: HttpRequest, content: EventIn):  # noqa: ANN201 (the same)
    now, fields = datetime.now(UTC), content.dict(exclude={"participants"})
    with transaction.atomic():
        event = Event.objects.create(
            id=uuid4(), created_at=now, updated_at=now, starts_on=content.starts_at.date(), **fields
        )
        Participant.objects.bulk_create(
            Participant(consultation_event=event, position=position, **each.dict())
            for position, each in enumerate(content.participants)
        )
    return 201, event


@api.patch("/consultation-events/{id}", response=EventOut, auth=Bearer())
def change_event(request: HttpRequest, id: UUID, content: PatchDict[EventIn]):  # noqa: ANN201 (the same)
    with transaction.atomic():
        event = get_object_or_404(Event.objects.select_for_update(), id=id)
        for name, value in content.items():
            setattr(event, name, value)
        event.version, event.updated_at = event.version + 1, datetime.now(UTC)
        event.save()
    return event


urlpatterns = [path("v1/", api.urls)]
application = get_wsgi_application()
