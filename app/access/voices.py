"""Who speaks: what a caller is to a resource, and so whose words it may write."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from app.access.caller import Caller
from app.access.parties import Side
from app.access.roles import Role
from app.vocabularies.term import Term


class Voice(Term):
    """Who writes some fields of a resource."""

    partner = (
        "partner",
        "der Partner, dem es gehört",
        "the partner that it belongs to",
        "Es spricht, wem der Eintrag gehört, mit einem eigenen Schlüssel.",
        "Who speaks is whom the resource belongs to, with a key of its own.",
    )
    organiser = (
        "organiser",
        "der Veranstalter",
        "the organiser",
        "Es spricht, wer zu dem Termin einlädt.",
        "Who speaks is who invites to the event.",
    )
    authority = (
        "authority",
        "die Koordination auf der Seite der Kommune",
        "a coordinator on the authority's side",
        "Es spricht eine Koordination auf der Seite, die entscheidet.",
        "Who speaks is a coordinator on the side that decides.",
    )
    associations = (
        "associations",
        "ein Verband, der beteiligt ist",
        "an association that is a party",
        "Es spricht ein Verband, der Partei der Vereinbarung ist.",
        "Who speaks is an association that is a party of the agreement.",
    )
    party = (
        "party",
        "eine Partei der Vereinbarung",
        "a party of the agreement",
        "Es spricht irgendeine Partei der Vereinbarung.",
        "Who speaks is any party of the agreement.",
    )
    coordinator = (
        "coordinator",
        "die Koordination einer Partei",
        "a coordinator of a party",
        "Es spricht die Koordination irgendeiner Partei der Vereinbarung.",
        "Who speaks is a coordinator of any party of the agreement.",
    )
    admin = (
        "admin",
        "die Rolle admin des Partners selbst",
        "the role admin of the partner itself",
        "Es spricht, wer den Partner verwaltet, um den es geht.",
        "Who speaks is who keeps the partner that it is about.",
    )
    operator = (
        "operator",
        "die Rolle operator",
        "the role operator",
        "Es spricht, wer das Register verwaltet.",
        "Who speaks is who keeps the register.",
    )


Voices = frozenset[Voice]

ROLES: Mapping[Voice, Role] = {
    Voice.partner: Role.contributor,
    Voice.organiser: Role.contributor,
    Voice.authority: Role.coordinator,
    Voice.associations: Role.contributor,
    Voice.party: Role.contributor,
    Voice.coordinator: Role.coordinator,
    Voice.admin: Role.admin,
    Voice.operator: Role.operator,
}
"""The role that a key needs to speak with each."""


@dataclass(frozen=True)
class Standing:
    """What a caller is to a resource, as it was and as it is to be.

    `owners` are the partners that it belongs to, None for nobody. `sides` are those on which the caller's partner stands in
    its agreement, and in each where it moves; None where it belongs to none, or to none that there is. `proposed_by_id` is
    the partner whose proposal the caller confirms: they speak for both, whatever their roles.
    """

    by: Caller
    owners: frozenset[UUID | None]
    sides: frozenset[Side] | None
    proposed_by_id: UUID | None = None

    @property
    def is_party(self) -> bool:
        """Whether the caller's partner has a say where the resource belongs."""
        return self.sides is None or bool(self.sides)

    @property
    def is_own(self) -> bool:
        """Whether it is the caller's own, before and after; what is nobody's is any coordinator's."""
        nobodys = {None} if self.has_role_for(Voice.coordinator) else set()
        return self.owners <= self.partners | nobodys

    @property
    def partners(self) -> frozenset[UUID | None]:
        """For whom the caller speaks."""
        return frozenset({self.by.partner_id, self.proposed_by_id or self.by.partner_id})

    def has_role_for(self, voice: Voice) -> bool:
        """Whether a voice is not refused by the caller's role."""
        return self.proposed_by_id is not None or self.by.has(ROLES[voice])

    def is_on(self, side: Side) -> bool:
        """Whether the caller's partner stands on a side."""
        return self.sides is None or side in self.sides

    @cached_property
    def voices(self) -> Voices:
        """With which voices the caller speaks. An operator is what its partner is, beside what only operators keep."""
        if self.by.is_command:
            return frozenset(Voice)
        applies = {
            Voice.partner: self.is_party and self.is_own,
            Voice.authority: self.is_on(Side.authority),
            Voice.associations: self.is_on(Side.associations),
            Voice.party: self.is_party,
            Voice.coordinator: self.is_party,
            Voice.admin: self.is_own,
            Voice.operator: True,
        }
        return frozenset(voice for voice, holds in applies.items() if holds and self.has_role_for(voice))

    def voices_in(self, owner: UUID | None) -> Voices:
        """With which voices the caller speaks in an entry of one of the resource's lists, whose owner the entry names."""
        voices = self.voices
        if self.by.is_command:
            return voices
        is_own = self.is_party and owner in self.partners and self.has_role_for(Voice.partner)
        organiser = {Voice.organiser} if Voice.partner in voices else set()
        return (voices - {Voice.partner}) | organiser | ({Voice.partner} if is_own else set())
