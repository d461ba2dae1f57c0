"""Signatures of Standard Webhooks, and the secrets that they are made with.

A secret is nowhere kept: it is computed from the installation's own, the endpoint and how often it was replaced.
"""

import base64
import hmac
from collections.abc import Sequence
from uuid import UUID

from pydantic import SecretStr

PREFIX = "whsec_"


def secret_of(key: SecretStr, endpoint_id: UUID, generation: int) -> bytes:
    """The secret of an endpoint after it was replaced so many times."""
    return hmac.digest(key.get_secret_value().encode(), f"webhook {endpoint_id} {generation}".encode(), "sha256")


def shown(secret: bytes) -> str:
    """A secret as receivers are given it."""
    return f"{PREFIX}{base64.b64encode(secret).decode()}"


def signed(secrets: Sequence[bytes], id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: a signature for each secret that a receiver may have."""
    content = f"{id}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret, content, "sha256") for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
