"""A finished report is checked as a whole: what is sound raises nothing, every kind of damage is seen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reprise_cli.app import run
from reprise_contracts.artifacts import Contradiction, Finding, Phase4
from reprise_contracts.nodes import step_node
from reprise_contracts.wire import Malformed
from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.bundle import Bundle, BundledNode, Manifest, file_of, text_name
from reprise_research.checking import Made, check_bundle, check_report, cited_by, outdated
from reprise_research.phases.discover import discover
from reprise_research.phases.execute import execute
from reprise_research.phases.prepare import prepare
from reprise_research.phases.report import report
from reprise_research.phases.synthesize import synthesize
from reprise_research.stores import MemoryStore
from unit.research.research_builders import LAKE, World


@pytest.fixture
async def made(world: World) -> Made:
    """A report on the lake, with everything that it was made of."""
    context = world.context()
    phase0 = (await prepare(await world.texts(LAKE), context)).artifact
    plan = await synthesize(phase0, await discover(phase0, context), context)
    findings: dict[int, object] = {}
    for step in plan.steps:
        findings[step.step_id] = await execute(step, phase0, findings, context)  # type: ignore[arg-type]  # filled as it goes
    done = await report(phase0, plan, findings, context)  # type: ignore[arg-type]
    texts = {
        source.source_id: await world.store.get_text(source.text_sha256)
        for source in phase0.sources
        if source.text_sha256
    }
    return Made(phase0, findings, done, texts)  # type: ignore[arg-type]


def _edited(made: Made, old: str, new: str) -> Made:
    """The report with other words in its sections and in its whole text."""
    done = made.report
    assert old in done.markdown
    sections = tuple(
        section.model_copy(update={"markdown": section.markdown.replace(old, new)})
        for section in done.sections
    )
    return replace(
        made,
        report=done.model_copy(update={"sections": sections, "markdown": done.markdown.replace(old, new)}),
    )


def _with_first_finding(made: Made, change: Callable[[Finding], Finding]) -> Made:
    number = next(number for number, step in made.findings.items() if step.findings)
    step = made.findings[number]
    findings = (change(step.findings[0]), *step.findings[1:])
    return replace(made, findings={**made.findings, number: step.model_copy(update={"findings": findings})})


def _with_reference(made: Made, **fields: object) -> Phase4:
    first, *rest = made.report.references
    return made.report.model_copy(update={"references": (first.model_copy(update=fields), *rest)})


async def test_a_sound_report_has_no_fault(made: Made) -> None:
    assert check_report(made) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("12 percent", "13 percent"),
        ("30 percent", "30 tonnes"),
        ("15 percent", "-15 percent"),
        ("40 centimetres", "40 metres"),
        ("2019", "2017"),
        ("fell by 12 percent", "rose by 12 percent"),
        ("Nobody has measured", "Somebody has measured"),
    ],
)
async def test_words_of_the_report_that_no_source_says_are_seen(made: Made, old: str, new: str) -> None:
    assert check_report(_edited(made, old, new))


async def test_swapped_references_are_seen(made: Made) -> None:
    swapped = _edited(_edited(_edited(made, "[1]", "[9]"), "[2]", "[1]"), "[9]", "[2]")
    assert check_report(swapped)


async def test_text_beside_the_sections_is_seen(made: Made) -> None:
    longer = made.report.markdown.replace("\n\n## ", "\n\nThe lake is full again. [1]\n\n## ", 2)
    assert any(
        fault.kind == "markdown"
        for fault in check_report(replace(made, report=made.report.model_copy(update={"markdown": longer})))
    )


async def test_a_shifted_quote_is_seen(made: Made) -> None:
    def shifted(finding: Finding) -> Finding:
        citation = finding.citations[0]
        text = made.texts[citation.source_id]
        moved = citation.model_copy(
            update={
                "start": citation.start + 3,
                "end": citation.end,
                "quote": text[citation.start + 3 : citation.end],
            }
        )
        return finding.model_copy(update={"citations": (moved, *finding.citations[1:])})

    assert check_report(_with_first_finding(made, shifted))


async def test_a_quote_of_another_source_is_seen(made: Made) -> None:
    def moved(finding: Finding) -> Finding:
        citation = finding.citations[0]
        other = next(name for name in made.texts if name != citation.source_id)
        return finding.model_copy(update={"citations": (citation.model_copy(update={"source_id": other}),)})

    assert {fault.kind for fault in check_report(_with_first_finding(made, moved))} & {"quote", "source"}


async def test_a_name_of_another_source_is_seen(made: Made) -> None:
    other = made.report.references[1].title
    assert any(
        fault.kind == "name"
        for fault in check_report(replace(made, report=_with_reference(made, title=other)))
    )


async def test_a_label_that_shortens_a_long_title_is_no_fault() -> None:
    """Who speaks stands in front of a view, and a title may be long; another title is seen all the same."""
    title = "Alpine Research Station of Hochkar, final report of the campaign of measurements of 2023"
    async with DeepResearchAgent(
        ResearchSession(topic="How fast does the glacier melt?"), MemoryStore()
    ) as agent:
        await agent.add_text("We expect that the glacier melts by 50 metres in the next year.", title)
        await agent.add_text("The glacier melts fast. It lost 40 metres of its length.", "The glacier")
        session = await agent.run_research()
        assert "measurements…:*" in session.phase4.markdown or "campaign of…:*" in session.phase4.markdown
        assert await agent.check() == ()


def _bundle(made: Made) -> Bundle:
    """The report as `export` writes it."""
    artifacts = {
        "phase0": made.phase0,
        **{step_node(number): found for number, found in made.findings.items()},
        "phase4": made.report,
    }
    files = {f"artifacts/{node.replace('/', '-')}.json": one.document() for node, one in artifacts.items()}
    nodes = {
        node: BundledNode(artifact=file_of(name, data))
        for node, (name, data) in zip(artifacts, files.items(), strict=True)
    }
    texts = tuple(source.text_sha256 for source in made.phase0.sources if source.text_sha256)
    sources = {source.source_id: source.text_sha256 for source in made.phase0.sources if source.text_sha256}
    files |= {text_name(sha256): made.texts[source_id].encode() for source_id, sha256 in sources.items()}
    return Bundle(Manifest(session_id="s-1", nodes=nodes, texts=texts), files)


def test_a_bundle_is_checked_as_it_was_exported(made: Made) -> None:
    """A sound one has no fault; a text that was changed in the file takes its quotes along, and is named."""
    bundle = Bundle.unpacked(_bundle(made).packed())
    assert check_bundle(bundle) == ()
    name = next(name for name in bundle.files if name.startswith("texts/"))
    bundle.files[name] = bundle.files[name].replace(b"lake", b"sea")
    faults = check_bundle(Bundle.unpacked(bundle.packed()))
    assert name in {fault.where for fault in faults} and "quote" in {fault.kind for fault in faults}
    without = Manifest(session_id="s-1", nodes={"phase0": bundle.manifest.nodes["phase0"]})
    with pytest.raises(Malformed):
        check_bundle(Bundle(without, bundle.files))


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("40 centimetres", "60 centimetres", "words"),
        ("Fishing fell by 12 percent", "Fishing rose by 12 percent", "words"),
        ("\n## References", "\nThe lake is lost. [1]\n\n## References", "words"),
        ("1. farmers", "1. The Times", "name"),
    ],
)
def test_a_text_that_was_edited_is_held_against_the_session(
    made: Made, old: str, new: str, kind: str
) -> None:
    """Markdown that was handed on is checked in place of the report's own."""
    bundle, markdown = _bundle(made), made.report.markdown
    assert check_bundle(bundle, markdown) == ()
    assert old in markdown, markdown
    assert kind in {fault.kind for fault in check_bundle(bundle, markdown.replace(old, new))}


