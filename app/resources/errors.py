"""Why a write can be refused although each of its fields is well-formed."""

from typing import ClassVar

from pydantic import BaseModel, Field

from app.http.problems import Code, Problem
from app.language import Text
from app.resources.ids import named_id

FIELDS = Field(None, max_length=60, description="With 409 `duplicate` and `frozen`: the fields that it is about.")


class Referrer(BaseModel):
    """A resource that refers to the one that was to be deleted."""

    resource: str = Field(max_length=60, pattern="^[a-z-]+$", description="Kind of the resource, as in its URL.")
    id: str = Field(max_length=36, json_schema_extra={"format": "uuid"}, description="Id of the resource.")


class Duplicate(Problem):
    """A value that must be unique is taken; `fields` names it."""

    status = 409
    slug = "duplicate"
    title = Text("Schon vergeben", "Already taken")
    about = Text("Ein anderer Eintrag hat diesen Wert schon.", "Another resource has this value already.")
    remedy = Text(
        "Die Angaben, die fields nennt, anders wählen, oder den Eintrag ändern, der sie schon hat.",
        "Choose other values for what fields names, or change the resource that has them.",
    )
    sample: ClassVar = {"fields": ["code"]}
    own: ClassVar = {"fields": (list[Code], FIELDS)}


class InUse(Problem):
    """Other resources refer to the one that was to be deleted; `referrers` lists them."""

    status = 409
    slug = "in-use"
    title = Text("Wird noch verwendet", "Still in use")
    about = Text(
        "Andere Einträge verweisen auf diesen. Er kann erst gelöscht werden, wenn sie es nicht mehr tun.",
        "Other resources refer to this one. It can be deleted when they no longer do.",
    )
    remedy = Text(
        "referrers nennt, was darauf verweist: das zuerst ändern oder löschen.",
        "referrers lists what refers to it: change or delete that first.",
    )
    sample: ClassVar = {"referrers": [{"resource": "goals", "id": str(named_id("goals", "dresden-liga-2024", 1))}]}
    own: ClassVar = {
        "referrers": (
            list[Referrer],
            Field(
                None, max_length=100, description="With 409 `in-use`: what refers to the resource, the first hundred."
            ),
        )
    }


class Frozen(Problem):
    """What is on record is changed by nobody alone; `fields` names what was to be changed."""

    status = 409
    slug = "frozen"
    title = Text("Festgeschrieben", "Frozen")
    about = Text(
        "Was so weit ist, ändert und löscht niemand allein, damit der Nachweis gilt. Berichtigt wird es durch einen Vorschlag "
        "(POST /v1/proposals), den eine andere Seite der Vereinbarung bestätigt.",
        "What has come this far is neither changed nor deleted by anybody alone, so that the record stands. It is corrected by "
        "a proposal (POST /v1/proposals) that another side of the agreement confirms.",
    )
    remedy = Text(
        "Mit POST /v1/proposals vorschlagen, was richtig ist; gilt, sobald eine andere Seite es bestätigt.",
        "Propose what is right by POST /v1/proposals; it holds when another side confirms it.",
    )
    sample: ClassVar = {"fields": ["submitted_at"]}
    own: ClassVar = {"fields": (list[Code], FIELDS)}


class TransitionNotAllowed(Problem):
    """The status cannot become what was asked for; `allowed` names what it can become."""

    status = 409
    slug = "transition-not-allowed"
    title = Text("Statuswechsel nicht möglich", "Status change not possible")
    about = Text(
        "Der Status kann von hier aus nicht so geändert werden.",
        "The status cannot be changed to this from where it is.",
    )
    remedy = Text("Einen Status wählen, den allowed nennt.", "Choose a status that allowed names.")
    sample: ClassVar = {"allowed": ["in_progress", "suspended"]}
    own: ClassVar = {
        "allowed": (
            list[Code],
            Field(None, max_length=20, description="With 409 `transition-not-allowed`: what the status can become."),
        )
    }
