"""The vocabularies of decisions, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class DecisionStatus(Term):
    """How far a decision is."""

    announced = "announced", "angekündigt", "announced"
    in_consultation = "in_consultation", "in Beteiligung", "in consultation"
    decided = "decided", "beschlossen", "decided"
    withdrawn = "withdrawn", "zurückgezogen", "withdrawn"
    reported = "reported", "von Verbänden gemeldet", "reported by associations"
    refused = "refused", "von der Kommune bestritten", "denied by the authority"


TAKEN_ON = frozenset({DecisionStatus.announced, DecisionStatus.in_consultation, DecisionStatus.decided})
"""What a decision becomes that associations reported, once the authority takes it on."""

TRANSITIONS: Mapping[DecisionStatus, frozenset[DecisionStatus]] = {
    DecisionStatus.announced: frozenset(
        {DecisionStatus.in_consultation, DecisionStatus.decided, DecisionStatus.withdrawn}
    ),
    DecisionStatus.in_consultation: frozenset({DecisionStatus.decided, DecisionStatus.withdrawn}),
    # What was decided stays decided: whether the partners were heard before is judged by it.
    DecisionStatus.decided: frozenset(),
    DecisionStatus.withdrawn: frozenset({DecisionStatus.announced}),
    DecisionStatus.reported: TAKEN_ON | {DecisionStatus.refused},
    DecisionStatus.refused: TAKEN_ON,
}
