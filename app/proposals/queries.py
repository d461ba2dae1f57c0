"""What lists of proposals are asked for, and who can answer one."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlmodel import col

from app.access.caller import Caller
from app.access.models import ApiKey
from app.access.parties import PARTY, Side, is_party_on
from app.access.roles import Role
from app.partners.models import Partner
from app.proposals.models import Proposal, ProposalList
from app.resources.lists import any_of, matching


def filters(wanted: ProposalList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of proposals."""
    return matching(Proposal, wanted, caller, {"partner_id": lambda ids: any_of(col(Proposal.proposed_by_id), ids)})


def able_to_answer(agreement_id: UUID, sides: Collection[Side], now: datetime, today: date) -> Select[UUID]:
    """Selects a key by which a party on none of these sides could answer today."""
    parties = select(PARTY.c.partner_id).where(PARTY.c.agreement_id == agreement_id, is_party_on(today))
    works = (
        col(ApiKey.revoked_at).is_(None),
        or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > now),
        or_(col(Partner.dissolved_on).is_(None), col(Partner.dissolved_on) >= today),
        col(ApiKey.role).in_([role for role in Role if role.includes(Role.contributor)]),
    )
    return (
        select(col(ApiKey.id))
        .join(Partner, col(Partner.id) == col(ApiKey.partner_id))
        .where(
            col(ApiKey.partner_id).in_(parties),
            col(ApiKey.partner_id).not_in(parties.where(PARTY.c.side.in_(sides))),
            *works,
        )
        .limit(1)
    )
