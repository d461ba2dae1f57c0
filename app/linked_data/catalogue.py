"""The catalogue of what can be downloaded, as portals of open data read it (DCAT-AP.de 3): a dataset for each kind.

What the settings do not say is left out. Portals demand a publisher, a licence and who contributes the data; so an
installation that wants to be in them sets the operator, the licence and the contributor.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from app.access.caller import ANONYMOUS
from app.access.visibility import visible
from app.agreements.models import Agreement
from app.catalogue import FEATURES, Feature
from app.database.tables import table_of
from app.language import Text
from app.linked_data.names import NAMESPACES, full
from app.settings import Settings

EU = "http://publications.europa.eu/resource/authority/"
DE = "http://dcat-ap.de/def/"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
LICENCES: Mapping[str, str] = {
    "govdata.de/dl-de/by-2-0": "dl-by-de/2.0",
    "govdata.de/dl-de/zero-2-0": "dl-zero-de/2.0",
    "creativecommons.org/licenses/by/4.0": "cc-by/4.0",
    "creativecommons.org/licenses/by-sa/4.0": "cc-by-sa/4.0",
    "creativecommons.org/publicdomain/zero/1.0": "cc-zero",
}
"""What the portals call licences, by their addresses without what varies at both ends."""
VARIES = re.compile(r"^https?://(www\.)?|(/(deed|legalcode)(\.\w+)?)?/?$")

TITLE = Text("Daten des Kooperationsregisters", "Data of the cooperation register")
ABOUT = Text(
    "Die öffentlichen Daten einer Kooperation zwischen einer Stadt und ihren Wohlfahrtsverbänden: Partner, Ziele, "
    "Teilmaßnahmen, Beteiligungstermine, Entscheidungen und was daraus wurde.",
    "The public data of a cooperation between a city and its welfare associations: partners, goals, sub-measures, "
    "consultation events, decisions and what became of them.",
)
ABOUT_ONE = Text(
    "{label} aus dem Kooperationsregister einer Stadt und ihrer Wohlfahrtsverbände, fortlaufend aktualisiert.",
    "{label} of the cooperation register of a city and its welfare associations, kept up to date all the time.",
)
SERVICE = Text("Schnittstelle des Kooperationsregisters", "API of the cooperation register")
KEYWORDS = {"de": ["Kooperation", "Wohlfahrtspflege", "Beteiligung"], "en": ["cooperation", "welfare", "participation"]}


class FileFormat(NamedTuple):
    """A form of file that can be downloaded: how its address ends, and what portals call it."""

    suffix: str
    name: Text
    file_type: str
    media_type: str | None = None


FILES = (
    # No media type of JSON Lines is registered.
    FileFormat("jsonl", Text("JSON Lines, ein Eintrag je Zeile", "JSON Lines, an entry a line"), "JSON"),
    FileFormat("csv", Text("CSV mit Kopfzeile", "CSV with a header"), "CSV", "text/csv"),
    FileFormat(
        "xlsx",
        Text("Tabelle für Menschen (Excel)", "Table for people (Excel)"),
        "XLSX",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
)

CONTEXT: Mapping[str, Any] = {
    **NAMESPACES,
    **{
        name: {"@id": full(name), "@container": "@language"}
        for name in ("dcterms:title", "dcterms:description", "dcat:keyword")
    },
    "dcterms:modified": {"@id": full("dcterms:modified"), "@type": full("xsd:dateTime")},
    "dcatap:availability": {"@id": full("dcatap:availability"), "@type": "@id"},
}


class Facts(NamedTuple):
    """What the register itself knows for the catalogue: when each kind was last changed, and of which places it is."""

    modified: Mapping[str, datetime]
    municipalities: Sequence[str]


def facts(connection: Connection) -> Facts:
    """What is public of it."""
    modified = {}
    for kind in (feature.kind for feature in FEATURES):
        table = table_of(kind.table)
        latest = connection.execute(select(func.max(table.c.updated_at)).where(visible(table, ANONYMOUS))).scalar_one()
        if latest is not None:
            modified[kind.type] = latest
    agreement = table_of(Agreement)
    keys = select(agreement.c.municipality_key).where(
        agreement.c.municipality_key.is_not(None), visible(agreement, ANONYMOUS)
    )
    return Facts(modified, sorted(set(connection.execute(keys).scalars())))


def catalogue(settings: Settings, base: str, known: Facts) -> dict[str, Any]:
    """The catalogue, as JSON-LD."""
    shared = shared_of(settings, base)
    service = service_of(settings, base) | shared
    datasets = [dataset(feature, settings, base, known) | shared for feature in FEATURES]
    return {
        "@context": CONTEXT,
        "@id": f"{base}/catalog.jsonld",
        "@type": "dcat:Catalog",
        "dcterms:title": TITLE._asdict(),
        "dcterms:description": ABOUT._asdict(),
        "dcterms:language": [{"@id": f"{EU}language/{each}"} for each in ("DEU", "ENG")],
        "dcat:themeTaxonomy": {"@id": f"{EU}data-theme"},
        "foaf:homepage": {"@id": f"{base}/"},
        **({"dcterms:modified": max(known.modified.values()).isoformat()} if known.modified else {}),
        **{name: shared[name] for name in ("dcterms:publisher",) if name in shared},
        **licence_of(settings),
        "dcat:service": service,
        "dcat:dataset": datasets,
    }


def shared_of(settings: Settings, base: str) -> dict[str, Any]:
    """What is said of the catalogue's datasets and services alike: who publishes them, and whom to ask."""
    found: dict[str, Any] = {}
    if settings.operator is not None:
        homepage = {"foaf:homepage": {"@id": settings.contact_url}} if settings.contact_url else {}
        publisher = {"@id": f"{base}/#operator", "@type": ["foaf:Agent", "foaf:Organization"]}
        found["dcterms:publisher"] = publisher | {"foaf:name": settings.operator} | homepage
    ways = {
        "vcard:hasEmail": settings.contact_email and f"mailto:{settings.contact_email}",
        "vcard:hasURL": settings.contact_url,
    }
    reached = {name: {"@id": where} for name, where in ways.items() if where}
    if reached:
        named = {"vcard:fn": settings.operator or TITLE.de}
        found["dcat:contactPoint"] = {"@id": f"{base}/#contact", "@type": "vcard:Organization", **named, **reached}
    return found


