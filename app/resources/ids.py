"""Ids: by time for what is new, by name for what an agreement's file brings."""

from uuid import NAMESPACE_URL, UUID, uuid5

import uuid_utils.compat

NAMESPACE = uuid5(NAMESPACE_URL, "urn:cooperation-register")


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): ids of later resources sort behind earlier ones."""
    return uuid_utils.compat.uuid7()


def named_id(*path: object) -> UUID:
    """The UUID of version 5 for a path of slugs such as `partners`, `liga-dresden`: the same in every installation."""
    return uuid5(NAMESPACE, "/".join(str(step) for step in path))


SHOWN = {
    "consultation-events": "fachtag-sucht",
    "decisions": "strategie-suchtpraevention",
    "needs": "schulsozialarbeit",
    "indicators": "schulen-suchtpraevention",
    "progress-reports": "sucht-1",
    "objections": "begegnungsstaette-beschlusstag",
    "proposals": "begegnungsstaette-beschlusstag",
}
"""The entries of the invented year that the contract's examples show, by the path of their kind."""


def demo_id(path: str, name: str) -> UUID:
    """The id of an entry of the invented year (`register demo`)."""
    return named_id("demo", path, name)


def shown_id(path: str) -> UUID:
    """The id that an example shows for what no agreement's file brings.

    It leads somewhere once the demo is loaded, where the invented year has something of the kind.
    """
    return demo_id(path, SHOWN.get(path, "example"))
