"""The vocabularies of objections, and what state can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class ObjectionState(Term):
    """Whether an objection stands."""

    open = "open", "offen", "open"
    withdrawn = "withdrawn", "zurückgenommen", "withdrawn"
    settled = "settled", "erledigt", "settled"


TRANSITIONS: Mapping[ObjectionState, frozenset[ObjectionState]] = {
    ObjectionState.open: frozenset({ObjectionState.withdrawn, ObjectionState.settled}),
    ObjectionState.withdrawn: frozenset(),
    ObjectionState.settled: frozenset(),
}
