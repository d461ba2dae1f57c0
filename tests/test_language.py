"""Which language people are answered in."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language import LANGUAGES, Text, preferred

TAGS = st.sampled_from(["de", "en", "de-DE", "en-GB", "DE", "En-us", "fr", "nds", "deu", "*", "d", ""])
WEIGHTS = st.sampled_from(["", ";q=1", ";q=1.0", ";q=0.9", "; q=0.5", ";Q=0.3", " ;q=0.001", ";q=0", ";q=0.000"])
CHOICES = st.lists(st.tuples(TAGS, WEIGHTS), max_size=6)


def weight_of(parameters: str) -> float:
    """The weight that a well-formed parameter gives."""
    return float(parameters.partition("=")[2] or "1")


class TestPreferred:
    @given(st.text(alphabet=string.printable + "äöü\N{SNOWMAN}", max_size=80))
    def test_is_a_language_of_ours_whatever_the_header(self, header: str) -> None:
        assert preferred(header) in LANGUAGES

    @given(CHOICES)
    def test_is_what_weighs_most_and_among_equals_what_stands_first(self, choices: list[tuple[str, str]]) -> None:
        header = ", ".join(tag + weight for tag, weight in choices)
        ours = [
            (tag.lower()[:2], weight_of(weight))
            for tag, weight in choices
            if tag.lower().partition("-")[0] in LANGUAGES and weight_of(weight) > 0
        ]
        expected = max(ours, key=lambda choice: choice[1])[0] if ours else "en"
        assert preferred(header) == expected

    @given(CHOICES)
    def test_does_not_depend_on_blanks_and_case(self, choices: list[tuple[str, str]]) -> None:
        header = ",".join(tag + weight for tag, weight in choices)
        assert preferred(header) == preferred(header.upper()) == preferred(header.replace(",", " , "))

    @pytest.mark.parametrize("header", ["de;q=x", "de;q=", "de;q=-1", "de;q=0", "de;q=nan", "germany", "-de", "de_DE"])
    def test_is_english_when_the_header_is_none(self, header: str) -> None:
        assert preferred(header) == "en"


class TestText:
    def test_is_filled_in_both_languages(self) -> None:
        assert Text("höchstens {n}", "{n} at most").format(n=3) == ("höchstens 3", "3 at most")

    @given(st.text())
    def test_takes_what_it_is_filled_with_as_it_is(self, value: str) -> None:
        assert Text("„{x}“", "“{x}”").format(x=value) == (f"„{value}“", f"“{value}”")