def service_of(settings: Settings, base: str) -> dict[str, Any]:
    """The API itself."""
    return {
        "@id": service_address(base),
        "@type": "dcat:DataService",
        "dcterms:title": SERVICE._asdict(),
        "dcat:endpointURL": {"@id": f"{base}/v1"},
        "dcat:endpointDescription": {"@id": f"{base}/openapi.json"},
        "dcat:servesDataset": [{"@id": dataset_address(feature, base)} for feature in FEATURES],
        **licence_of(settings),
        **contributor_of(settings),
    }


def service_address(base: str) -> str:
    """What the API is called in the catalogue."""
    return f"{base}/catalog.jsonld#api"


def dataset_address(feature: Feature, base: str) -> str:
    """What the dataset of a kind is called in the catalogue."""
    return f"{base}/catalog.jsonld#{feature.kind.plural}"


def dataset(feature: Feature, settings: Settings, base: str, known: Facts) -> dict[str, Any]:
    """All that is public of one kind."""
    modified = known.modified.get(feature.kind.type)
    address = dataset_address(feature, base)
    return {
        "@id": address,
        "@type": "dcat:Dataset",
        "dcterms:title": feature.label._asdict(),
        "dcterms:description": {
            "de": ABOUT_ONE.de.format(label=feature.label.de),
            "en": ABOUT_ONE.en.format(label=feature.label.en),
        },
        "dcterms:identifier": address,
        "dcterms:language": {"@id": f"{EU}language/DEU"},
        "dcterms:accrualPeriodicity": {"@id": f"{EU}frequency/CONT"},
        "dcterms:accessRights": {"@id": f"{EU}access-right/PUBLIC"},
        "dcat:theme": [{"@id": f"{EU}data-theme/{each}"} for each in ("SOCI", "GOVE")],
        "dcat:keyword": KEYWORDS,
        "dcat:landingPage": {"@id": f"{base}/docs"},
        **({} if modified is None else {"dcterms:modified": modified.isoformat()}),
        **places_of(known.municipalities),
        **contributor_of(settings),
        "dcat:distribution": list(distributions(feature, settings, base)),
    }


def places_of(municipalities: Sequence[str]) -> dict[str, Any]:
    """Of which places the data are, as the portals name them."""
    if not municipalities:
        return {}
    return {
        "dcatde:politicalGeocodingLevelURI": {"@id": f"{DE}politicalGeocoding/Level/municipality"},
        "dcatde:politicalGeocodingURI": [
            {"@id": f"{DE}politicalGeocoding/municipalityKey/{key}"} for key in municipalities
        ],
    }


def distributions(feature: Feature, settings: Settings, base: str) -> Iterator[dict[str, Any]]:
    """The files in which a kind can be downloaded."""
    for each in FILES:
        address = f"{base}/v1/exports/{feature.kind.plural}.{each.suffix}"
        yield {
            "@id": f"{dataset_address(feature, base)}-{each.suffix}",
            "@type": "dcat:Distribution",
            "dcterms:title": each.name._asdict(),
            "dcat:accessURL": {"@id": address},
            "dcat:downloadURL": {"@id": address},
            "dcterms:format": {"@id": f"{EU}file-type/{each.file_type}"},
            **({} if each.media_type is None else {"dcat:mediaType": {"@id": f"{MEDIA_TYPES}{each.media_type}"}}),
            "dcatap:availability": f"{EU}planned-availability/STABLE",
            "dcat:accessService": {"@id": service_address(base)},
            **licence_of(settings),
            **({"dcatde:licenseAttributionByText": settings.operator} if settings.operator else {}),
        }


def licence_of(settings: Settings) -> dict[str, Any]:
    """The licence, as the portals call it where they have a name for it."""
    if settings.data_licence is None:
        return {}
    known = LICENCES.get(VARIES.sub("", settings.data_licence))
    return {"dcterms:license": {"@id": settings.data_licence if known is None else f"{DE}licenses/{known}"}}


def contributor_of(settings: Settings) -> dict[str, Any]:
    """As whom the portals know who hands in the data."""
    contributor = settings.data_contributor
    return {} if contributor is None else {"dcatde:contributorID": {"@id": contributor}}
