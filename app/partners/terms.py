"""The vocabularies of partners."""

from app.vocabularies.term import Term


class PartnerKind(Term):
    """What kind of organisation a partner is."""

    municipality = (
        "municipality",
        "Kommune",
        "municipality",
        "Eine Stadt, eine Gemeinde oder ein Landkreis.",
        "A city, a municipality or a district.",
    )
    umbrella_association = (
        "umbrella_association",
        "Dachverband",
        "umbrella association",
        "Ein Zusammenschluss, der für seine Mitglieder sprechen kann.",
        "An association of others that can speak for its members.",
    )
    member_association = (
        "member_association",
        "Mitgliedsverband",
        "member association",
        "Ein Verband, der selbst Angebote macht und einem Dachverband angehören kann.",
        "An association that offers services itself and may belong to an umbrella association.",
    )
    other = (
        "other",
        "andere",
        "other",
        "Eine Organisation anderer Art.",
        "An organisation of another kind.",
    )


class ServiceField(Term):
    """A field in which a partner offers services."""

    counselling = (
        "counselling",
        "Beratung",
        "counselling",
        "Rat und Begleitung in schwierigen Lebenslagen.",
        "Advice and company in difficult situations of life.",
    )
    daycare = (
        "daycare",
        "Kindertagesbetreuung",
        "daycare",
        "Krippen, Kindergärten, Horte und Tagespflege.",
        "Crèches, nursery schools, after-school care and childminding.",
    )
    schools = (
        "schools",
        "Schulen",
        "schools",
        "Schulen in eigener Trägerschaft und Angebote an Schulen.",
        "Schools of one's own, and services at schools.",
    )
    youth_welfare = (
        "youth_welfare",
        "Jugendhilfe",
        "youth welfare",
        "Hilfen für Kinder, Jugendliche und ihre Familien.",
        "Help for children, young people and their families.",
    )
    elderly_care = (
        "elderly_care",
        "Altenhilfe",
        "care of older people",
        "Begegnung, Unterstützung und Wohnen im Alter.",
        "Company, support and housing in old age.",
    )
    nursing = (
        "nursing",
        "Pflege",
        "nursing",
        "Pflege zu Hause und in Einrichtungen.",
        "Nursing at home and in institutions.",
    )
    other = (
        "other",
        "andere",
        "other",
        "Ein anderes Arbeitsfeld der sozialen Arbeit.",
        "Another field of social work.",
    )
