"""The vocabularies of proposals, and what state can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class ProposalState(Term):
    """What became of a proposal."""

    open = (
        "open",
        "offen",
        "open",
        "Der Vorschlag wartet auf die andere Seite.",
        "The proposal waits for the other side.",
    )
    confirmed = (
        "confirmed",
        "bestätigt",
        "confirmed",
        "Die andere Seite hat zugestimmt; berichtigt ist, was vorgeschlagen war.",
        "The other side has agreed; what was proposed is corrected.",
    )
    rejected = (
        "rejected",
        "abgelehnt",
        "rejected",
        "Die andere Seite hat abgelehnt; warum, steht dabei.",
        "The other side has refused; why is said with it.",
    )
    withdrawn = (
        "withdrawn",
        "zurückgezogen",
        "withdrawn",
        "Wer vorgeschlagen hat, hat es zurückgezogen.",
        "Who proposed it has taken it back.",
    )


ANSWERS = frozenset({ProposalState.confirmed, ProposalState.rejected})
"""What another side makes of a proposal."""

TRANSITIONS: Mapping[ProposalState, frozenset[ProposalState]] = {
    ProposalState.open: ANSWERS | {ProposalState.withdrawn},
    ProposalState.confirmed: frozenset(),
    ProposalState.rejected: frozenset(),
    ProposalState.withdrawn: frozenset(),
}
