"""The regular expressions of filter patterns: they answer as `re` does, and cannot be made to take for ever."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.services.logs.pattern import InvalidPattern, compile_pattern
from trunkline.services.logs.pattern.linear import Regex, TooLarge

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\.", r"\b", "^", "$", "|"])
MARKS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"])


@st.composite
def expressions(draw):
    pieces = []
    for _ in range(draw(st.integers(1, 6))):
        atom = draw(ATOMS)
        pieces.append(atom if atom in {"^", "$", "|", r"\b"} else atom + draw(MARKS))
    return "".join(pieces)


@settings(max_examples=200, deadline=None)
@given(expressions(), st.text("ab1._ \n", max_size=12))
def test_finds_what_re_finds(expression, text):
    regex = Regex(expression)
    regex._short = -1  # the automaton, whatever the length
    assert regex.found_in(text) is (re.search(expression, text) is not None)


@pytest.mark.parametrize(
    "expression", ["a.*[b].*[c].*[d].*[e]", "a*a*a*a*a*a*[bc]", "[ab]+[ab]+[ab]+[cd]", "a{0,30}a{0,30}[bc]"]
)
def test_no_expression_takes_long_over_a_long_message(expression):
    matches = compile_pattern(f"%{expression}%").matches
    start = time.process_time()
    assert not matches("a" * 200_000)
    assert time.process_time() - start < 5


def test_an_expression_that_would_fill_the_memory_is_refused():
    with pytest.raises(TooLarge):
        Regex("a{3000}")
    with pytest.raises(InvalidPattern, match="too complex"):
        compile_pattern("%[ab]{1,9000}%")
