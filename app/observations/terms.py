"""The vocabularies of observations."""

from app.vocabularies.term import Term


class ObservationState(Term):
    """Whether a value can still change."""

    provisional = "provisional", "vorläufig", "provisional"
    final = "final", "endgültig", "final"
