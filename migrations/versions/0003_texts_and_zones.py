"""Texts in NFC, folded for searching and sorting; zones of places.

No table changes. What has to be renewed in the rows is renewed behind the migrations, by `register migrate` and by
`register serve` on SQLite; this revision tells them that it is due.
"""

from collections.abc import Sequence

revision: str = '0003'
down_revision: str | None = '0002'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """The tables are as they were."""


def downgrade() -> None:
    """The tables are as they were."""
