"""Citations that hold, and those that do not."""

from hypothesis import assume, given
from hypothesis import strategies as st

from reprise_contracts.artifacts import Citation
from reprise_research.sources.duplicates import adds_figures, near_duplicates, resemblance, same_words, sketch
from reprise_research.text.citations import NEAR_ENOUGH, checked, is_exact, locate

TEXT = (
    "The number of people injured on the city's streets fell by 23 percent in the first year. "
    "Traffic noise fell by 2.1 decibels on average. 市政府统计显示，受伤人数下降23%。 "
    "The introduction cost 1.4 million "
    "euros."
)


def citation(quote: str, start: int, end: int) -> Citation:
    return Citation(source_id="s", text_sha256="0" * 64, quote=quote, start=start, end=end)


@given(st.integers(0, len(TEXT) - 1), st.integers(1, 120))
def test_exact_citations_pass_unchanged(start: int, length: int) -> None:
    """What stands at its offsets is a citation, whatever it is."""
    end = min(start + length, len(TEXT))
    given_one = citation(TEXT[start:end], start, end)
    assert checked(given_one, TEXT, "0" * 64) == given_one


@given(st.integers(0, len(TEXT) - 40), st.integers(20, 80), st.integers(-300, 300))
def test_wrong_offsets_are_put_right(start: int, length: int, shift: int) -> None:
    """A verbatim quote with wrong offsets is found where it stands."""
    quote = TEXT[start : start + length]
    assume(quote.strip())
    good = checked(citation(quote, max(0, start + shift), max(0, start + shift) + length), TEXT, "1" * 64)
    assert good is not None
    assert TEXT[good.start : good.end] == good.quote == quote
    assert good.score == 1.0
    assert good.text_sha256 == "1" * 64


@given(st.text(min_size=1, max_size=120))
def test_whatever_passes_is_verbatim(quote: str) -> None:
    """No quote is ever accepted that is not in the text at its offsets, and an inexact one says so in its
    score."""
    good = checked(citation(quote, 0, len(quote)), TEXT, "0" * 64)
    if good is not None:
        assert is_exact(TEXT, good.quote, good.start, good.end)
        assert good.score == 1.0 or NEAR_ENOUGH <= good.score < 1.0
        assert good.quote == quote or good.score < 1.0


def test_a_near_quote_is_repaired() -> None:
    """A quote with a slip becomes the passage that it was taken from, at whole words."""
    good = checked(
        citation("The number of people injured on the citys street fell by 23 percent", 0, 10), TEXT, "0" * 64
    )
    assert good is not None
    assert good.quote == "The number of people injured on the city's streets fell by 23 percent"
    assert good.score < 1.0


def test_an_invented_quote_is_refused() -> None:
    """A quote that the source does not contain is no citation, however plausible."""
    assert (
        checked(citation("The limit saved twelve lives and nobody complained.", 0, 51), TEXT, "0" * 64)
        is None
    )
    assert locate(TEXT, "   ") is None
    assert locate(TEXT, "fell by 99") is None


def test_the_nearest_of_several_places_counts() -> None:
    """Of equal passages the one nearest to the given offset is meant."""
    text = "It fell. Then more. It fell. The end."
    place = locate(text, "It fell.", near=18)
    assert place is not None
    assert place.start == 20


def test_copies_are_found_and_different_texts_are_not() -> None:
    """A reprint with a changed headline is a near duplicate; a text on the same subject is not."""
    base = " ".join(
        f"Sentence number {n} says something about the harbour bridge and its long history."
        for n in range(60)
    )
    reprint = "Another headline entirely. " + base + " This story first appeared elsewhere."
    other = " ".join(
        f"Paragraph {n} describes quite another affair in the mountains, with snow." for n in range(60)
    )
    found = near_duplicates([sketch(base), sketch(other), sketch(reprint)])
    assert list(found) == [2]
    assert found[2][0] == 0
    assert found[2][1] >= 0.8
    assert resemblance(sketch(base), sketch(base)) == 1.0
    assert resemblance(sketch(""), sketch(base)) == 0.0


def test_a_short_copy_is_found_though_words_differ_and_one_with_other_figures_is_more_than_a_copy() -> None:
    """Of a short text one changed word is a large part of its runs of words; a changed figure is a statement
    of its own."""
    base = (
        "The council gave out 1,276 parking fines in the lane between May and September. Cars block it "
        "from ten until six, said a resident."
    )
    reprint = base.replace("said", "says").replace("council", "town council")
    changed = base.replace("1,276", "1,312")
    found = near_duplicates([sketch(base), sketch(reprint), sketch(changed)])
    assert found[1][0] == 0 and found[1][1] > 0.9 and 2 in found
    assert not adds_figures(reprint, base) and adds_figures(changed, base)


def test_sentences_that_differ_in_a_number_are_not_the_same() -> None:
    """One changed figure is another statement."""
    assert same_words("Noise fell by 2.1 decibels in the city.", "Noise fell by 2.1 decibels in the city!")
    assert not same_words(
        "Noise fell by 2.1 decibels in the city.", "Noise fell by 1.2 decibels in the city."
    )
