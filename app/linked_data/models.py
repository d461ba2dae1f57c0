"""Vocabularies as they are answered."""

from typing import Annotated

from pydantic import BaseModel, Field

MOST_TERMS, MOST_VOCABULARIES = 100, 200

NAME_PATTERN, CODE_PATTERN = "^[a-z]+(-[a-z]+)*$", "^[a-z_]+$"


class Texts(BaseModel):
    """The same in both languages."""

    de: str = Field(max_length=500, pattern="^.+$", description="In German.")
    en: str = Field(max_length=500, pattern="^.+$", description="In English.")


class VocabularyTerm(BaseModel):
    """A term of a vocabulary."""

    code: str = Field(max_length=60, pattern=CODE_PATTERN, description="What fields hold.")
    label: Texts = Field(description="What people call it.")
    description: Texts = Field(description="What it means.")


class VocabularyPublic(BaseModel):
    """A closed vocabulary: later versions may add terms."""

    name: str = Field(max_length=60, pattern=NAME_PATTERN, description="Its name in addresses.")
    terms: Annotated[list[VocabularyTerm], Field(max_length=MOST_TERMS)] = Field(description="Its terms, in order.")


class VocabularyList(BaseModel):
    """All vocabularies."""

    items: list[VocabularyPublic] = Field(max_length=MOST_VOCABULARIES, description="The vocabularies, by their names.")
