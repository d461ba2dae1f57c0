"""The vocabularies of decisions, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class DecisionStatus(Term):
    """How far a decision is."""

    announced = (
        "announced",
        "angekündigt",
        "announced",
        "Die Kommune hat gesagt, dass sie darüber entscheiden will.",
        "The authority has said that it is going to decide on it.",
    )
    in_consultation = (
        "in_consultation",
        "in Beteiligung",
        "in consultation",
        "Die gefragten Partner können sich äußern.",
        "The partners that are asked can have their say.",
    )
    decided = (
        "decided",
        "beschlossen",
        "decided",
        "Es ist entschieden; von da an ist es aktenkundig.",
        "It is decided; from then on it is on record.",
    )
    withdrawn = (
        "withdrawn",
        "zurückgezogen",
        "withdrawn",
        "Die Kommune entscheidet vorerst nicht darüber.",
        "The authority does not decide on it for now.",
    )
    reported = (
        "reported",
        "von Verbänden gemeldet",
        "reported by associations",
        "Ein Verband hat eine Entscheidung eingetragen, die nicht angekündigt war.",
        "An association has recorded a decision that was not announced.",
    )
    refused = (
        "refused",
        "von der Kommune bestritten",
        "denied by the authority",
        "Die Kommune nimmt nicht auf, was Verbände eingetragen haben; warum, steht dabei.",
        "The authority does not take on what associations recorded; why is said with it.",
    )


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
