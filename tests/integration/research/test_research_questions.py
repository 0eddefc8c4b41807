"""Fixed questions on fixed documents: what is answered, which contradictions and gaps are named, and that
every citation holds."""

import asyncio
import hashlib
import runpy
from pathlib import Path

import pytest

from reprise_contracts.artifacts import Citation, Phase4
from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.brief import Library
from reprise_research.phases.checking import check_finding
from reprise_research.stores import MemoryStore
from unit.research.research_builders import SAMPLES, sample_topic

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
HEATING = "Should the school of Lindau be heated with a heat pump or with wood pellets?"


async def researched(topic: str, *folders: Path, guidance: str = "") -> tuple[ResearchSession, MemoryStore]:
    """A session with all phases run on some folders."""
    session, store = ResearchSession(topic=topic), MemoryStore()
    if guidance:
        session.guidance["phase1"] = guidance
    async with DeepResearchAgent(session, store) as agent:
        for folder in folders:
            await agent.add_path(folder)
        await agent.run_research()
    return session, store


@pytest.fixture(scope="module")
def havenbrook() -> tuple[ResearchSession, MemoryStore]:
    """The sample batch, researched once for this module."""
    return asyncio.run(researched(sample_topic(), SAMPLES / "files", SAMPLES / "web"))


@pytest.fixture(scope="module")
def heating() -> tuple[ResearchSession, MemoryStore]:
    """The documents of the second example, researched once."""
    return asyncio.run(researched(HEATING, EXAMPLES / "heating"))


@pytest.fixture(scope="module")
def seilbahn() -> tuple[ResearchSession, MemoryStore]:
    """The German example, researched once."""
    topic = (EXAMPLES / "seilbahn.md").read_text("utf-8").splitlines()[0].removeprefix("# ")
    return asyncio.run(researched(topic, EXAMPLES / "seilbahn"))


def line_with(report: Phase4, *words: str) -> str:
    """A line of the report that has all of these words; empty if there is none."""
    return next((line for line in report.markdown.splitlines() if all(word in line for word in words)), "")


def section(report: Phase4, section_id: str) -> str:
    return next((one.markdown for one in report.sections if section_id in {one.section_id, one.title}), "")


def test_the_summary_answers_with_its_source_and_names_the_dispute(
    havenbrook: tuple[ResearchSession, MemoryStore],
) -> None:
    """In one line of the report's head: the best supported statement, who says it, and that others say
    otherwise."""
    answer = ("by 11 percent", "[", "Disputed: 11 percent or 23 percent")
    head = section(havenbrook[0].phase4, "answer") + "\n" + section(havenbrook[0].phase4, "summary")
    assert line_with(havenbrook[0].phase4.model_copy(update={"markdown": head}), *answer)


def test_a_quote_of_several_sentences_says_that_one_of_them_is_disputed(
    seilbahn: tuple[ResearchSession, MemoryStore],
) -> None:
    """Who reads the first lines alone is not to take one side for the truth."""
    report = seilbahn[0].phase4
    head = section(report, "answer") + "\n" + section(report, "summary")
    lines = [line for line in head.splitlines() if "31,4 Mio." in line or "36,8 Mio." in line]
    assert len(lines) > 1 and all("*Strittig:" in line for line in lines), lines


def test_the_report_begins_with_an_answer(
    havenbrook: tuple[ResearchSession, MemoryStore], heating: tuple[ResearchSession, MemoryStore]
) -> None:
    """The first section quotes what comes closest to the question: its cost and its effect, the two ways that
    it compares."""
    first = [session.phase4.sections[0] for session in (havenbrook[0], heating[0])]
    assert [one.title for one in first] == ["What the sources answer"] * 2
    assert "injured" in first[0].markdown and "million euros" in first[0].markdown
    assert "heat pump" in first[1].markdown and "pellets" in first[1].markdown


def test_a_source_that_was_not_read_is_named_with_its_reason_and_what_to_do(
    havenbrook: tuple[ResearchSession, MemoryStore],
) -> None:
    """The damaged file and the reprint stand at the end of the report, and the note at its top says that one
    source is lacking."""
    report = havenbrook[0].phase4
    unread = report.sections[-1]
    assert unread.section_id == "unread"
    assert (
        "**police-data.pdf:** The PDF is damaged and cannot be opened." in unread.markdown
        and "give its text" in unread.markdown
    )
    assert "percent the same as" in unread.markdown
    assert "1 of 11 sources could not be read" in report.markdown.split("## ")[0]


def test_what_excludes_each_other_is_told_with_both_sources(
    havenbrook: tuple[ResearchSession, MemoryStore],
) -> None:
    """Both sides stand against each other, each with its source; a part of what was injured does not stand
    against the whole."""
    line = line_with(havenbrook[0].phase4, "23 percent", "11 percent", "*against*")
    assert line.count("[") >= 2
    assert not line_with(havenbrook[0].phase4, "serious injuries", "*against*")


@pytest.mark.parametrize("sides", [("1.2 decibels", "2.1 decibels"), ("12 percent", "4 percent")])
def test_figures_that_may_be_of_different_things_stand_side_by_side(
    havenbrook: tuple[ResearchSession, MemoryStore], sides: tuple[str, str]
) -> None:
    """Noise at other stations, journeys of taxis and of cars: both are in one table, and nothing is said of
    them."""
    table = section(havenbrook[0].phase4, "figures")
    assert all(figure in table for figure in sides)
    assert not line_with(havenbrook[0].phase4, *sides, "*against*")


