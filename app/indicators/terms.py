"""The vocabularies of indicators."""

from app.vocabularies.term import Term


class Direction(Term):
    """Which way an indicator gets better."""

    higher_is_better = (
        "higher_is_better",
        "mehr ist besser",
        "higher is better",
        "Ein höherer Wert ist ein Fortschritt.",
        "A higher value is progress.",
    )
    lower_is_better = (
        "lower_is_better",
        "weniger ist besser",
        "lower is better",
        "Ein niedrigerer Wert ist ein Fortschritt.",
        "A lower value is progress.",
    )
    neither = (
        "neither",
        "weder noch",
        "neither",
        "Der Wert beschreibt nur; weder mehr noch weniger ist ein Fortschritt.",
        "The value only describes; neither more nor less is progress.",
    )