LIE = "Remote towers cure all fishers."


@pytest.mark.parametrize("cited", ["", " [1]", " [99]"])
@pytest.mark.parametrize(
    "place",
    [
        "above everything",
        "above the first section",
        "within a section",
        "behind the last section",
        "below everything",
    ],
)
def test_what_is_added_to_a_text_is_seen_wherever_it_stands(made: Made, place: str, cited: str) -> None:
    bundle, markdown, said = _bundle(made), made.report.markdown, f"{LIE}{cited}\n\n"
    first = markdown.index("\n## ") + 1
    second = markdown.index("\n## ", first + 1) + 1
    at = {
        "above everything": 0,
        "above the first section": first,
        "within a section": second,
        "behind the last section": markdown.index("## References"),
        "below everything": len(markdown),
    }[place]
    faults = check_bundle(bundle, markdown[:at] + said + markdown[at:])
    assert any(LIE in fault.words or fault.words == cited.strip() for fault in faults)


def test_a_section_of_ones_own_is_held_to_the_sources_too(made: Made) -> None:
    """Also behind the last section; one whose statements stand is no fault."""
    bundle, markdown = _bundle(made), made.report.markdown
    at = markdown.index("## References")
    lie = check_bundle(bundle, f"{markdown[:at]}## Conclusion\n\n{LIE} [1]\n\n{markdown[at:]}")
    assert [fault.kind for fault in lie] == ["words"]
    quote = made.report.references[0].citations[0].quote
    true = check_bundle(bundle, f"{markdown[:at]}## Conclusion\n\n- {quote} [1]\n\n{markdown[at:]}")
    assert true == ()


