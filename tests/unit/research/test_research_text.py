"""Sentences, passages, words, figures: offsets hold, and what is picked can be read by itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_research.quantities import amounts
from reprise_research.text.clauses import clause
from reprise_research.text.language import is_chinese, language_of
from reprise_research.text.passages import passages
from reprise_research.text.prose import is_opinion, is_prose, leans, prose
from reprise_research.text.sentences import is_heading, split
from reprise_research.text.words import count_words, shorten, stem, terms

TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from("abcXYZ .!?。！？“”\"'()0123456789\n限速 Dr.€%|"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=300,
)


@given(TEXT)
def test_offsets_are_exact(text: str) -> None:
    """Whatever the text, each sentence and each passage is what stands at its offsets, in order and without
    overlap."""
    end = 0
    for sentence in split(text):
        assert text[sentence.start : sentence.end] == sentence.text
        assert sentence.start >= end
        assert sentence.text == sentence.text.strip()
        end = sentence.end
    for passage in passages(text, "s", "site"):
        assert text[passage.start : passage.end] == passage.text


@given(TEXT)
def test_splitting_loses_no_words(text: str) -> None:
    """Between the sentences there is nothing but white space and the marks of a list."""
    kept = list(text)
    for sentence in split(text):
        kept[sentence.start : sentence.end] = " " * (sentence.end - sentence.start)
    rest = "".join(kept).strip()
    assert all(not word.isalpha() for word in rest.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Okafor leads it. She agrees.", ["Dr. Okafor leads it.", "She agrees."]),
        ("It fell by 2.1 decibels. That is little.", ["It fell by 2.1 decibels.", "That is little."]),
        (
            "Trees, e.g. oaks, help. So do hedges etc. They grow.",
            ["Trees, e.g. oaks, help.", "So do hedges etc.", "They grow."],
        ),
        ("He left at 5 p.m. in the rain.", ["He left at 5 p.m. in the rain."]),
        ("“Stop!” she said. “Why?”", ["“Stop!” she said.", "“Why?”"]),
        ("J. R. Smith wrote it. Nobody read it.", ["J. R. Smith wrote it.", "Nobody read it."]),
        (
            "噪声下降了。大家都满意！“真的吗？”他问。",
            ["噪声下降了。", "大家都满意！", "“真的吗？”", "他问。"],
        ),
        ("限速30公里。It works. 很好。", ["限速30公里。", "It works.", "很好。"]),
        ("Wait... what? Yes.", ["Wait... what?", "Yes."]),
        ("- First point is here.\n- Second one.", ["First point is here.", "Second one."]),
    ],
)
def test_splits_where_a_reader_would(text: str, expected: list[str]) -> None:
    """Abbreviations, initials, decimals and quotations do not end a sentence; Chinese full stops do, without
    a space."""
    assert [sentence.text for sentence in split(text)] == expected


@pytest.mark.parametrize(
    "line",
    [
        "Subscribe to our newsletter for more stories like this.",
        "Home | About | Contact us today please.",
        "We use cookies to improve your visit to this site.",
        "THE BIG NEWS OF THE DAY IS HERE NOW.",
        "Too short.",
        "A line without an end that looks like a heading",
        "© 2025 All rights reserved by the owners of it.",
        "点击这里订阅我们的最新消息和通讯。",
        "以 apt 进行更新的更多信息，请参阅第 6.2.3 节“系统升级”。",
        "See https://example.org/a for the full list of figures.",
        "60 5.15.5 How long must a package be maintained? . . . . . . . .",
        "” line for security updates in the file is not required.",
        "which is enabled by the installer by default.",
        "\\* identifies the system that is used to maintain the package.",
    ],
)
def test_boilerplate_is_no_prose(line: str) -> None:
    """Menus, headings, legal lines, links and calls to subscribe are not evidence."""
    assert not is_prose(line)


def test_headings_are_remembered_but_not_quoted() -> None:
    """A heading is told to the sentences below it, and is not one itself."""
    (sentence,) = prose("Noise\n\nTraffic noise fell by two decibels in a year.")
    assert sentence.heading == "Noise"
    assert is_heading("Noise")


def test_a_leaning_sentence_brings_what_it_leans_on() -> None:
    """A sentence that begins with a pronoun is quoted together with the one before it, as one verbatim
    stretch."""
    text = "The council bought two buses last spring. They cost far more than it had planned to spend."
    found = passages(text, "s", "site")
    assert [p.text for p in found] == ["The council bought two buses last spring.", text]
    assert all(p.whole for p in found)
    alone = passages("They cost far more than anybody had planned.", "s", "site")
    assert not alone[0].whole
    assert alone[0].weight < found[0].weight


def test_a_short_answer_brings_the_question_in_front_of_it() -> None:
    """`Only 2.5 percent` says nothing of what it is of."""
    text = "The profit of the bakery rose by a tenth. And what about the pay? For two years only 2.5 percent."
    found = passages(text, "s", "site")
    assert found[-1].text == "And what about the pay? For two years only 2.5 percent."


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [("This is new.", True), ("However, it rains.", True), ("Noise fell.", False), ("因此噪声下降。", True)],
)
def test_leaning(sentence: str, expected: bool) -> None:
    """Pronouns and connectives at the start lean on what came before."""
    assert leans(sentence) is expected


def test_opinions_are_told_from_facts() -> None:
    """Valuing and demanding is opinion; giving a quantity with `should` is an expectation."""
    assert is_opinion("We believe that the limit is unfair.")
    assert is_opinion("The council should build bus lanes.")
    assert is_opinion("考察团认为限速难以维持。")
    assert not is_opinion("Noise fell by two decibels.")
    assert not is_opinion("Later years should cost 0.9 million euros each.")


@settings(deadline=None)  # the first text loads the languages
@given(st.text(max_size=200))
def test_a_clause_holds_its_figure(sentence: str) -> None:
    """A figure is verbatim at its offsets, and its clause contains it."""
    for figure in amounts(sentence):
        assert sentence[figure.start : figure.end] == figure.text
        start, end = clause(sentence, figure.start, figure.end)
        assert start <= figure.start
        assert figure.end <= end <= len(sentence)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("injuries", "injury", "injured"), 1),
        (("studies", "study", "studied"), 1),
        (("costs", "cost"), 1),
        (("cities", "city"), 1),
        (("noise", "nose"), 2),
    ],
)
def test_stems_bring_forms_together(words: tuple[str, ...], expected: int) -> None:
    """Forms of one word share a stem; different words do not."""
    assert len({stem(word) for word in words}) == expected


def test_terms_of_two_scripts() -> None:
    """English as stems without function words, Chinese as pairs of characters."""
    assert terms("The injuries of 2024") == ["injur", "2024"]
    assert terms("限速的效果") == ["限速", "效果"]
    assert count_words("two words 和三个") == 5


def test_languages() -> None:
    """Languages are told by script and by common words."""
    assert language_of("The noise of the city is louder than it was in the past, and that is a fact.") == "en"
    assert language_of("哈文布鲁克全市限速30公里") == "zh"
    assert language_of("これは日本語のテキストです。") == "ja"
    assert language_of("12345 !!!") is None
    assert is_chinese("关于30km/h限速的报告")
    assert not is_chinese("The character 限 alone")


@given(st.text(max_size=200), st.integers(min_value=10, max_value=80))
def test_shortening_keeps_to_its_limit(text: str, limit: int) -> None:
    """A shortened text is never longer than asked."""
    assert len(shorten(text, limit)) <= limit


def test_a_sentence_may_hold_an_address_if_it_says_something_beside_it() -> None:
    """In manuals the name of a tool is often its address; an entry of a list of links says nothing."""
    assert is_prose(
        "The sanitizer at https://example.org/s is a tool that can scan what is attached to mail for viruses."
    )
    assert not is_prose("Harbour, A. (2020). Noise in towns. https://example.org/noise.")
