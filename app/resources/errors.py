"""Why a write can be refused although each of its fields is well-formed."""

from app.http.problems import Problem
from app.language import Text


class Duplicate(Problem):
    """A value that must be unique is taken; `fields` names it."""

    status = 409
    slug = "duplicate"
    title = Text("Schon vergeben", "Already taken")
    about = Text("Ein anderer Eintrag hat diesen Wert schon.", "Another resource has this value already.")


class InUse(Problem):
    """Other resources refer to the one that was to be deleted; `referrers` lists them."""

    status = 409
    slug = "in-use"
    title = Text("Wird noch verwendet", "Still in use")
    about = Text(
        "Andere Einträge verweisen auf diesen. Er kann erst gelöscht werden, wenn sie es nicht mehr tun.",
        "Other resources refer to this one. It can be deleted when they no longer do.",
    )


class Frozen(Problem):
    """What is on record may not be changed any more; `fields` names it, where it is not the whole resource."""

    status = 409
    slug = "frozen"
    title = Text("Festgeschrieben", "Frozen")
    about = Text(
        "Was so weit ist, wird nicht mehr geändert und nicht gelöscht, damit der Nachweis gilt.",
        "What has come this far is neither changed nor deleted any more, so that the record stands.",
    )


class TransitionNotAllowed(Problem):
    """The status cannot become what was asked for; `allowed` names what it can become."""

    status = 409
    slug = "transition-not-allowed"
    title = Text("Statuswechsel nicht möglich", "Status change not possible")
    about = Text(
        "Der Status kann von hier aus nicht so geändert werden.",
        "The status cannot be changed to this from where it is.",
    )
