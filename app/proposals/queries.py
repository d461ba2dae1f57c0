"""What lists of proposals are asked for."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.access.caller import Caller
from app.proposals.models import Proposal, ProposalList
from app.resources.lists import any_of, matching


def filters(wanted: ProposalList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of proposals."""
    return matching(Proposal, wanted, caller, {"partner_id": lambda ids: any_of(col(Proposal.proposed_by_id), ids)})
