"""Why a caller can be refused."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from app.access.roles import Role
from app.http.problems import Code, Problem
from app.language import Text

Rule = Literal["role", "ownership", "agreement", "side"]


Lacking = Literal["missing", "misspelt", "unknown", "revoked", "expired", "ended"]
"""What is wrong with a key, for the log: a caller is not told which."""


class Unauthorized(Problem):
    """The operation needs a key, or the key that came with the request is not a valid one; `lacks` is for the log."""

    status = 401
    slug = "unauthorized"
    title = Text("Gültiger Schlüssel nötig", "A valid key is needed")
    about = Text(
        "Der mitgeschickte Schlüssel ist falsch geschrieben, unbekannt, abgelaufen oder gesperrt.",
        "The key that was sent is misspelt, unknown, expired or revoked.",
    )
    remedy = Text(
        "Den Schlüssel ganz und nur in diesem Header mitschicken: Authorization: Bearer crk_... Einen neuen macht ein "
        "Schlüssel des Partners mit der Rolle admin: POST /v1/keys.",
        "Send the whole key, and in this header alone: Authorization: Bearer crk_... A key of the partner with the role "
        "admin makes a new one: POST /v1/keys.",
    )

    def __init__(self, detail: Text | None = None, *, lacks: Lacking) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})
        self.refused_for = lacks


KEY_NEEDED = Text(
    "Dafür ist ein Schlüssel nötig: Authorization: Bearer crk_...", "This needs a key: Authorization: Bearer crk_..."
)


class Forbidden(Problem):
    """The caller may see this, but not do it; `rule` names what refuses, `writers` who may."""

    status = 403
    slug = "forbidden"
    title = Text("Nicht erlaubt", "Not allowed")
    about = Text("Der Schlüssel erlaubt das nicht.", "The key does not allow this.")
    remedy = Text(
        "rule sagt, woran es liegt, und writers, wer es darf. GET /v1/keys/current zeigt, was der eigene "
        "Schlüssel erlaubt.",
        "rule says what refuses it, and writers who may. GET /v1/keys/current shows what your own key allows.",
    )
    sample: ClassVar = {"rule": "ownership", "writers": ["contributor"]}
    own: ClassVar = {
        "rule": (
            Rule,
            Field(
                None,
                description="With 403: what refused, the role of the key, that these are another partner's words, that the "
                "key's partner is no party of the agreement, or that it stands on another side of it.",
            ),
        ),
        "writers": (
            list[Code],
            Field(
                None, max_length=10, description="With 403: who writes it, where the role alone does not decide that."
            ),
        ),
    }

    def __init__(self, rule: Rule, detail: Text, **members: Any) -> None:
        super().__init__(detail, rule=rule, **members)
        self.refused_for = rule


def role_needed(role: Role) -> Forbidden:
    """The refusal of a key whose role is too small."""
    return Forbidden("role", Text(f"Dafür ist die Rolle {role} nötig.", f"This needs the role {role}."))


class LastOperator(Problem):
    """The last key by which the register is kept would end."""

    status = 409
    slug = "last-operator"
    title = Text("Letzter Schlüssel mit der Rolle operator", "Last key of the role operator")
    about = Text(
        "Danach gäbe es keinen gültigen Schlüssel mehr, mit dem das Register verwaltet wird.",
        "There would be no valid key left by which the register is kept.",
    )
    remedy = Text(
        "Erst einen zweiten Schlüssel mit der Rolle operator ausgeben (POST /v1/keys), bei einem Partner, der weiter besteht, "
        "oder diesen ersetzen: POST /v1/keys/current/rotation mit overlap_hours 0.",
        "First give out a second key of the role operator (POST /v1/keys), for a partner that goes on, or replace this one: "
        "POST /v1/keys/current/rotation with overlap_hours 0.",
    )