@pytest.mark.parametrize("number", [1, 2, 77])
def test_what_is_numbered_as_a_reference_is_not_taken_for_one(made: Made, number: int) -> None:
    faults = check_bundle(_bundle(made), f"{made.report.markdown}\n{number}. {LIE}\n")
    assert any(LIE in fault.words for fault in faults)


def test_an_empty_text_is_not_the_reports_own(made: Made) -> None:
    assert check_bundle(_bundle(made), "")


def test_the_command_line_checks_a_file(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`reprise check FILE` ends with 0 where all holds, and with 1 naming what does not."""
    bundle, edited = tmp_path / "s-1.zip", tmp_path / "edited.md"
    bundle.write_bytes(_bundle(made).packed())
    edited.write_text(made.report.markdown.replace("40 centimetres", "60 centimetres"), "utf-8")
    assert run(["check", str(bundle)]) == 0
    assert "Every citation stands in its source" in capsys.readouterr().out
    assert run(["check", str(bundle), "--report", str(edited)]) == 1
    assert "60 centimetres" in capsys.readouterr().out
    assert run(["check", str(edited)]) == 2, "no bundle"


async def test_an_outdated_report_is_held_against_the_texts_that_it_cites(
    made: Made, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A source was replaced and read, and a step was made again: no quote of the former text is accused, and
    a quote that never stood in it is. That it is outdated is said first."""
    former = _bundle(made)
    other = {**LAKE, next(iter(LAKE)): "The museum opened in May. Its roof is made of glass."}
    phase0 = (await prepare(await world.texts(other), world.context())).artifact
    number = next(number for number, step in made.findings.items() if step.findings)
    again = {**made.findings, number: made.findings[number].model_copy(update={"findings": ()})}
    hashed = {source.source_id: source.text_sha256 for source in phase0.sources if source.text_sha256}
    today = {source_id: await world.store.get_text(sha256) for source_id, sha256 in hashed.items()}
    now, own = _bundle(replace(made, phase0=phase0, findings=again, texts=today)), {*hashed.values()}
    texts = {name: data for name, data in (former.files | now.files).items() if name.startswith("texts/")}
    hashes = tuple(name.removeprefix("texts/").removesuffix(".txt") for name in texts)
    why = ("The source “a” was replaced.",)
    manifest = now.manifest.model_copy(update={"format": 2, "texts": hashes, "outdated": why})
    bundle = Bundle(manifest, now.files | texts)
    assert [str(fault) for fault in check_bundle(bundle)] == []
    assert outdated(bundle) == why
    file = tmp_path / "s-1.zip"
    file.write_bytes(bundle.packed())
    assert run(["check", str(file)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("The report is outdated. The source “a” was replaced.")
    assert "stands in the text that it cites" in said

    name = text_name(next(iter({*hashes} - own)))
    damaged = Bundle(manifest, {**bundle.files, name: bundle.files[name].replace(b"lake", b"pond")})
    assert {"quote"} <= {fault.kind for fault in check_bundle(damaged)}
    left = manifest.model_copy(update={"texts": tuple(own)})
    gone = Bundle(left, {held: data for held, data in bundle.files.items() if held != name})
    assert any("no longer stored" in fault.why for fault in check_bundle(gone))


def test_a_session_without_a_report_is_told_what_to_do(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And of one without any result nothing is replayed."""
    file = tmp_path / "s-1.zip"
    file.write_bytes(Bundle(Manifest(session_id="s-1"), {}).packed())
    assert run(["check", str(file)]) == 1
    told = capsys.readouterr().err
    assert "s-1 has no report yet." in told and "reprise refresh s-1" in told
    assert run(["replay", str(file)]) == 0
    assert "nothing to make again" in capsys.readouterr().out


def test_a_bundle_of_a_newer_version_is_refused_in_words() -> None:
    data = Bundle(Manifest(format=9, session_id="s-1"), {}).packed()
    with pytest.raises(Malformed, match="it has format 9, and this version reads up to 2"):
        Bundle.unpacked(data)


def test_a_passage_that_stands_beside_a_finding_is_cited_by_it(made: Made) -> None:
    """The report shows figures side by side; each is of a passage that a finding names."""
    passage = made.report.references[-1].citations[-1]
    beside = (Contradiction(claim=passage.quote, citation=passage),)
    told = _with_first_finding(made, lambda finding: finding.model_copy(update={"beside": beside}))
    step = next(step for step in told.findings.values() if step.findings)
    assert passage in list(cited_by(step))
    assert (passage.source_id, passage.start, passage.end) in replace(told, findings={0: step}).cited
