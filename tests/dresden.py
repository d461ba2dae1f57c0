"""What every register of Dresden's holds: the ids of some of it."""

from app.resources.ids import named_id

AGREEMENT = str(named_id("agreements", "dresden-liga-2024"))
CITY = str(named_id("partners", "landeshauptstadt-dresden"))
LIGA = str(named_id("partners", "liga-dresden"))
CARITAS = str(named_id("partners", "caritas-dresden"))
ASSOCIATIONS = [
    str(named_id("partners", slug))
    for slug in (
        "awo-dresden",
        "caritas-dresden",
        "paritaet-sachsen",
        "drk-dresden",
        "diakonie-dresden",
        "juedische-gemeinden-sachsen",
        "liga-dresden",
    )
]
"""The associations that are parties, by name."""


def topic_id(slug: str) -> str:
    """The id of one of Dresden's topics."""
    return str(named_id("topics", "dresden-liga-2024", slug))


def goal_id(number: int) -> str:
    """The id of one of Dresden's goals."""
    return str(named_id("goals", "dresden-liga-2024", number))


def measure_id(goal: int, number: int) -> str:
    """The id of one of Dresden's sub-measures."""
    return str(named_id("sub-measures", "dresden-liga-2024", goal, number))
