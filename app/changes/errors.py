"""Why a reader of the feed must start again."""

from app.http.problems import Problem
from app.language import Text


class FeedReset(Problem):
    """The cursor is from behind the end of the log: the register was restored from an older backup."""

    status = 410
    slug = "feed-reset"
    title = Text("Das Protokoll wurde zurückgesetzt", "The feed was reset")
    about = Text(
        "Der Cursor stammt aus einem Stand, den es nach einer Wiederherstellung nicht mehr gibt. Bitte von vorn lesen.",
        "The cursor comes from a state that is gone after a restore. Read the feed from the beginning.",
    )
    remedy = Text(
        "Die eigene Kopie verwerfen und das Protokoll ohne cursor von vorn lesen.",
        "Drop your copy and read the feed from the beginning, without a cursor.",
    )


class HistoryRewritten(Problem):
    """The log has another entry at the position of the cursor than the one that was served before."""

    status = 410
    slug = "history-rewritten"
    title = Text("Die Geschichte wurde umgeschrieben", "History was rewritten")
    about = Text(
        "An der Stelle des Cursors steht jetzt ein anderer Eintrag als der, der ausgeliefert wurde: Nach einer "
        "Wiederherstellung wurde anders weitergeschrieben, oder jemand hat das Protokoll umgeschrieben.",
        "Where the cursor stands there is now another entry than the one that was served: after a restore others were "
        "written, or somebody rewrote the log.",
    )
    remedy = Text(
        "Die eigene Kopie behalten, denn sie ist der Beleg: mit register audit vergleichen und beim Betreiber "
        "nachfragen, was geschehen ist.",
        "Keep your copy, for it is the evidence: compare it by register audit, and ask the operator what happened.",
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
    remedy = Text(
        "Das Protokoll ohne cursor von vorn lesen: mit anderen Rechten ist anderes zu sehen.",
        "Read the feed from the beginning, without a cursor: other rights see other things.",
    )
