"""What lists of partners are asked for, and who goes on in their place."""

from datetime import date
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, and_, exists, not_, select, true

from app.access.caller import Caller
from app.access.visibility import visible
from app.database.tables import table_of
from app.partners.models import Partner, PartnerList, PartnerMembership, PartnerServiceField
from app.resources.kind import Conditions
from app.resources.lists import any_of, linked
from app.schema.period import goes_on, holds_on


def conditions(wanted: PartnerList, _caller: Caller) -> Conditions:
    """Those of filters of partners that look into other tables, `on` a day where `member_of_id` is among them."""
    return {
        "service_field": lambda fields: linked(Partner, PartnerServiceField, "service_field", fields),
        "member_of_id": lambda ids: is_member(ids, wanted.on),
    }


def is_member(umbrella_ids: list[UUID], day: date | None) -> ColumnElement[bool]:
    """Whether a partner is a member of any of these on a day."""
    membership = table_of(PartnerMembership)
    return exists().where(
        membership.c.member_id == table_of(Partner).c.id,
        any_of(membership.c.umbrella_id, umbrella_ids),
        true() if day is None else holds_on(membership, day),
    )


def successors(caller: Caller, today: date) -> CTE:
    """Who goes on in the place of each partner that has merged, as far as the caller sees that it did.

    Its columns are `partner_id` and `successor_id`, which is the last one of a row of mergers.
    """
    partner = table_of(Partner)
    has_merged = and_(
        partner.c.merged_into_id.is_not(None), not_(goes_on(partner.c.dissolved_on, today)), visible(partner, caller)
    )
    mergers = select(partner.c.id, partner.c.merged_into_id).where(has_merged).cte("mergers")
    steps = select(mergers.c.id.label("partner_id"), mergers.c.merged_into_id.label("successor_id")).cte(
        "successions", recursive=True
    )
    further = select(steps.c.partner_id, mergers.c.merged_into_id).join(mergers, mergers.c.id == steps.c.successor_id)
    steps = steps.union_all(further)
    return select(steps).where(steps.c.successor_id.not_in(select(mergers.c.id))).cte("successors")
