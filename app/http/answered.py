"""What is told of a request once it is answered, in the log and in figures: by whom it was, and what became of it."""

from dataclasses import dataclass
from uuid import UUID

from starlette.types import Scope

ANSWERED = "register.answered"


@dataclass
class Answered:
    """A request and its answer. Each part of the service notes what it knows; `route` is a template, and so one of few."""

    method: str = ""
    client: str = ""
    route: str | None = None
    status: int = 0
    seconds: float = 0.0
    key_id: UUID | None = None
    partner_id: UUID | None = None
    refused_for: str | None = None
    tries: int = 1


def answered_of(scope: Scope) -> Answered:
    """What is known of the request so far."""
    told: Answered = scope.setdefault(ANSWERED, Answered())
    return told
