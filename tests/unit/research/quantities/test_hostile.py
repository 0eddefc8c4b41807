"""Reading takes time in proportion to the text, whatever stands in it, and never fails."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_research.languages import LANGUAGES
from reprise_research.quantities import marks, quantities

_PIECES = [
    "1",
    "1,",
    "1.",
    "1 ",
    "3-",
    "1'",
    "$",
    "%",
    "3% ",
    "3/",
    "+1",
    "(0",
    "[1",
    "a@",
    "万",
    "1万",
    "十",
    "9人に",
    "一分之",
    "eins",
    "fünfund",
]
_WORDS = [
    "hundred ",
    "two and ",
    "one ",
    "minus ",
    "half ",
    "3 of ",
    "March 3 ",
    "the third quarter of ",
    "2019-",
    "über ",
    "ivx",
    "venti",
    "twenty ",
]


def _seconds(text: str, language: str) -> float:
    """The shortest of three readings, in seconds of the processor."""
    best = float("inf")
    for attempt in range(3):
        start = time.process_time()
        marks(f"{text}{' ' * attempt}", language)
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("language", ["de", "ja", "ko"])
@pytest.mark.parametrize("piece", _PIECES + _WORDS)
def test_eight_times_the_text_takes_no_more_than_about_eight_times_as_long(piece: str, language: str) -> None:
    short, long = (_seconds((piece * size)[:size], language) for size in (300, 2400))
    assert long < 32 * max(short, 0.002)


@settings(deadline=None)
@given(
    st.text(alphabet="0123456789.,' %€$-–—/:年月万亿百一二三 aeinsdtwofhund½²\u00a0३٣", max_size=60),
    st.sampled_from(LANGUAGES),
)
def test_anything_is_read_without_failing_and_in_order(text: str, language: str) -> None:
    end = 0
    for one in marks(text, language):
        assert one.start >= end
        assert one.text == text[one.start : one.end]
        end = one.end


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_without_a_language(text: str) -> None:
    assert quantities(text) == quantities(text)
