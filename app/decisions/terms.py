"""The vocabularies of decisions, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class DecisionStatus(Term):
    """How far a decision is."""

    announced = "announced", "angekündigt", "announced"
    in_consultation = "in_consultation", "in Beteiligung", "in consultation"
    decided = "decided", "beschlossen", "decided"
    withdrawn = "withdrawn", "zurückgezogen", "withdrawn"


TRANSITIONS: Mapping[DecisionStatus, frozenset[DecisionStatus]] = {
    DecisionStatus.announced: frozenset(
        {DecisionStatus.in_consultation, DecisionStatus.decided, DecisionStatus.withdrawn}
    ),
    DecisionStatus.in_consultation: frozenset({DecisionStatus.decided, DecisionStatus.withdrawn}),
    # What was decided stays decided: whether the partners were heard before is judged by it.
    DecisionStatus.decided: frozenset(),
    DecisionStatus.withdrawn: frozenset({DecisionStatus.announced}),
}
