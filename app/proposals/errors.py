"""Why a proposal cannot be confirmed."""

from typing import ClassVar

from pydantic import Field

from app.http.problems import Problem
from app.language import Text
from app.schema.fields import Version


class StaleProposal(Problem):
    """What the proposal is about was changed after it was made; `current_version` is the version of today."""

    status = 409
    slug = "stale-proposal"
    title = Text("Vorschlag überholt", "Proposal out of date")
    about = Text(
        "Der Eintrag wurde geändert, seit der Vorschlag gemacht wurde. Er kann zur aktuellen Fassung neu vorgeschlagen werden.",
        "The resource was changed after the proposal was made. It can be proposed again for the current version.",
    )
    remedy = Text(
        "Den Eintrag neu lesen und, wenn die Berichtigung noch nötig ist, zur heutigen Fassung vorschlagen.",
        "Read the resource again and, if it still needs correcting, propose that for the version of today.",
    )
    sample: ClassVar = {"current_version": 4}
    own: ClassVar = {
        "current_version": (
            Version,
            Field(None, description="With 409 `stale-proposal`: the version of the resource that it is about."),
        )
    }
