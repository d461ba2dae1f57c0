"""Letters that tests make texts up from."""

from hypothesis import strategies as st

LETTERS = st.characters(max_codepoint=0xD7FF) | st.characters(min_codepoint=0xE000)
"""All that a text in UTF-8 can have: Hypothesis finds out which these are by trying each, in every process, for seconds."""
