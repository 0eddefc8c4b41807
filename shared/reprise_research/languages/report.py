"""The words of a report's frame in one language: they surround what the sources say, and about its subject
they say nothing.

Names in braces are filled in: `{sources}`, `{questions}`, `{findings}` and `{pairs}` with a number and its
noun (`3 sources`), `{n_sources}` and the like with the number alone, for languages whose nouns would have to
change with the sentence.
"""

from typing import Literal

from babel import Locale
from pydantic import Field

from reprise_research.languages.fields import Table

Noun = Literal["source", "question", "pair", "finding"]


class Unused(Table):
    """The section on sources that the report does without."""

    title: str
    note: str
    """Beside the report's note, if some could not be read."""
    opening: str
    copies: str
    same_as: str
    uncited: str
    told_by_others: str
    beside: str
    failures: dict[str, str] = Field(default_factory=dict)
    """By reason (`FailureReason`) why a source could not be read, and what to do; English for reasons that it
    lacks."""


class Report(Table):
    """The table `[report]` of a language's file."""

    language: str
    """The code of the language; taken from the file."""
    numbers: tuple[str, ...] = ()
    """Number words from 0 on, where they fit every noun."""
    nouns: dict[Noun, dict[str, str]]
    """Each noun with its number, by the plural categories of CLDR."""
    figures_header: tuple[str, str]
    opening: str
    speaks_of: str
    said_by: str
    ask_figures: str
    ask_views: str
    ask_known: str
    ask_report: str
    ask_other: str
    ask_guidance: str
    ask_request: str
    why: str
    why_figures: str
    why_opinions: str
    why_example: str
    why_guidance: str
    synthesized: str
    synthesized_guidance: str
    compare_title: str
    compare_description: str
    missing_title: str
    missing_description: str
    rest_title: str
    rest_description: str
    answer_title: str
    answer_description: str
    sources_agree: str
    one_source: str
    opinion: str
    disputed: str
    figures_differ: str
    directions_differ: str
    moved_or_not: str
    one_denies: str
    one_doubts: str
    range_of: str
    supported: str
    supported_none: str
    no_answer: str
    no_figures: str
    not_compared: str
    single_source: str
    no_disagreement: str
    disagreements: str
    term_missing: str
    note: str
    answer_opening: str
    answer_beside: str
    """Behind an answer with a figure where other sources give other ones, which are `{values}`."""
    answer_none: str
    asked_none: str
    summary_title: str
    summary_opening: str
    summary_none: str
    one_sided: str
    one_site: str
    label_agreed: str
    label_disputed: str
    label_disputed_values: str
    label_one: str
    label_views: str
    label_open: str
    figures_title: str
    figures_opening: str
    chart_title: str
    agreed_opening: str
    disputed_opening: str
    said_unknown: str
    spoken_to: str
    """Above what a source calls unknown, or several do, and another one speaks of."""
    not_found: str
    partial_title: str
    partial_nothing: str
    partial_old: str
    references: str
    nothing_found: str
    nothing_missing: str
    told_above: str
    comma: str
    last: str
    choice: str
    versus: str
    quote: str
    colon: str
    joint: str
    transcript: str
    unread: str
    no_words: str
    unsupported: str
    against: str
    model_note: str
    model_quoted: str
    model_extracted: str
    model_nothing: str
    passages: str
    outdated: str
    no_longer: str
    unused: Unused

    def counted(self, noun: Noun, number: int) -> str:
        """Return a number with its noun: `three sources`, `3 источника`."""
        forms = self.nouns[noun]
        form = forms.get(str(Locale.parse(self.language).plural_form(number)), forms["other"])
        return form.format(n=self.numbers[number] if number < len(self.numbers) else number)

    def filled(self, template: str, **values: object) -> str:
        """Return a template with its values; of each noun given as a number (`sources=3`) both `{sources}`
        and `{n_sources}`."""
        counts: dict[str, object] = {}
        for noun in self.nouns:
            number = values.pop(f"{noun}s", None)
            if isinstance(number, int):
                counts |= {f"{noun}s": self.counted(noun, number), f"n_{noun}s": number}
        return template.format(**counts, **values)

    def quoted(self, text: str) -> str:
        """Return a text in this language's quotation marks."""
        return self.quote.format(text)

    def listed(self, items: list[str] | tuple[str, ...]) -> str:
        """Return items as a list in a sentence: `a, b and c`."""
        return self._joined(items, self.last if self.language not in ("zh", "ja") else self.comma)

    def either(self, items: list[str] | tuple[str, ...]) -> str:
        """Return items as alternatives: `4 percent or 12 percent`."""
        return self._joined(items, self.choice)

    def shared(self, agreed: int, total: int) -> str:
        """Return how many findings rest on more than one source."""
        return self.filled(self.supported if agreed else self.supported_none, agreed=agreed, findings=total)

    def _joined(self, items: list[str] | tuple[str, ...], last: str) -> str:
        if len(items) <= 1:
            return "".join(items)
        return self.comma.join(items[:-1]) + last + items[-1]
