"""The vocabularies of objections, and what state can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class ObjectionState(Term):
    """Whether an objection stands."""

    open = (
        "open",
        "offen",
        "open",
        "Der Widerspruch besteht.",
        "The objection stands.",
    )
    withdrawn = (
        "withdrawn",
        "zurückgenommen",
        "withdrawn",
        "Wer widersprochen hat, hat es zurückgenommen.",
        "Who objected has taken it back.",
    )
    settled = (
        "settled",
        "erledigt",
        "settled",
        "Der Widerspruch ist aus der Welt, etwa weil berichtigt wurde.",
        "The objection is out of the way, for example by a correction.",
    )


TRANSITIONS: Mapping[ObjectionState, frozenset[ObjectionState]] = {
    ObjectionState.open: frozenset({ObjectionState.withdrawn, ObjectionState.settled}),
    ObjectionState.withdrawn: frozenset(),
    ObjectionState.settled: frozenset(),
}
