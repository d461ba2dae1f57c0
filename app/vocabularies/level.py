"""The two levels of the regular exchange that the agreement names."""

from app.vocabularies.term import Term


class Level(Term):
    """On which level partners meet or work."""

    strategic = (
        "strategic",
        "strategisch",
        "strategic",
        "Es geht um Richtung und Grundsätze; die Leitungen sprechen miteinander.",
        "It is about direction and principles; those in charge talk to each other.",
    )
    operational = (
        "operational",
        "operativ",
        "operational",
        "Es geht um die Umsetzung; die Fachleute arbeiten zusammen.",
        "It is about carrying things out; the experts work together.",
    )
