"""The time zones of places, by the lists of the time zone database that is installed with the register.

What a system keeps beside them (`localtime`, `posixrules`), and zones that are no place (`EST5EDT`, `Etc/GMT+5`) may mean
something else, or nothing, on the next machine.
"""

from functools import cache
from importlib.resources import files

UTC = "UTC"
LISTS = files("tzdata")


@cache
def places() -> frozenset[str]:
    """The names of the zones of places, former names among them, and UTC."""
    rows = LISTS.joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines()
    areas = {row.split("\t")[2].partition("/")[0] for row in rows if not row.startswith("#")}
    names = LISTS.joinpath("zones").read_text("utf-8").split()
    return frozenset({UTC} | {name for name in names if "/" in name and name.partition("/")[0] in areas})


def place_of(name: str) -> str:
    """The place that a zone by another kind of name stands for, such as Europe/Lisbon for Portugal; else UTC."""
    rows = LISTS.joinpath("zoneinfo", "tzdata.zi").read_text("utf-8").splitlines()
    targets = {link: target for kind, target, link in (row.split() for row in rows if row.startswith("L ")) if kind}
    target = targets.get(name, name)
    return target if target in places() else UTC
