"""The tree over the log, a tile of 256 hashes at a time (as in C2SP tlog-tiles): what is stored of it, and what follows."""

from sqlalchemy import Connection, func, select

from app.changes.models import Change, LogHead, TreeNode
from app.database.engines import insert_into
from app.database.tables import table_of
from app.proofs.leaves import decoded, encoded
from app.proofs.tree import Range, hash_of_leaf, root, root_over

HEIGHT = 8
TILE = 1 << HEIGHT
MOST_TILES = 64
"""How many tiles one transaction stores at most: on SQLite other writers wait for it."""

CHANGE, FEED, NODE = table_of(Change).c, table_of(LogHead).c, table_of(TreeNode)


class Tree:
    """The tree as one connection reads it; what is not stored yet is computed from what is below."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.tiles: dict[tuple[int, int], list[bytes]] = {}

    @property
    def size(self) -> int:
        """How many leaves there are: the first one, and one for each entry."""
        return int(self.connection.execute(select(FEED.position)).scalar_one()) + 1

    def hash_over(self, part: Range) -> bytes:
        """The hash over a range of leaves; that over all of the first ones is the root of the tree of this size."""
        return root_over(*part, self.hash_of)

    def hash_of(self, level: int, number: int) -> bytes:
        """The hash over a complete subtree."""
        height, within = divmod(level, HEIGHT)
        first = number << within
        return root(self.tile(height, first >> HEIGHT)[first % TILE :][: 1 << within])

    def tile(self, height: int, number: int) -> list[bytes]:
        """The hashes of a tile, as many as there are."""
        if (height, number) not in self.tiles:
            low = number * TILE
            self.tiles[height, number] = self.stored(height, low) if height else self.leaves(low, low + TILE)
        return self.tiles[height, number]

    def leaves(self, low: int, high: int) -> list[bytes]:
        """The hashes of the leaves of a range."""
        wanted = select(CHANGE.leaf_hash).where(CHANGE.position >= low, CHANGE.position < high)
        hashes = [decoded(text) for text in self.connection.execute(wanted.order_by(CHANGE.position)).scalars()]
        return [self.first_leaf(), *hashes] if low == 0 else hashes

    def first_leaf(self) -> bytes:
        """The hash of what stands before the first entry."""
        return hash_of_leaf(self.connection.execute(select(FEED.first_leaf)).scalar_one().encode())

    def stored(self, height: int, low: int) -> list[bytes]:
        """The hashes of a tile as they are stored, or follow from complete tiles below."""
        columns = NODE.c
        wanted = select(columns.number, columns.hash).where(
            columns.level == height, columns.number >= low, columns.number < low + TILE
        )
        known = {row.number: decoded(row.hash) for row in self.connection.execute(wanted)}
        hashes: list[bytes] = []
        for number in range(low, low + TILE):
            if number not in known and len(below := self.tile(height - 1, number)) < TILE:
                break
            hashes.append(known[number] if number in known else root(below))
        return hashes


def grow(connection: Connection) -> bool:
    """Store nodes of the tree that have become complete; return whether there may be more of them.

    They follow from the leaves, so any process may store them, at any time behind the commits, and two at once.
    """
    tree = Tree(connection)
    size, height, left = tree.size, 1, MOST_TILES
    storing = insert_into(NODE, connection.dialect.name).on_conflict_do_nothing()
    while left and (complete := size >> (HEIGHT * height)):
        wanted = select(func.count()).select_from(NODE).where(NODE.c.level == height)
        first = connection.execute(wanted).scalar_one()
        numbers = range(first, min(complete, first + left))
        rows = [
            {"level": height, "number": number, "hash": encoded(root(tree.tile(height - 1, number)))}
            for number in numbers
        ]
        if rows:
            connection.execute(storing, rows)
        left -= len(rows)
        height += 1
    return not left
