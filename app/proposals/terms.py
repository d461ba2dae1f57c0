"""The vocabularies of proposals, and what state can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class ProposalState(Term):
    """What became of a proposal."""

    open = "open", "offen", "open"
    confirmed = "confirmed", "bestätigt", "confirmed"
    rejected = "rejected", "abgelehnt", "rejected"
    withdrawn = "withdrawn", "zurückgezogen", "withdrawn"


ANSWERS = frozenset({ProposalState.confirmed, ProposalState.rejected})
"""What another side makes of a proposal."""

TRANSITIONS: Mapping[ProposalState, frozenset[ProposalState]] = {
    ProposalState.open: ANSWERS | {ProposalState.withdrawn},
    ProposalState.confirmed: frozenset(),
    ProposalState.rejected: frozenset(),
    ProposalState.withdrawn: frozenset(),
}
