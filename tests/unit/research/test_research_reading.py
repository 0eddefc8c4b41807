"""What real documents have that tidy samples have not: fragments, cross references, rules, paths, tables, one
source alone."""

import pytest

from reprise_contracts.artifacts import Phase0, PreparedSource, Step, StepFindings, Summary
from reprise_research.brief import Library
from reprise_research.engines.extractive import Extractive
from reprise_research.extractive.comparing import compare
from reprise_research.extractive.evidence import investigate, running
from reprise_research.extractive.goals import goals_of
from reprise_research.extractive.phrases import phrases_of
from reprise_research.extractive.plans import plan_of
from reprise_research.extractive.wording import ENGLISH
from reprise_research.quantities import amounts
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.tables import without_tables
from reprise_research.stores import MemoryStore
from reprise_research.text.passages import passages
from reprise_research.text.prose import is_opinion, is_prose, leans, prose
from unit.research.research_builders import passage


@pytest.mark.parametrize(
    ("sentence", "whole"),
    [
        ("in the format of the control file of a package.", False),
        ("to edit the list of archives before the next upgrade.", False),
        ("See the chapter on maintainer scripts for more about it.", False),
        ("For details, see the manual page of the package tool.", False),
        ("The fields are described in the chapter on control files.", False),
        ("The required targets of the file are the following.", False),
        ("Let's learn how the package system works on the inside.", False),
        ("This chapter says how a package is built and installed.", False),
        ("(The command keeps a package at its old version, if it must.", False),
        ("dpkg(1) is the lowest tool of the package system.", True),
        ("aptitude is a frontend to the package system of the house.", True),
        ("Backups of the old files are kept until the upgrade is done.", True),
        ("参见第三章以获得关于选择发行版本的帮助。", False),
        ("(参见 第 2.1.6 节 “软件包依赖关系”).", False),
        ("的软件包会在下一次升级时被系统删除。", False),
        ("软件包管理系统在升级时保留旧的配置文件。", True),
    ],
)
def test_what_is_a_sentence_that_says_something_itself(sentence: str, whole: bool) -> None:
    """Fragments of lists, cross references and announcements are no statements."""
    assert is_prose(sentence) is whole


@pytest.mark.parametrize(
    ("sentence", "leaning"),
    [
        ("If this works, the package is left in its old state.", True),
        ("The tools of the house will refuse to remove these.", True),
        ("In order to use these archives, the list must name them.", True),
        ("Most users will consider that this is a defect.", True),
        ("The upgrade keeps the old files of the package until the new ones are in place.", False),
    ],
)
def test_what_leans_on_the_sentence_before(sentence: str, leaning: bool) -> None:
    """A pronoun anywhere that points out of the sentence makes it one to quote with its neighbour, or not at
    all."""
    assert leans(sentence) is leaning


@pytest.mark.parametrize(
    ("sentence", "opinion"),
    [
        ("The council should double the number of checks.", True),
        ("We welcome the plan, and we want more of it.", True),
        ("Programs must not assume that any files are preserved.", False),
        ("Locally installed programs should be placed into one directory.", False),
        ("The tool supports several formats of archives.", False),
    ],
)
def test_a_rule_is_no_opinion(sentence: str, opinion: bool) -> None:
    """A manual says what should be so; only who is told what to do is a matter of opinion."""
    assert is_opinion(sentence) is opinion


def test_no_theme_is_named_after_a_path_a_number_or_an_adjective() -> None:
    """`/etc/apt/sources.list` is no `etc`, `ten minutes` no `ten`, `non-native` no `native`."""
    told = [
        "Edit the file /etc/apt/sources.list before the upgrade of the archive.",
        "The file /etc/apt/sources.list names every archive of the upgrade.",
        "The interval of ten is kept on both lines, and ten is enough for an upgrade.",
        "A native package and a non-native package differ in the archive, and native is rare.",
        "An upgrade of the archive takes ten, and the file /etc/apt/sources.list stays.",
    ]
    names = {phrase.label for phrase in phrases_of([passage(text, f"s{n}") for n, text in enumerate(told)])}
    assert {"archive", "upgrade"} <= names
    assert not names & {"etc", "apt", "sources", "list", "ten", "native"}


def test_a_piece_of_a_chinese_word_names_no_theme() -> None:
    """`软件包管` always goes on with `理`: only the whole word is a name."""
    told = ["软件包管理很重要。", "我们学习软件包管理。", "软件包管理的工具很多。", "工具用于软件包管理，"]
    names = {phrase.label for phrase in phrases_of([passage(text, f"s{n}") for n, text in enumerate(told)])}
    assert "软件包管理" in names and "软件包管" not in names and "件包管理" not in names


def test_a_table_becomes_a_sentence_for_each_row() -> None:
    """With its headings, so that a row says something by itself; a table that only lays out a page becomes
    its cells."""
    text = without_tables(
        "Before.\n| City | People |\n| Riga | 605,273 |\n| Tartu | 91,407 |\nAfter.\n|  | Note |\n|  | Read "
        "this first. |"
    )
    assert text.split("\n") == [
        "Before.",
        "City: Riga; People: 605,273.",
        "City: Tartu; People: 91,407.",
        "After.",
        "Note",
        "Read this first.",
    ]


