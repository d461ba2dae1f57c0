"""What is served of the log's tree: checkpoints, hashes of leaves, proofs, receipts, and who cosigns."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import BigInteger
from sqlmodel import Field as Column
from sqlmodel import SQLModel

from app.changes.models import LAST_POSITION
from app.changes.schemas import ChangePublic, Hash
from app.schema.base import Schema

MOST_LEAVES = 1_000
MOST_STEPS = 64
"""How many hashes a proof has at most: one for each level of the largest tree."""
KEY_LENGTH, NOTE_LENGTH = 300, 8_000
LINE_LENGTH = 400
KEY_PATTERN = r"^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$"
NOTE_PATTERN = r"^[^\n]+\n(0|[1-9][0-9]{0,15})\n[A-Za-z0-9+/]{43}=\n[\s\S]*$"

Index = Annotated[int, Field(ge=0, le=LAST_POSITION, json_schema_extra={"format": "int64"})]
Size = Annotated[int, Field(ge=1, le=LAST_POSITION, json_schema_extra={"format": "int64"})]
VerifierKey = Annotated[str, Field(max_length=KEY_LENGTH, pattern=KEY_PATTERN)]
NoteText = Annotated[str, Field(max_length=NOTE_LENGTH, pattern=NOTE_PATTERN)]
Path = Annotated[list[Hash], Field(max_length=MOST_STEPS)]


class Cosigner(SQLModel, table=True):
    """A public key with which a partner cosigns checkpoints."""

    __tablename__ = "cosigner"

    verifier_key: str = Column(primary_key=True, max_length=KEY_LENGTH)
    partner_id: UUID = Column(index=True)
    registered_at: datetime


class Cosignature(SQLModel, table=True):
    """What a partner has signed of the tree of one size: the line under the checkpoint."""

    __tablename__ = "cosignature"

    size: int = Column(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    partner_id: UUID = Column(primary_key=True)
    line: str = Column(max_length=LINE_LENGTH)
    signed_at: datetime


class LogKey(BaseModel):
    """With which key the register signs the checkpoints of its log."""

    name: str = Field(
        max_length=200, pattern=r"^[^\s+]+$", description="Name of the key, and origin of the checkpoints."
    )
    verifier_key: VerifierKey = Field(
        description="The public key as programs for signed notes take it: name, hash and key, between plus signs."
    )


class CheckpointQuery(Schema):
    """Which checkpoint is asked for."""

    size: Size | None = Field(None, description="Of how many leaves; not given: of all that there are.")


class LeavesQuery(Schema):
    """Which leaves are asked for."""

    first: Index = Field(0, alias="from", description="Index of the first leaf; that of an entry is its position.")
    limit: int = Field(MOST_LEAVES, ge=1, le=MOST_LEAVES, description="How many hashes to answer at most.")


class LeafHashes(BaseModel):
    """Hashes of leaves, one behind the other."""

    first: Index = Field(serialization_alias="from", description="Index of the first one.")
    items: list[Hash] = Field(max_length=MOST_LEAVES, description="The hashes, in Base64.")
    size: Size = Field(description="How many leaves there are now.")


class InclusionQuery(Schema):
    """What is to be proved to be in which tree."""

    position: Index = Field(description="Position of the entry, which is the index of its leaf.")
    size: Size | None = Field(None, description="How many leaves the tree has; not given: all that there are.")


class InclusionProof(BaseModel):
    """That a leaf is in a tree (RFC 9162, section 2.1.3)."""

    position: Index = Field(description="Index of the leaf.")
    size: Size = Field(description="How many leaves the tree has.")
    leaf_hash: Hash = Field(description="Hash of the leaf.")
    path: Path = Field(description="The hashes that lead from the leaf to the root.")
    root: Hash = Field(description="Root of the tree.")


class ConsistencyQuery(Schema):
    """Which tree is to be proved to be the beginning of which."""

    first: Size = Field(alias="from", description="How many leaves the earlier tree has.")
    to: Size | None = Field(None, description="How many the later one has; not given: all that there are.")


class ConsistencyProof(BaseModel):
    """That a tree begins with an earlier one (RFC 9162, section 2.1.4)."""

    first: Size = Field(serialization_alias="from", description="How many leaves the earlier tree has.")
    to: Size = Field(description="How many the later one has.")
    path: Path = Field(description="The hashes that lead to both roots.")
    first_root: Hash = Field(serialization_alias="from_root", description="Root of the earlier tree.")
    to_root: Hash = Field(description="Root of the later one.")


class Receipt(BaseModel):
    """Evidence that an entry is in the log; `register audit` checks it without the register."""

    entry: ChangePublic = Field(description="The newest entry about the resource.")
    proof: InclusionProof = Field(description="That its leaf is in the tree of the checkpoint.")
    checkpoint: NoteText = Field(description="What the register has signed of this tree, and who has cosigned it.")
    verifier_key: VerifierKey = Field(description="With which key; compare it with the one that is known otherwise.")


class CosignerCreate(Schema):
    """A key with which the caller's partner cosigns."""

    verifier_key: VerifierKey = Field(
        description="The public key: name, hash and key, between plus signs; of the kind 4, for cosignatures."
    )


class CosignerPublic(BaseModel):
    """A key with which a partner cosigns."""

    partner_id: UUID = Field(description="The partner.")
    verifier_key: VerifierKey = Field(description="The public key.")
    registered_at: datetime = Field(description="Since when it is known here (UTC).")


class Cosigners(BaseModel):
    """The keys with which partners cosign."""

    items: list[CosignerPublic] = Field(
        max_length=MOST_LEAVES, description="The keys, in the order of their registration."
    )


class CosignatureCreate(Schema):
    """A checkpoint that the caller's partner has cosigned."""

    note: NoteText = Field(
        description="The checkpoint as it was served, with a line for the cosignature (C2SP tlog-cosignature, version 1)."
    )


class CosignaturePublic(BaseModel):
    """What a partner has cosigned."""

    partner_id: UUID = Field(description="The partner.")
    size: Size = Field(description="How many leaves the tree has.")
    signed_at: datetime = Field(description="When it was signed, as the signature says (UTC).")