def test_the_known_gaps_are_named(havenbrook: tuple[ResearchSession, MemoryStore]) -> None:
    """Nobody measured the ambulances' times, nor what happened to trade; the sources say so themselves."""
    missing = section(havenbrook[0].phase4, "What is missing")
    assert "ambulances" in missing and "local trade" in missing


def test_what_is_no_voice_of_its_own_counts_for_nothing(
    havenbrook: tuple[ResearchSession, MemoryStore],
) -> None:
    """The reprint is a copy and the broken file has failed: neither is among the references."""
    session = havenbrook[0]
    status = {source.source_id: source.status for source in session.phase0.sources}
    assert sorted(status.values()) == ["duplicate", "failed", *["ready"] * 9]
    assert {status[reference.source_id] for reference in session.phase4.references} == {"ready"}


def test_two_ways_that_a_question_compares_do_not_contradict_each_other(
    heating: tuple[ResearchSession, MemoryStore],
) -> None:
    """A heat pump and a pellet boiler cost different sums; a cost of today and one if prices rise are no
    dispute either. The dust of the boiler with one filter and with another stands side by side."""
    report = heating[0].phase4
    assert not line_with(report, "21,000 euros", "33,000 euros", "*against*")
    assert all(figure in section(report, "figures") for figure in ("38 kilograms", "12 kilograms"))
    assert not line_with(report, "610,000 euros", "285,000 euros") and not line_with(
        report, "366,000 euros", "214,000 euros"
    )


def test_what_two_sources_share_and_what_none_knows(heating: tuple[ResearchSession, MemoryStore]) -> None:
    """What the parents copy from the study is no second voice; nobody knows about the radiators."""
    report = heating[0].phase4
    assert line_with(report, "71 percent").count("[") == 1
    assert "radiators" in section(report, "What is missing")


def test_a_german_report_names_its_disputes_and_what_sources_in_two_languages_share(
    seilbahn: tuple[ResearchSession, MemoryStore],
) -> None:
    """What the building cost, and who says so; rents that rose and fell; a ride that is as long in English;
    what nobody has examined. Words of the question that only point are no gap."""
    report = seilbahn[0].phase4
    differing = section(report, "Worin die Quellen übereinstimmen und wo nicht")
    assert all(words in differing for words in ("31,4 Mio.", "36,8 Mio.", "4 Prozent gesunken", "6 Prozent"))
    assert line_with(report, "Eine Fahrt dauert neun Minuten").count("[") == 2
    missing = section(report, "Was fehlt")
    assert "hat bisher niemand untersucht" in missing and "has measured how many car trips" in missing
    assert "Keine Quelle erwähnt" not in missing


@pytest.mark.parametrize("name", ["havenbrook", "heating", "seilbahn"])
def test_every_evidence_sentence_is_verbatim_and_leads_to_its_source(
    name: str, request: pytest.FixtureRequest
) -> None:
    """100 percent: what the report cites stands in the stored text where the citation says, and every claim
    cites something."""
    session, store = request.getfixturevalue(name)
    report = session.phase4
    texts = {
        source.text_sha256: asyncio.run(store.get_text(source.text_sha256))
        for source in session.phase0.sources
        if source.text_sha256
    }
    citations = [citation for reference in report.references for citation in reference.citations]
    assert len(citations) > 15 and report.unsupported_claims == ()
    for citation in citations:
        text = texts[citation.text_sha256]
        assert text[citation.start : citation.end] == citation.quote
        assert hashlib.sha256(text.encode()).hexdigest() == citation.text_sha256


def test_a_corrupted_citation_is_caught(heating: tuple[ResearchSession, MemoryStore]) -> None:
    """A changed figure is no near match that may be repaired; a shifted place is put right; an invented
    source is dropped."""
    session, store = heating
    library = Library(session.phase0.sources, store)
    finding = next(f for step in session.findings.values() for f in step.findings if "610,000" in f.claim)
    good = finding.citations[0]

    def checked(citation: Citation) -> tuple[tuple[Citation, ...], int]:
        kept, dropped = asyncio.run(
            check_finding(finding.model_copy(update={"citations": (citation,)}), library)
        )
        return (kept.citations if kept is not None else ()), dropped

    assert checked(good) == ((good,), 0)
    assert checked(good.model_copy(update={"start": good.start + 3, "end": good.end + 3})) == ((good,), 0)
    assert checked(good.model_copy(update={"quote": "Everyone in the town agrees that oil is best."})) == (
        (),
        1,
    )
    assert checked(good.model_copy(update={"source_id": "invented"})) == ((), 1)
    forged = checked(good.model_copy(update={"quote": good.quote.replace("610,000", "160,000")}))
    assert forged == ((), 1) or all(
        "610,000" in citation.quote and citation.score < 1 for citation in forged[0]
    )


def test_the_examples_are_what_the_product_makes(tmp_path: Path) -> None:
    """`docs/examples/make.py` gives the very reports that stand there: byte for byte, on any machine."""
    made = runpy.run_path(str(EXAMPLES / "make.py"))
    made["main"](tmp_path)
    for name in ("havenbrook.md", "heating.md", "seilbahn.md"):
        assert (tmp_path / name).read_text("utf-8") == (EXAMPLES / name).read_text("utf-8"), (
            f"{name} is not what the engine makes now"
        )
    assert all(
        (tmp_path / name).read_bytes().startswith(b"%PDF-")
        for name in ("havenbrook.pdf", "heating.pdf", "seilbahn.pdf")
    )
