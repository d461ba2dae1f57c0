"""Why a caller can be refused."""

from app.http.problems import Problem
from app.language import Text


class Unauthorized(Problem):
    """The key that came with the request is not known."""

    status = 401
    slug = "unauthorized"
    title = Text("Schlüssel ungültig", "Key not valid")
    about = Text("Der mitgeschickte Schlüssel ist nicht bekannt.", "The key that was sent is not known.")

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})
