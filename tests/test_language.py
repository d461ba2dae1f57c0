"""Texts in both languages."""

from hypothesis import given
from hypothesis import strategies as st

from app.language import Text
from tests.letters import LETTERS


class TestText:
    def test_is_filled_in_both_languages(self) -> None:
        assert Text("höchstens {n}", "{n} at most").format(n=3) == ("höchstens 3", "3 at most")

    @given(st.text(LETTERS))
    def test_takes_what_it_is_filled_with_as_it_is(self, value: str) -> None:
        assert Text("„{x}“", "“{x}”").format(x=value) == (f"„{value}“", f"“{value}”")
