"""Writes of observations: they belong to the partner that leads the indicator's sub-measure."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.indicators.models import Indicator
from app.indicators.resource import INDICATORS
from app.observations.models import Observation, ObservationCreate, ObservationPut
from app.observations.resource import OBSERVATIONS, observation_id
from app.resources.changing import changeable
from app.resources.changing import put as put_resource
from app.resources.writing import locked
from app.resources.writing import remove as remove_resource
from app.sub_measures.models import SubMeasure


async def put(
    session: AsyncSession,
    caller: Caller,
    indicator_id: UUID,
    on: date,
    content: ObservationPut,
    if_match: str | None,
) -> tuple[Observation, bool]:
    """Set the value of an indicator on a day; returns the observation and whether it is new.

    Raises NotFound or Gone for the indicator, Forbidden where the caller's partner does not lead its sub-measure.
    """
    indicator = await locked(session, caller, INDICATORS, indicator_id)
    id = observation_id(indicator_id, on)
    before = (await session.execute(select(col(Observation.visibility)).where(col(Observation.id) == id))).first()
    whole: dict[str, Any] = {
        "visibility": before.visibility if before else indicator.visibility,
        **content.model_dump(mode="json"),
        "indicator_id": str(indicator_id),
        "on": on,
    }
    return await put_resource(
        session,
        caller,
        OBSERVATIONS,
        id,
        ObservationCreate.model_validate(whole),
        if_match,
        owners=[await lead_of(session, indicator)],
    )


async def remove(session: AsyncSession, caller: Caller, indicator_id: UUID, on: date, if_match: str | None) -> None:
    """Delete the value of an indicator on a day; raises what `put` raises."""
    indicator = await locked(session, caller, INDICATORS, indicator_id)
    owners = [await lead_of(session, indicator)]
    id = observation_id(indicator_id, on)
    await remove_resource(session, OBSERVATIONS, await changeable(session, caller, OBSERVATIONS, id, if_match, owners))


async def lead_of(session: AsyncSession, indicator: Indicator) -> UUID | None:
    """The partner that leads an indicator's sub-measure; None for indicators of goals."""
    wanted = select(col(SubMeasure.lead_partner_id)).where(col(SubMeasure.id) == indicator.sub_measure_id)
    return (await session.execute(wanted)).scalar_one_or_none()
