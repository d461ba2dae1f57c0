"""Parts of an address below a resource."""

from typing import Annotated

from fastapi import Path

from app.resources.ids import named_id
from app.schema.fields import Day, Id

PartnerInPath = Annotated[
    Id, Path(description="Id of the partner.", examples=[str(named_id("partners", "caritas-dresden"))])
]
DayInPath = Annotated[Day, Path(description="Day of the value.", examples=["2025-03-31"])]
