"""Why a caller can be refused."""

from typing import ClassVar, Literal

from pydantic import Field

from app.access.roles import Role
from app.http.problems import Problem
from app.language import Text

Rule = Literal["role", "ownership", "agreement", "side"]


class Unauthorized(Problem):
    """The operation needs a key, or the key that came with the request is not a valid one."""

    status = 401
    slug = "unauthorized"
    title = Text("Gültiger Schlüssel nötig", "A valid key is needed")
    about = Text(
        "Der mitgeschickte Schlüssel ist falsch geschrieben, unbekannt, abgelaufen oder gesperrt.",
        "The key that was sent is misspelt, unknown, expired or revoked.",
    )

    def __init__(self, detail: Text | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


KEY_NEEDED = Text(
    "Dafür ist ein Schlüssel nötig: Authorization: Bearer crk_...", "This needs a key: Authorization: Bearer crk_..."
)


class Forbidden(Problem):
    """The caller may see this, but not do it; `rule` names what refuses."""

    status = 403
    slug = "forbidden"
    title = Text("Nicht erlaubt", "Not allowed")
    about = Text("Der Schlüssel erlaubt das nicht.", "The key does not allow this.")
    own: ClassVar = {
        "rule": (
            Rule,
            Field(
                None,
                description="With 403: what refused, the role of the key, that the resource belongs to another partner, that "
                "the key's partner is no party of the agreement, or that another side of the agreement has to say it.",
            ),
        )
    }

    def __init__(self, rule: Rule, detail: Text) -> None:
        super().__init__(detail, rule=rule)


def role_needed(role: Role) -> Forbidden:
    """The refusal of a key whose role is too small."""
    return Forbidden("role", Text(f"Dafür ist die Rolle {role} nötig.", f"This needs the role {role}."))
