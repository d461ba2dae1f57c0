"""What the doctor advises."""

from typing import NamedTuple


class Advice(NamedTuple):
    """Something that is not as it should be, and what to do; what must be mended can lose or tell what it must not."""

    must: bool
    what: str
    todo: str

    def __str__(self) -> str:
        return f"{'mend' if self.must else 'look'}: {self.what}: {self.todo}"


def mend(what: str, todo: str) -> Advice:
    """What must be mended."""
    return Advice(must=True, what=what, todo=todo)


def look(what: str, todo: str) -> Advice:
    """What may be as it is meant."""
    return Advice(must=False, what=what, todo=todo)
