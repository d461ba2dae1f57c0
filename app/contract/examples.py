"""An example of each answer of the contract."""

from collections.abc import Mapping
from typing import Any

from app.calendar.models import EXAMPLES as CALENDAR_EXAMPLES
from app.catalogue import FEATURES
from app.changes.schemas import ChangePage
from app.goals.resource import GOALS
from app.interchange.models import EXAMPLE as IMPORT
from app.interchange.models import ImportPublic
from app.involvement.models import Involvement
from app.keys.models import EXAMPLES as KEY_EXAMPLES
from app.linked_data.models import VocabularyList, VocabularyPublic
from app.linked_data.vocabularies import example as vocabulary_example
from app.log.examples import EXAMPLES as LOG_EXAMPLES
from app.log.examples import receipt_of
from app.log.models import Receipt
from app.proofs.leaves import digest_of, encoded, salted
from app.proofs.tree import HASH_BYTES
from app.redactions.models import EXAMPLES as REDACTION_EXAMPLES
from app.reports.routes import REPORTS
from app.resources.examples import answered_example, given_example
from app.resources.ids import named_id, shown_id
from app.webhooks.messages import ChangeMessage, PingMessage
from app.webhooks.models import EXAMPLE as ENDPOINT_EXAMPLE
from app.webhooks.models import EXAMPLES as ENDPOINT_EXAMPLES

SALT = encoded(bytes(range(HASH_BYTES)))


def examples() -> Mapping[str, Any]:
    """An example of each answer, by the name of its schema; what is sent has its example in its own schema."""
    shown: dict[str, Any] = {each.kind.public.__name__: answered_example(each.kind, each.example) for each in FEATURES}
    shown |= {figures.__name__: given_example(figures) for figures in REPORTS}
    shown[Involvement.__name__] = given_example(Involvement)
    shown[VocabularyPublic.__name__] = vocabulary_example().model_dump()
    shown[VocabularyList.__name__] = {"items": [shown[VocabularyPublic.__name__]]}
    shown[ImportPublic.__name__] = IMPORT
    changes = change_example(shown[GOALS.public.__name__])
    change = changes["items"][0]
    shown |= {ChangePage.__name__: changes, Receipt.__name__: receipt_of(change), **message_examples(change)}
    shown |= REDACTION_EXAMPLES
    return shown | dict(KEY_EXAMPLES) | dict(LOG_EXAMPLES) | dict(ENDPOINT_EXAMPLES) | dict(CALENDAR_EXAMPLES)


def change_example(goal: dict[str, Any]) -> dict[str, Any]:
    """A page of the feed with the creation of a goal."""
    city = str(named_id("partners", "landeshauptstadt-dresden"))
    said = {
        "action": "created",
        "resource_type": GOALS.type,
        "resource_id": goal["id"],
        "version": 1,
        "changed_fields": ["agreement_id", "number", "topic_id", "title"],
        "proposal_id": None,
    }
    leaf = {
        "at": f"{goal['created_at'].removesuffix('Z')}.000000Z",
        **said,
        "visibility": "public",
        "previous_visibility": None,
        "by_partner_id": city,
        "key_ref": salted(SALT, str(shown_id("keys"))),
        "reason": None,
        "data_digest": digest_of(SALT, goal),
    }
    change = {
        "position": 15,
        "at": goal["created_at"],
        **said,
        "by": {"partner_id": city},
        "data": goal,
        "leaf": leaf,
        "salt": SALT,
        "redacted_by": None,
    }
    return {"items": [change], "next_cursor": "MTU6MDEyMzQ1Njc4OWFiY2RlZjpwdWJsaWM", "more": False}


def message_examples(change: dict[str, Any]) -> dict[str, Any]:
    """What is sent to endpoints: a change, and a ping."""
    told = {name: change[name] for name in ("position", "resource_type", "resource_id", "version")}
    return {
        ChangeMessage.__name__: {
            "type": f"{change['resource_type']}.{change['action']}",
            "timestamp": change["at"],
            "data": told | {"change": change},
        },
        PingMessage.__name__: {
            "type": "ping",
            "timestamp": change["at"],
            "data": {"endpoint_id": ENDPOINT_EXAMPLE["id"]},
        },
    }
