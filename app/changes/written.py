"""What a transaction has written, as the log tells it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.access.caller import Caller
from app.access.visibility import Visibility
from app.changes.blanking import Blank
from app.changes.findings import FoundBy
from app.changes.models import KEY, Action
from app.changes.quota import ENTRY_BYTES
from app.changes.tallies import Cell
from app.http.envelope import request_id
from app.proofs.leaves import digest_of, leaf_hash, leaf_of, new_salt, salted


@dataclass(frozen=True)
class Written:
    """A change that a transaction made."""

    action: Action
    type: str
    id: UUID
    version: int
    visibility: Visibility
    previous_visibility: Visibility | None
    changed_fields: Sequence[str]
    data: str | None
    agreement_id: UUID | None = None
    about: Collection[UUID] = ()
    proposal_id: UUID | None = None
    reason: str | None = None
    deleted_at: datetime | None = None
    """Since when its subject has been deleted, where only the history of that is redacted."""
    blanks: Sequence[Blank] = ()
    """What it erases of earlier entries, with the action `redacted`."""
    tallied: Mapping[Cell, int] = field(default_factory=dict)
    """What its subject is counted in now, less what it was counted in before."""
    found: Collection[FoundBy] | None = None
    """What lists find its subject by from now on; None where that stays."""

    @property
    def is_first(self) -> bool:
        """Whether nothing was known of its subject."""
        return self.action is Action.created and self.version == 1


def size_of(written: Written) -> int:
    """What a change counts for the quota of a key: what it does to keys nothing, so that who has written too much can still revoke."""
    return 0 if written.type == KEY else ENTRY_BYTES + len((written.data or "").encode())


def state_of(written: Written, now: datetime) -> dict[str, Any]:
    """What is known of a subject after a change; the agreement, and the last deletion, only where that is said."""
    return {
        "id": written.id,
        "kind": written.type,
        "version": written.version,
        "visibility": written.visibility,
        "deleted_at": now if written.action is Action.deleted else written.deleted_at,
        "deleted_version": written.version if written.action is Action.deleted else None,
        "agreement_id": written.agreement_id,
    }


def entry(by: Caller, written: Written, at: datetime) -> dict[str, Any]:
    """The columns of an entry, its position excepted."""
    salt = new_salt()
    row = {
        "at": at,
        "action": written.action,
        "resource_type": written.type,
        "resource_id": written.id,
        "version": written.version,
        "visibility": written.visibility,
        "previous_visibility": written.previous_visibility,
        "by_partner_id": by.partner_id,
        "by_key_id": by.key_id,
        "request_id": request_id.get() or None,
        "changed_fields": list(written.changed_fields),
        "data": written.data,
        "proposal_id": written.proposal_id,
        "reason": written.reason,
        "salt": salt,
        "key_ref": None if by.key_id is None else salted(salt, str(by.key_id)),
        "data_digest": digest_of(salt, None if written.data is None else json.loads(written.data)),
        "redacts": [blank.named for blank in written.blanks] or None,
        "redacted_by": None,
    }
    return row | {"leaf_hash": leaf_hash(leaf_of(row))}
