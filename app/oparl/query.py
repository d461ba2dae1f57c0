"""What OParl's external lists can be asked for."""

from pydantic import Field

from app.schema.base import Schema
from app.schema.fields import Cursor, Moment

MOST_ON_A_PAGE = 100


class ExternalListQuery(Schema):
    """The four filters of times, both ends included, and pages; what has other names is refused."""

    created_since: Moment | None = None
    created_until: Moment | None = None
    modified_since: Moment | None = None
    modified_until: Moment | None = None
    elements_per_page: int = Field(default=MOST_ON_A_PAGE, ge=1, le=10_000, alias="elementsPerPage")
    omit_internal: bool = False
    cursor: Cursor = None

    @property
    def limit(self) -> int:
        """How many sources a page has at most; OParl lets a server give fewer than it is asked for."""
        return min(self.elements_per_page, MOST_ON_A_PAGE)
