"""Who calls."""

from dataclasses import dataclass
from uuid import UUID

from app.access.errors import KEY_NEEDED, Unauthorized, role_needed
from app.access.roles import Role


@dataclass(frozen=True)
class Caller:
    """Who sends a request: a key of a partner, anyone without a key, or the register's own commands.

    A command carries what the operator loads: the words of any partner.
    """

    role: Role | None = None
    partner_id: UUID | None = None
    key_id: UUID | None = None
    is_command: bool = False

    @property
    def sees_partners(self) -> bool:
        """Whether the caller also sees what is for partners only: with any key."""
        return self.role is not None

    def has(self, role: Role) -> bool:
        """Whether the caller's role allows what this one does."""
        return self.role is not None and self.role.includes(role)


ANONYMOUS = Caller()
COMMAND = Caller(role=Role.operator, is_command=True)
"""Whoever runs the `register` command: they have the database itself."""


def require(caller: Caller, role: Role) -> Caller:
    """The caller, when its role is enough; raises Unauthorized without a key and Forbidden with a lesser one."""
    if caller.role is None:
        raise Unauthorized(KEY_NEEDED, lacks="missing")
    if not caller.has(role):
        raise role_needed(role)
    return caller
