"""What lists of proposals are asked for, and who can answer one."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import col

from app.access.caller import Caller
from app.access.parties import PARTY, Side, is_party_on
from app.partners.models import Partner
from app.proposals.models import Proposal, ProposalList
from app.resources.kind import Conditions
from app.resources.lists import any_of
from app.schema.period import goes_on


def conditions(_wanted: ProposalList, _caller: Caller) -> Conditions:
    """Those of filters of proposals that look into other tables."""
    return {"partner_id": lambda ids: any_of(col(Proposal.proposed_by_id), ids)}


def able_to_answer(agreement_id: UUID, sides: Collection[Side], today: date) -> Select[UUID]:
    """Selects the parties on none of these sides that could answer today, if only by a key that is made for them yet."""
    parties = select(PARTY.c.partner_id).where(PARTY.c.agreement_id == agreement_id, is_party_on(today))
    return select(col(Partner.id)).where(
        col(Partner.id).in_(parties),
        col(Partner.id).not_in(parties.where(PARTY.c.side.in_(sides))),
        goes_on(col(Partner.dissolved_on), today),
    )
