"""Pointers to what is kept elsewhere."""

from pydantic import Field

from app.schema.base import Schema
from app.schema.fields import Name, Title, Url


class Link(Schema):
    """A page elsewhere."""

    title: Title = Field(description="What the link leads to.")
    url: Url = Field(description="Address of the page.")


class Document(Schema):
    """A document elsewhere."""

    title: Title = Field(description="Title of the document.")
    url: Url = Field(description="Address of the document.")
    media_type: Name | None = Field(default=None, description="Media type, such as `application/pdf`.")
