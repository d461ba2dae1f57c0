"""What must hold between the fields of agreements."""

from collections.abc import Iterator
from datetime import date

from app.agreements.models import AgreementCreate
from app.http.problems import FieldError, at
from app.resources.kind import FieldPath
from app.resources.rules import in_order


def check(agreement: AgreementCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of an agreement."""
    yield from in_order("ends_on", agreement.starts_on, agreement.ends_on, may_be_equal=True)
    for position, party in enumerate(agreement.parties):
        period = party.model_dump()
        for error in in_order("until", period["from"], period["until"], may_be_equal=True):
            yield at("parties", position, "until", code=error.code, detail=error.detail)


def happened(agreement: AgreementCreate) -> Iterator[tuple[FieldPath, date]]:
    """When it was signed."""
    if agreement.signed_on is not None:
        yield ("signed_on",), agreement.signed_on
