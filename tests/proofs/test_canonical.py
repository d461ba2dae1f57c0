"""Canonical JSON, by the examples of RFC 8785."""

import json
import struct

import pytest

from app.proofs.canonical import canonical

# Appendix B: the bits of a double, and how it is written.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


def test_numbers_are_written_as_ecmascript_does() -> None:
    for bits, text in NUMBERS.items():
        assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]) == text
    assert [canonical(value) for value in (3, 1.0, 4.5, 2e-3, 10**21, True)] == [
        "3",
        "1",
        "4.5",
        "0.002",
        "1e+21",
        "true",
    ]


def test_the_same_content_has_one_text() -> None:
    # Section 3.2.2 and 3.2.3.
    text = (
        '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
        r'"string":"\u20ac$\u000F\u000aA' + "'" + r'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}'
    )
    assert canonical(json.loads(text)) == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    names = ["€", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "ö"]
    assert list(json.loads(canonical(dict.fromkeys(names)))) == ["\r", "1", "\u0080", "ö", "€", "\U0001f600", "\ufb33"]


def test_what_json_cannot_hold_has_none() -> None:
    for value in (float("nan"), float("inf"), {1}):
        with pytest.raises(TypeError):
            canonical(value)
