"""What people wrote, beside the words of the register: a page says where it is in another language (WCAG 3.1.2)."""

from markupsafe import Markup, escape
from sqlalchemy import Connection, select

from app.access.caller import Caller
from app.access.visibility import visible
from app.agreements.models import Agreement
from app.database.tables import table_of


class Written(str):
    """A text in another language than the page's; where a template shows it, its element says in which."""

    __slots__ = ("language",)
    language: str

    def __html__(self) -> Markup:
        return Markup('<span lang="{}">{}</span>').format(self.language, escape(str(self)))


def language_of_record(connection: Connection, caller: Caller) -> str | None:
    """In which language people write: that of the agreements, where it is the same for all."""
    agreement = table_of(Agreement)
    wanted = select(agreement.c.language).where(visible(agreement, caller)).distinct().limit(2)
    found = connection.execute(wanted).scalars().all()
    return str(found[0]) if len(found) == 1 else None
