"""Why a reader of the feed must start again."""

from app.http.problems import Problem
from app.language import Text


class FeedReset(Problem):
    """The cursor comes from a log that this register no longer has: it was restored from an older backup."""

    status = 410
    slug = "feed-reset"
    title = Text("Das Protokoll wurde zurückgesetzt", "The feed was reset")
    about = Text(
        "Der Cursor stammt aus einem Stand, den es nach einer Wiederherstellung nicht mehr gibt. Bitte von vorn lesen.",
        "The cursor comes from a state that is gone after a restore. Read the feed from the beginning.",
    )


class RightsChanged(Problem):
    """The cursor was given to a caller with other rights, who saw another feed."""

    status = 410
    slug = "rights-changed"
    title = Text("Die Rechte haben sich geändert", "The rights have changed")
    about = Text(
        "Der Cursor stammt von einem Aufrufer mit anderen Rechten. Bitte von vorn lesen.",
        "The cursor was given to a caller with other rights. Read the feed from the beginning.",
    )
