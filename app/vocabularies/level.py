"""The two levels of the regular exchange that the agreement names."""

from app.vocabularies.term import Term


class Level(Term):
    """On which level partners meet or work."""

    strategic = "strategic", "strategisch", "strategic"
    operational = "operational", "operativ", "operational"
