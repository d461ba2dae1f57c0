"""The Merkle tree of a log (RFC 9162, section 2.1): its root, and the proofs that something is in it and that it only grew."""

import hashlib
from collections.abc import Callable, Sequence

HASH_BYTES = 32
Range = tuple[int, int]
"""Leaves from one index up to another one, which is not among them."""
EMPTY = hashlib.sha256().digest()


class Unproved(Exception):
    """A proof does not prove what it was given for."""


def hash_of_leaf(leaf: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def hash_of_node(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """How many of several leaves are in the left half: the largest power of two below their number."""
    return 1 << ((size - 1).bit_length() - 1)


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree with these leaf hashes."""
    level = list(leaves)
    if not level:
        return EMPTY
    while len(level) > 1:
        last = level[len(level) - 1 :] if len(level) % 2 else []
        level = [hash_of_node(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)] + last
    return level[0]


def root_over(low: int, high: int, hash_of: Callable[[int, int], bytes]) -> bytes:
    """The hash over a range, from the hashes over its complete subtrees, `hash_of(level, number)`."""
    size = high - low
    if size & (size - 1) == 0:
        return hash_of(size.bit_length() - 1, low // size)
    middle = low + split(size)
    return hash_of_node(root_over(low, middle, hash_of), root_over(middle, high, hash_of))


def inclusion(index: int, size: int) -> list[Range]:
    """Over which ranges the hashes of the proof are that a leaf is in a tree (2.1.3.1)."""
    path: list[Range] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    return path[::-1]


def consistency(first: int, size: int) -> list[Range]:
    """Over which ranges the hashes of the proof are that a tree of the first size became one of the other (2.1.4.1)."""
    path: list[Range] = []
    low, high = 0, size
    while high != first:
        middle = low + split(high - low)
        if first <= middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    return ([(low, high)] if low else []) + path[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> None:
    """Raise Unproved unless a leaf hash is at its index in the tree of this size and root (2.1.3.2)."""
    if not 0 <= index < size or len(path) != len(inclusion(index, size)):
        raise Unproved("the proof of inclusion has not the length that it must have")
    found = leaf
    for (low, _), each in zip(inclusion(index, size), path, strict=True):
        found = hash_of_node(found, each) if low > index else hash_of_node(each, found)
    if found != expected:
        raise Unproved(f"the leaf is not at index {index} of the tree")


def check_consistency(first: int, size: int, path: Sequence[bytes], earlier: bytes, later: bytes) -> None:
    """Raise Unproved unless the earlier root is that of the first leaves of the tree with the later one (2.1.4.2)."""
    if not 0 < first <= size or len(path) != len(consistency(first, size)):
        raise Unproved("the proof of consistency has not the length that it must have")
    if first == size:
        if earlier != later:
            raise Unproved("two trees of one size have different roots")
        return
    hashes = dict(zip(consistency(first, size), path, strict=True))

    def over(low: int, high: int) -> bytes:
        """The hash over a range; where the earlier tree is a whole subtree of the later one, the proof leaves it out."""
        if (low, high) == (0, first) and first & (first - 1) == 0:
            return earlier
        if (low, high) in hashes:
            return hashes[low, high]
        middle = low + split(high - low)
        return hash_of_node(over(low, middle), over(middle, high))

    if over(0, first) != earlier or over(0, size) != later:
        raise Unproved("the later tree does not begin with the earlier one")


class Frontier:
    """A tree that grows leaf by leaf, of which nothing is kept but the roots of its largest complete subtrees."""

    def __init__(self) -> None:
        self.size = 0
        self.roots: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Take in the hash of the next leaf."""
        self.roots.append(leaf)
        rest = self.size
        while rest & 1:
            right, left = self.roots.pop(), self.roots.pop()
            self.roots.append(hash_of_node(left, right))
            rest >>= 1
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root of all leaves so far."""
        if not self.roots:
            return EMPTY
        whole = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            whole = hash_of_node(left, whole)
        return whole