def test_the_rows_of_a_page_of_tables_are_its_statements() -> None:
    """They answer, but beside prose they tell no theme."""
    rows = "\n".join(f"City: Town {n}; People: {n},000; River: none." for n in range(3, 9))
    assert len(passages(rows, "s", "s")) == 6
    words = "\n".join(f"The town of number {n} lies on a river with three bridges." for n in range(6))
    found = passages(f"{words}\n{rows}", "s", "s")
    assert sum(one.is_row for one in found) == 6
    assert not any(one.text.startswith("City:") for one in running(found))


async def test_a_paragraph_is_one_line_however_its_page_was_wrapped() -> None:
    """Line breaks within a paragraph, and inline marks, are no ends of sentences."""
    body = "".join(
        f"<p>The <code>tool</code>\nkeeps the old\nfiles of version {n} until the <b>upgrade</b>\nis "
        "done.</p>"
        for n in range(12)
    )
    async with ParserPool(size=1) as parsers:
        parsed = await parsers.parse("html", f"<html><body><article>{body}</article></body></html>".encode())
    assert (
        prose(parsed.text)[3].text == "The tool keeps the old files of version 3 until the upgrade is done."
    )


SHARED = "The level of the lake fell by 40 centimetres in the dry summer of last year."


def _sources(texts: dict[str, str]) -> tuple[PreparedSource, ...]:
    return tuple(
        PreparedSource(source_id=name, site=name, title=name, text_sha256="0" * 64) for name in texts
    )


def test_support_is_counted_over_all_sources() -> None:
    """A step reads the sources that it names; who else says the same is found when the findings are
    compared."""
    texts = {
        "a": SHARED,
        "b": "In the dry summer of last year, the lake's level went down by 40 centimetres.",
        "c": "Boats are painted every year in spring.",
    }
    sources = _sources(texts)
    step = Step(step_id=1, title="Level of the lake", query="level lake", source_ids=("a",))
    alone = investigate(step, sources[:1], {"a": texts["a"]}, {}, "The lake", "")
    assert [finding.support for finding in alone.findings] == [1]
    third = Step(step_id=2, kind="compare", title=ENGLISH.compare_title, depends_on=(1,))
    compared = compare(third, sources, texts, {1: alone}, "The lake")
    assert [(f.support, f.confidence, [c.source_id for c in f.citations]) for f in compared.findings] == [
        (2, "medium", ["a", "b"])
    ]
    assert all(texts[c.source_id][c.start : c.end] == c.quote for f in compared.findings for c in f.citations)


async def test_one_source_is_not_compared_with_itself() -> None:
    """The plan has no step that compares, and the report speaks of no agreement."""
    text = " ".join(
        f"The level of the lake fell by {n} centimetres in the year {2000 + n}." for n in range(20, 26)
    )
    store = MemoryStore()
    source = PreparedSource(source_id="a", site="a", title="Lake", text_sha256=await store.put_text(text))
    engine = Extractive()
    from reprise_research.brief import Brief

    brief = Brief(topic="How has the level of the lake changed?")
    library = Library((source,), store)
    summary: Summary = await engine.summarise(source, library, brief)
    combined = await engine.combine((summary,), library, brief)
    phase0 = Phase0(sources=(source,), summaries=(summary,), abstract=combined.text, themes=combined.themes)
    plan = plan_of(phase0, goals_of(phase0, brief.topic, ""), brief.topic, "")
    assert ENGLISH.compare_title not in {step.title for step in plan.steps}
    findings: dict[int, StepFindings] = {}
    for step in plan.steps:
        findings[step.step_id] = await engine.investigate(step, library, findings, brief)
    from reprise_contracts.artifacts import Phase2

    draft = await engine.write(Phase2(steps=plan.steps), findings, (source,), (), brief)
    said = str(draft)
    assert "independent" not in said and ENGLISH.label_one not in said


def test_a_table_s_caption_is_no_heading() -> None:
    """Told as a first row of one cell, it stands before the rows, which keep their headings."""
    told = without_tables(
        "| Costs in million pounds | | |\n| Part | Planned | Actual |\n| Basin | 3.2 | 4.1 |\n| Total | 7.0 "
        "| 9.8 |"
    )
    assert told.split("\n") == [
        "Costs in million pounds",
        "Part: Basin; Planned: 3.2; Actual: 4.1.",
        "Part: Total; Planned: 7.0; Actual: 9.8.",
    ]


def test_a_table_of_names_and_values_is_read_as_such() -> None:
    """`Item` above names says nothing, and a unit above values belongs to each of them."""
    told = without_tables("| item | £ |\n| Energy cost before | 310,000 |\n| Grant | 2.6 million |")
    assert told.split("\n") == ["Energy cost before: £ 310,000.", "Grant: £ 2.6 million."]
    assert [figure.text for line in told.split("\n") for figure in amounts(line)] == [
        "£ 310,000",
        "£ 2.6 million",
    ]
