"""The vocabularies of observations."""

from app.vocabularies.term import Term


class ObservationState(Term):
    """Whether a value can still change."""

    provisional = (
        "provisional",
        "vorläufig",
        "provisional",
        "Der Wert kann noch berichtigt werden.",
        "The value may still be corrected.",
    )
    final = (
        "final",
        "endgültig",
        "final",
        "Der Wert steht fest; nur beide Seiten zusammen berichtigen ihn.",
        "The value stands; only both sides together correct it.",
    )
