"""Writes of observations, at the address of an indicator and a day."""

from datetime import date
from uuid import UUID

from app.changes.log import Transaction
from app.http.conditional import Preconditions
from app.indicators.resource import INDICATORS
from app.observations.models import Observation, ObservationCreate, ObservationPlace, ObservationPut
from app.observations.resource import OBSERVATIONS, observation_id
from app.resources import writing
from app.resources.changing import authorise_place, changeable
from app.resources.writing import at_address, locked


async def put(
    session: Transaction, indicator_id: UUID, on: date, content: ObservationPut, preconditions: Preconditions
) -> tuple[Observation, bool]:
    """Set the value of an indicator on a day; returns the observation and whether it is new.

    Raises NotFound or Gone for the indicator, and what putting a resource raises.
    """
    place = ObservationPlace(indicator_id=indicator_id, on=on)
    await authorise_place(session, OBSERVATIONS, place)
    indicator = await locked(session, INDICATORS, indicator_id)
    row = await at_address(session, OBSERVATIONS, place)
    visibility = row.visibility if row else indicator.visibility
    whole = {"visibility": visibility, **content.model_dump(mode="json"), **place.model_dump(mode="json")}
    return await writing.put(session, OBSERVATIONS, ObservationCreate.model_validate(whole), preconditions)


async def remove(session: Transaction, indicator_id: UUID, on: date, preconditions: Preconditions) -> None:
    """Delete the value of an indicator on a day; raises what `put` raises."""
    await authorise_place(session, OBSERVATIONS, ObservationPlace(indicator_id=indicator_id, on=on))
    await locked(session, INDICATORS, indicator_id)
    row = await changeable(session, OBSERVATIONS, observation_id(indicator_id, on), preconditions)
    await writing.remove(session, OBSERVATIONS, row)
