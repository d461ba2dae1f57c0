"""The vocabularies of indicators."""

from app.vocabularies.term import Term


class Direction(Term):
    """Which way an indicator gets better."""

    higher_is_better = "higher_is_better", "mehr ist besser", "higher is better"
    lower_is_better = "lower_is_better", "weniger ist besser", "lower is better"
    neither = "neither", "weder noch", "neither"
