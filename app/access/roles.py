"""What a key allows."""

from app.vocabularies.term import Term


class Role(Term):
    """The role of a key; each includes the ones before it."""

    reader = (
        "reader",
        "liest auch, was nur für Partner ist",
        "also reads what is for partners only",
        "Liest alles und schreibt nichts.",
        "Reads everything and writes nothing.",
    )
    contributor = (
        "contributor",
        "schreibt, was dem eigenen Partner gehört",
        "writes what belongs to its own partner",
        "Liest alles und schreibt, was der eigene Partner sagt, leitet oder veranstaltet.",
        "Reads everything and writes what its own partner says, leads or organises.",
    )
    coordinator = (
        "coordinator",
        "schreibt alles zur Zusammenarbeit in den eigenen Vereinbarungen",
        "writes everything about the cooperation in its own agreements",
        "Schreibt außerdem, was in den eigenen Vereinbarungen niemandem allein gehört.",
        "Also writes what belongs to nobody alone in its own agreements.",
    )
    admin = (
        "admin",
        "verwaltet auch Schlüssel und Angaben des eigenen Partners",
        "also keeps the keys and the profile of its own partner",
        "Gibt außerdem die Schlüssel des eigenen Partners aus und schreibt, wer er ist.",
        "Also gives out the keys of its own partner, and writes who that is.",
    )
    operator = (
        "operator",
        "verwaltet auch das Register: Partner, Vereinbarungen und erste Schlüssel",
        "also keeps the register: partners, agreements and first keys",
        "Legt außerdem Partner und Vereinbarungen an, gibt jedem Partner seinen ersten Schlüssel und sperrt jeden.",
        "Also adds partners and agreements, gives each partner its first key, and revokes any.",
    )

    def includes(self, other: "Role") -> bool:
        """Whether this role allows what the other one does."""
        return RANKS[self] >= RANKS[other]


RANKS = {role: rank for rank, role in enumerate(Role)}
