"""The tree and its proofs, against the example of RFC 6962 and RFC 9162 and against pymerkle, which others wrote."""

from itertools import pairwise

import pymerkle
import pytest
from pymerkle.core import _consistency_path_layout, _inclusion_path_layout

from app.proofs import tree
from app.proofs.tree import Unproved, check_consistency, check_inclusion, consistency, hash_of_leaf, inclusion, root

# Inputs and roots of certificate transparency's reference tests for RFC 6962.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [hash_of_leaf(bytes.fromhex(each)) for each in INPUTS]
MANY = [hash_of_leaf(str(number).encode()) for number in range(40)]


def path(ranges: list[tree.Range], leaves: list[bytes]) -> list[bytes]:
    """The hashes of a proof."""
    return [root(leaves[low:high]) for low, high in ranges]


def test_roots_are_those_of_the_reference() -> None:
    assert [root(LEAVES[: size + 1]).hex() for size in range(8)] == ROOTS
    assert root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_proofs_are_those_of_the_reference() -> None:
    hashes = [each.hex() for each in path(inclusion(0, 8), LEAVES)]
    assert hashes == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    hashes = [each.hex() for each in path(consistency(6, 8), LEAVES)]
    assert hashes == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_another_implementation_agrees() -> None:
    """Our proofs of inclusion are theirs; of consistency they have a form of their own, over ranges of the same tree."""
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    for size in range(1, len(MANY) + 1):
        theirs.append_entry(str(size - 1).encode())
        whole = root(MANY[:size])
        assert theirs.get_root() == whole
        for index in range(0, size, 3):
            rule, _ = _inclusion_path_layout(index + 1, size)
            hashes = [MANY[index], *path(inclusion(index, size), MANY)]
            proof = pymerkle.InclusionProof("sha256", True, size, index + 1, rule, hashes)  # noqa: FBT003 (theirs)
            pymerkle.verify_inclusion(MANY[index], whole, proof, index=index + 1, size=size)
            check_inclusion(MANY[index], index, size, theirs.prove_inclusion(index + 1, size).path[1:], whole)
        for first in range(1, size + 1, 3):
            earlier = root(MANY[:first])
            check_consistency(first, size, path(consistency(first, size), MANY), earlier, whole)
            rule, subset, ranges = _consistency_path_layout(first, size)
            hashes = path(ranges, MANY)
            changed = pymerkle.ConsistencyProof("sha256", True, size, first, rule, subset, hashes)  # noqa: FBT003 (theirs)
            pymerkle.verify_consistency(earlier, whole, changed, prior_size=first, later_size=size)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 33])
def test_nothing_else_is_proved(size: int) -> None:
    leaves, whole = MANY[:size], root(MANY[:size])
    for index in range(size):
        proof = path(inclusion(index, size), leaves)
        check_inclusion(leaves[index], index, size, proof, whole)
        wrong = [
            (MANY[39], index, proof, whole),
            (leaves[index], index, [*proof, whole], whole),
            (leaves[index], size, proof, whole),
        ]
        wrong += [(leaves[index], index, proof, root(MANY[: size + 1]))]
        wrong += [(leaves[index], other, proof, whole) for other in range(size) if other != index]
        for leaf, at, hashes, expected in wrong:
            with pytest.raises(Unproved):
                check_inclusion(leaf, at, size, hashes, expected)
    for first, second in pairwise(range(1, size + 1)):
        for earlier, later in ((first, size), (second, size)):
            if earlier == later:
                continue
            proof = path(consistency(earlier, later), leaves)
            for roots in ((MANY[0], MANY[39]), (whole, whole), (root(leaves[:earlier]), root(leaves[:earlier]))):
                with pytest.raises(Unproved):
                    check_consistency(earlier, later, proof, *roots)
            with pytest.raises(Unproved):
                check_consistency(earlier, later, proof[1:], root(leaves[:earlier]), whole)
    with pytest.raises(Unproved):
        check_consistency(size, size, [], MANY[39], whole)
    with pytest.raises(Unproved):
        check_consistency(0, size, [], whole, whole)
