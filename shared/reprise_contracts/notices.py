"""What a preview warns of (R13): each warning as facts and as a sentence."""

from collections.abc import Iterator, Sequence
from typing import Literal

from reprise_contracts.commands import ReportOptions
from reprise_contracts.languages import lacking, named, traits_of
from reprise_contracts.nodes import NodeOrGroup, step_of
from reprise_contracts.phrases import PLURAL, listed, of, spoken
from reprise_contracts.wire import Message

NoticeCode = Literal[
    "left_failed",
    "left_stale",
    "edit_left",
    "edit_replaced",
    "new_steps",
    "stops_at",
    "waits",
    "spent",
    "report_unheeded",
    "language_unknown",
]


class Notice(Message):
    """One warning of a preview."""

    code: NoticeCode
    nodes: tuple[NodeOrGroup, ...] = ()
    """What it speaks of; of `waits` first the node that waits, then those whose results it lacks."""
    tokens: int | None = None
    """Of `stops_at`: what is left under the ceiling."""
    needed: int | None = None
    """Of `stops_at`: about how many tokens have to be free so that the node can be run to its end."""
    engine: str | None = None
    options: tuple[str, ...] = ()
    """Of `report_unheeded`: the options of the report (R31) that change nothing with this engine."""
    language: str | None = None
    """Of `language_unknown`: the code of the topic's language (BCP 47)."""
    text: str = ""
    """The same in words."""


def left_failed(node: str) -> Notice:
    """R7, R19: above the targets something failed, and they read what it made before."""
    text = (
        f"{of(node, 'has', 'have')} failed and {'are' if node in PLURAL else 'is'} not run by this "
        "command: the last good result is used."
    )
    return Notice(code="left_failed", nodes=(node,), text=text)


def left_stale(node: str) -> Notice:
    """R7: above the targets something is stale."""
    text = f"{of(node, 'is', 'are')} out of date and not run by this command."
    return Notice(code="left_stale", nodes=(node,), text=text)


def passed_by(node: str, *, replaced: bool) -> Notice:
    """R12: a user's own work lies on the way."""
    does, them = "replaces" if replaced else "leaves", "them" if node in PLURAL else "it"
    text = f"{of(node, 'was', 'were')} edited by a user; this run {does} {them}."
    return Notice(code="edit_replaced" if replaced else "edit_left", nodes=(node,), text=text)


def new_steps(steps: Sequence[str]) -> Iterator[Notice]:
    """R12: steps that an edit adds, and that run with a later command; nothing where there are none."""
    if not steps:
        return
    numbers = list(map(step_of, steps))
    what, are = (f"Steps {listed(numbers)}", "are") if len(numbers) > 1 else (f"Step {numbers[0]}", "is")
    text = f"{what} {are} new and not run by this command."
    yield Notice(code="new_steps", nodes=tuple(steps), text=text)


def stops_at(node: str, left: int, needed: int) -> Notice:
    """R29: a ceiling of tokens would be reached, going by what things cost last time. A node for which
    something is left may begin, and end where that does not suffice."""
    least = "no tokens are" if left <= 0 else f"only {left:,} token{'s are' if left != 1 else ' is'}"
    most = f" and about {needed:,} have to be free" if needed > left > 0 else ""
    does = "would not be run" if left <= 0 else "may not be finished"
    text = (
        f"{of(node, does, does)}: at that point {least} left under the ceiling{most}. "
        "What comes after waits too."
    )
    return Notice(code="stops_at", nodes=(node,), tokens=max(left, 0), needed=needed, text=text)


def waits(node: str, parents: Sequence[str]) -> Notice:
    """R19: a node cannot run, for what it depends on has no good result and is not run."""
    more = f" and {len(parents) - 1} more" if len(parents) > 1 else ""
    text = f"{of(node, 'waits', 'wait')}: no good result of {spoken(parents[0])}{more}."
    return Notice(code="waits", nodes=(node, *parents), text=text)


def report_unheeded(engine: str, report: str) -> Iterator[Notice]:
    """R31: the report is to be written in a way (`ReportOptions.value`) that its engine knows nothing of;
    nothing where it does."""
    options = ReportOptions.of_value(report).given
    if not options or traits_of(engine).heeds_report:
        return
    text = (
        f"The engine {engine} quotes its sources as they are: {listed(options)} "
        f"{'change' if len(options) > 1 else 'changes'} nothing in its report."
    )
    yield Notice(code="report_unheeded", nodes=("phase4",), engine=engine, options=options, text=text)


def language_unknown(engine: str, language: str) -> Iterator[Notice]:
    """The topic is in a language that its engine has no words in; nothing where it has."""
    why = lacking(engine, language)
    if why:
        text = (
            f"The topic is in {named(language)}. {why} The report's own words will be English, and of "
            "sources in that language sentences are quoted where words match, with nothing said of agreement."
        )
        yield Notice(code="language_unknown", engine=engine, language=language, text=text)


def spent(text: str) -> Notice:
    """R29: a ceiling of tokens is reached, and nothing begins; the sentence says which."""
    return Notice(code="spent", text=text)
