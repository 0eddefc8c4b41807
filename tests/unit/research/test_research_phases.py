"""The five phases: pure, deterministic, and honest about what they could not find."""

import asyncio
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from reprise_contracts.artifacts import (
    Citation,
    Finding,
    Goal,
    Phase0,
    Phase1,
    Phase2,
    PreparedSource,
    Step,
    StepFindings,
    Summary,
    identities,
)
from reprise_contracts.frames import Live, ScrapingItemUpdate, ScrapingStatus, WorkflowProgress
from reprise_contracts.jobs import Gap
from reprise_contracts.sources import Source
from reprise_research.brief import Brief, Library
from reprise_research.context import Context
from reprise_research.drafts import PlanDraft
from reprise_research.engines.extractive import Extractive
from reprise_research.errors import EngineFailed, InvalidPlan, NoSources, NothingToRead
from reprise_research.phases.discover import discover
from reprise_research.phases.execute import execute
from reprise_research.phases.prepare import prepare
from reprise_research.phases.report import report
from reprise_research.phases.synthesize import synthesize
from reprise_research.stores import MemoryStore
from unit.research.research_builders import LAKE, LAKE_TOPIC, SAMPLES, World, sample_files, sample_topic
from unit.research.whole_run import run_all

WHOLE_RUN = Path(__file__).with_name("whole_run.py")


async def whole(
    world: World, sources: tuple[Source, ...], context: Context
) -> tuple[Phase0, Phase1, Phase2, dict[int, StepFindings]]:
    """Phases 0 to 3."""
    phase0 = (await prepare(sources, context)).artifact
    phase1 = await discover(phase0, context)
    plan = await synthesize(phase0, phase1, context)
    findings: dict[int, StepFindings] = {}
    for step in plan.steps:
        findings[step.step_id] = await execute(step, phase0, findings, context)
    return phase0, phase1, plan, findings


def all_citations(findings: Mapping[int, StepFindings]) -> list[Citation]:
    every = [finding for found in findings.values() for finding in found.findings]
    return [*(c for f in every for c in f.citations), *(c.citation for f in every for c in f.contradicts)]


async def test_every_citation_on_the_samples_is_verbatim(world: World) -> None:
    """On the demo's documents each excerpt, citation and reference is exactly what stands at its offsets, and
    each claim is its quote."""
    context = world.context(sample_topic())
    phase0, _, plan, findings = await whole(world, await world.files(sample_files()), context)
    texts = {s.source_id: await world.store.get_text(s.text_sha256 or "") for s in phase0.sources}
    hashes = {s.source_id: s.text_sha256 for s in phase0.sources}
    for summary in phase0.summaries:
        for excerpt in summary.excerpts:
            assert texts[summary.source_id][excerpt.start : excerpt.end] == excerpt.quote
    done = await report(phase0, plan, findings, context)
    citations = [*all_citations(findings), *(c for reference in done.references for c in reference.citations)]
    assert len(citations) > 60
    for citation in citations:
        assert texts[citation.source_id][citation.start : citation.end] == citation.quote
        assert citation.text_sha256 == hashes[citation.source_id]
    assert all(f.claim == f.citations[0].quote for found in findings.values() for f in found.findings)
    assert done.unsupported_claims == ()


async def test_the_known_disagreements_of_the_samples_are_found(world: World) -> None:
    """What excludes each other is a dispute; figures on noise from other stations stand beside each other;
    what is missing is said."""
    _, _, plan, findings = await whole(
        world, await world.files(sample_files()), world.context(sample_topic())
    )
    compare, missing = (
        findings[step.step_id] for kind in ("compare", "missing") for step in plan.steps if step.kind == kind
    )
    disputed = [{f.claim, *(c.claim for c in f.contradicts)} for f in compare.findings if f.contradicts]
    beside = [{f.claim, *(c.claim for c in f.beside)} for f in compare.findings if f.beside]
    for pairs, one, other in [
        (disputed, "23 percent", "11 percent"),
        (beside, "2.1 decibels", "1.2 decibels"),
    ]:
        assert any(
            any(one in claim for claim in pair) and any(other in claim for claim in pair) for pair in pairs
        ), (one, other)
    assert not any("serious injuries" in claim for pair in disputed for claim in pair), (
        "a part is not the whole"
    )
    said = " ".join(f.claim for f in missing.findings)
    assert "ambulances" in said
    assert "local trade is not yet known" in said


async def test_a_copy_is_no_second_voice(world: World) -> None:
    """The reprint among the samples is marked as a duplicate and is neither summarised nor cited."""
    phase0, _, _, findings = await whole(
        world, await world.files(sample_files()), world.context(sample_topic())
    )
    (copy,) = [source for source in phase0.sources if source.status == "duplicate"]
    original = next(source for source in phase0.sources if source.source_id == copy.duplicate_of)
    assert {"first published", "Courier"} & set(copy.title.split()) or copy.similarity
    assert original.status == "ready"
    assert copy.source_id not in {summary.source_id for summary in phase0.summaries}
    assert copy.source_id not in {citation.source_id for citation in all_citations(findings)}


OLDER_PROCESSOR = {
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"
    if platform.machine() == "x86_64"
    else "",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-FMA,-FMA4,-AVX512F",
}
"""What chooses the instructions that a library counts with: those of twenty years ago, which round sums
otherwise."""


async def test_the_same_input_gives_the_same_bytes_in_every_process(world: World) -> None:
    """Artifacts do not depend on the order of sets, on threads, on the process or on the machine: another
    one, with another hash seed, other limits on threads, and the arithmetic of an older processor in NumPy,
    OpenBLAS and the C library, comes to the same hashes."""
    path = ":".join(path for path in sys.path if path)
    other = await asyncio.create_subprocess_exec(
        sys.executable,
        str(WHOLE_RUN),
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONHASHSEED": "4242", "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **OLDER_PROCESSOR},
    )
    own = await run_all()
    output, _ = await other.communicate()
    assert other.returncode == 0
    assert output.decode() == own
    assert len(own.splitlines()) > 8


async def test_guidance_changes_goals_and_plan(world: World) -> None:
    """With guidance there is a goal for it, first, with a step of its own; without guidance there is none."""
    sources = await world.texts(LAKE)
    plain = world.context()
    phase0 = (await prepare(sources, plain)).artifact
    before = await discover(phase0, plain)
    guided = world.context(guidance="Focus on farms")
    after = await discover(phase0, guided)
    assert after.goals[0].goal_id == "goal-guidance-farms"
    assert [g.goal_id for g in after.goals[1:]] != [] and {g.goal_id for g in before.goals} == {
        g.goal_id for g in after.goals[1:]
    }
    plan = await synthesize(phase0, after, guided)
    assert plan.steps[0].title == "Farms"
    assert "farms" in plan.synthesized_goal


async def test_guidance_changes_what_a_source_is_summarised_by(world: World) -> None:
    """Phase 0 prefers the sentences that the guidance asks for."""
    filler = " ".join(
        f"The harbour office reported on ship number {n} and its cargo of grain." for n in range(40)
    )
    sources = await world.texts({"a": filler + " Seagulls nest on the old crane near the pier."})
    plain = (await prepare(sources, world.context("What happens in the harbour?"))).artifact
    guided = (await prepare(sources, world.context("What happens in the harbour?", "seagulls"))).artifact
    assert "Seagulls" not in plain.summaries[0].summary
    assert "Seagulls" in guided.summaries[0].summary


async def test_a_plan_keeps_its_numbers(world: World) -> None:
    """R9: planned again from the same goals the plan is the same, numbers included; a new goal takes the next
    number."""
    context = world.context()
    phase0, phase1, plan, _ = await whole(world, await world.texts(LAKE), context)
    assert await synthesize(phase0, phase1, context, previous=plan, next_step=len(plan.steps) + 1) == plan
    more = Phase1(goals=(Goal(goal_id="g-new", question="Who owns the boats?"), *phase1.goals))
    grown = await synthesize(phase0, more, context, previous=plan, next_step=20)
    numbers = {step.title: step.step_id for step in grown.steps}
    assert numbers["Who owns the boats"] == 20
    assert all(
        numbers[step.title] == step.step_id for step in plan.steps if step.kind in ("retrieve", "answer")
    )


async def test_r38_a_plan_keeps_the_steps_that_are_held(world: World) -> None:
    """A locked step of the old plan, and what it depends on, stay word for word, whatever is planned; what is
    planned again is there once."""
    context = world.context()
    phase0, phase1, plan, _ = await whole(world, await world.texts(LAKE), context)
    last = plan.steps[-1]
    held = {last.step_id, *last.depends_on}
    assert last.depends_on
    other = Phase1(goals=(Goal(goal_id="g-new", question="Who owns the boats?"),))
    without = await synthesize(phase0, other, context, previous=plan, next_step=20)
    assert held - {step.step_id for step in without.steps}
    kept = await synthesize(phase0, other, context, previous=plan, next_step=20, held=held)
    assert {step.step_id: step for step in plan.steps if step.step_id in held}.items() <= {
        step.step_id: step for step in kept.steps
    }.items()
    assert {step.step_id for step in kept.steps} == held | {step.step_id for step in without.steps}
    again = await synthesize(phase0, phase1, context, previous=plan, next_step=20, held=held)
    assert {step.step_id for step in again.steps} == {step.step_id for step in plan.steps}


async def test_progress_is_told_in_frames(world: World) -> None:
    """Preparing says of each source that it ended, counts them, and reaches a hundred per cent."""
    await whole(world, await world.texts(LAKE), world.context())
    assert {f.link_id for f in world.frames if isinstance(f, ScrapingItemUpdate)} == set(LAKE)
    last = [f for f in world.frames if isinstance(f, ScrapingStatus)][-1]
    assert (last.total, last.completed, last.failed, last.inProgress) == (3, 3, 0, 0)
    progress = [f for f in world.frames if isinstance(f, WorkflowProgress)]
    assert {f.phase for f in progress if f.progress == 100.0} == {"phase0", "phase1", "phase2", "phase3"}


async def test_all_sources_failing_is_an_error_that_names_them(world: World) -> None:
    """Without one readable source there is no artifact; the problem says why, and the failures can be
    stored."""
    sources = (
        await world.upload("scan", b"\x89PNG\r\n\x1a\n" + b"x" * 50, "image/png"),
        await world.upload("void", b"   "),
    )
    with pytest.raises(NoSources) as caught:
        await prepare(sources, world.context())
    assert caught.value.problem.type == "no_sources"
    assert not caught.value.retryable
    assert {one.stored.reason for one in caught.value.stored} == {"unsupported", "empty"}
    assert "scan" in caught.value.problem.detail


async def test_inputs_that_are_not_there_are_named() -> None:
    """Each phase refuses to run without what it reads, and says what to run first."""
    context = Context(topic=LAKE_TOPIC, engine=Extractive(), store=MemoryStore())
    with pytest.raises(NothingToRead):
        await prepare((), context)
    with pytest.raises(NothingToRead):
        await discover(Phase0(), context)
    with pytest.raises(NothingToRead):
        await synthesize(Phase0(), Phase1(), context)
    with pytest.raises(NothingToRead, match="without findings"):
        await execute(Step(step_id=2, title="x", depends_on=(1,)), Phase0(), {}, context)
    with pytest.raises(NothingToRead, match="without findings"):
        await report(Phase0(), Phase2(steps=(Step(step_id=1, title="x"),)), {}, context)


class Wrong(Extractive):
    """An engine that misquotes, cites what it was not given, and plans in circles."""

    async def plan(
        self, phase0: Phase0, wanted: tuple[Goal, ...], previous: Phase2 | None, brief: Brief
    ) -> PlanDraft:
        return PlanDraft(
            "", (Step(step_id=1, title="a", depends_on=(2,)), Step(step_id=2, title="b", depends_on=(1,)))
        )

    async def goals(self, phase0: Phase0, brief: Brief) -> tuple[Goal, ...]:
        return ()

    async def investigate(
        self, step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief
    ) -> StepFindings:
        text = await library.text("authority")
        sha = library.source("authority").text_sha256 or ""
        good = Citation(source_id="authority", text_sha256=sha, quote=text[:54], start=0, end=54)
        moved = good.model_copy(update={"start": 7, "end": 61})
        slip = good.model_copy(update={"quote": "The level of the lakes fell by 40 centimeters last summer."})
        invented = good.model_copy(
            update={"quote": "The lake is full of gold and nobody knows about it yet."}
        )
        foreign = good.model_copy(update={"source_id": "fishers"})
        return StepFindings(
            step_id=99,
            findings=(
                Finding(finding_id="f1", claim="kept", citations=(good, moved, slip, invented)),
                Finding(finding_id="f2", claim="lost", citations=(invented, foreign)),
            ),
        )


async def test_a_corrupted_citation_is_caught(world: World) -> None:
    """Wrong offsets are put right, a slip is repaired and says so, inventions and foreign sources are dropped
    and counted."""
    phase0 = (await prepare(await world.texts(LAKE), world.context())).artifact
    step = Step(step_id=1, title="x", source_ids=("authority",))
    found = await execute(step, phase0, {}, world.context(engine=Wrong()))
    text = await world.store.get_text(phase0.sources[0].text_sha256 or "")
    assert found.step_id == 1
    assert [f.finding_id for f in found.findings] == ["f1"]
    assert found.dropped_citations == 3
    first, second, third = found.findings[0].citations
    assert all(text[c.start : c.end] == c.quote for c in (first, second, third))
    assert first == second
    assert third.score < 1.0


async def test_a_plan_in_circles_is_refused(world: World) -> None:
    """A plan that cannot be ordered is the engine's fault, and trying again may help."""
    phase0 = Phase0(summaries=(Summary(source_id="a", summary="x"),))
    with pytest.raises(InvalidPlan, match="circle") as caught:
        await synthesize(
            phase0, Phase1(goals=(Goal(goal_id="g", question="?"),)), world.context(engine=Wrong())
        )
    assert caught.value.problem.type == "invalid_plan"
    assert caught.value.retryable
    with pytest.raises(EngineFailed):
        await discover(phase0, world.context(engine=Wrong()))


async def test_a_partial_report_names_what_it_lacks(world: World) -> None:
    """R19: a step without findings is in the report and in `partial`, never left out silently."""
    context = world.context()
    phase0, _, plan, findings = await whole(world, await world.texts(LAKE), context)
    gap = Gap(node="phase3/1", used="nothing", reason="the engine gave up")
    kept = {number: found for number, found in findings.items() if number != 1}
    done = await report(phase0, plan, kept, context, gaps=(gap,))
    assert [missing.node for missing in done.partial] == ["phase3/1"]
    assert "the engine gave up" in done.markdown
    assert plan.steps[0].title in done.markdown


async def test_a_report_says_what_changed(world: World) -> None:
    """R25: sections added, removed, changed and unchanged are listed with the reasons; renumbered references
    alone are no change."""
    context = world.context()
    phase0, _, plan, findings = await whole(world, await world.texts(LAKE), context)
    first = await report(phase0, plan, findings, context)
    assert first.changes is None
    again = await report(phase0, plan, findings, context, previous=first, reasons=("asked for",))
    assert again.changes is not None
    assert {section.change for section in again.changes.sections} == {"unchanged"}
    assert again.changes.reasons == ("asked for",)
    assert again.parts() == first.parts()
    one = plan.steps[0].step_id
    ninth = plan.model_copy(
        update={"steps": (plan.steps[0].model_copy(update={"step_id": 9}), *plan.steps[1:])}
    )
    renumbered = await report(
        phase0,
        ninth,
        findings | {9: findings[one].model_copy(update={"step_id": 9})},
        context,
        previous=first,
    )
    assert renumbered.changes is not None
    assert {section.change for section in renumbered.changes.sections} == {"unchanged"}, (
        "another number is no other section"
    )
    emptied = findings | {one: StepFindings(step_id=one, title=plan.steps[0].title)}
    changed = await report(phase0, plan, emptied, context, previous=first)
    assert changed.changes is not None
    assert plan.steps[0].title in {s.title for s in changed.changes.sections if s.change == "removed"}, (
        "no heading above nothing"
    )
    assert "changed" in {s.change for s in changed.changes.sections}
    shorter = Phase2(
        steps=tuple(step for step in plan.steps if step.step_id != one and one not in step.depends_on)
    )
    fewer = await report(phase0, shorter, findings, context, previous=first)
    assert fewer.changes is not None
    assert plan.steps[0].title in {s.title for s in fewer.changes.sections if s.change == "removed"}


async def test_a_report_cites_only_what_was_read(world: World) -> None:
    """References are sources with text, numbered without a gap, each cited in the text; every bullet of
    evidence carries its number."""
    context = world.context(sample_topic())
    phase0, _, plan, findings = await whole(world, await world.files(sample_files()), context)
    done = await report(phase0, plan, findings, context)
    assert [r.number for r in done.references] == list(range(1, len(done.references) + 1))
    for reference in done.references:
        assert f"[{reference.number}]" in done.markdown.split("## References")[0]
    assert done.title == sample_topic()
    assert "Extractive report" in done.markdown
    assert "| Subject |" in done.markdown


async def test_hostile_sources_write_no_markup_into_the_report(world: World) -> None:
    """Tags and links in a source come out as text."""
    evil = (
        "Fishing <b>stopped</b> in the [northern bay](data:text/html,x) for nearly the whole season, "
        "and the boats stayed in the old harbour until the autumn <script>alert('lake')</script> rains came."
    )
    context = world.context()
    phase0, _, plan, findings = await whole(
        world, await world.texts({**LAKE, "fishers": f"{LAKE['fishers']} {evil}"}), context
    )
    markdown = (await report(phase0, plan, findings, context)).markdown
    assert "alert('lake')" in markdown
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(markdown)
    assert "alert('lake')" in page
    assert not {"<script", "<b>", "<a "} & {tag for tag in ("<script", "<b>", "<a ") if tag in page}


async def test_cancelling_is_prompt(world: World) -> None:
    """R20: a phase that computes in a thread lets go of its caller at once, and the event loop never waits
    for it."""
    long = " ".join(
        f"The number {n} of the harbour ledger names ship {n % 97} and its cargo of grain and salt."
        for n in range(6_000)
    )
    sources = await world.texts({"long": long, **LAKE})
    reading = asyncio.Event()

    def watch(frame: Live) -> None:
        if isinstance(frame, WorkflowProgress) and frame.message == "Reading the sources":
            reading.set()

    task = asyncio.create_task(prepare(sources, world.context(progress=watch)))
    await reading.wait()
    task.cancel()
    start = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 1.0


class Idle(Extractive):
    """An engine that does no work."""

    async def investigate(
        self, step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief
    ) -> StepFindings:
        return StepFindings(step_id=step.step_id)


async def test_the_phases_add_nothing_to_an_idle_engine() -> None:
    """A step of an engine that does no work loads no text (its hash is not in the store) and takes a fraction
    of a millisecond."""
    phase0 = Phase0(sources=tuple(PreparedSource(source_id=f"s{n}", text_sha256="a" * 64) for n in range(20)))
    context = Context(topic="t", engine=Idle(), store=MemoryStore())
    start = time.perf_counter()
    for _ in range(200):
        await execute(Step(step_id=5, title="x", source_ids=("s1",)), phase0, {}, context)
    assert (time.perf_counter() - start) / 200 < 0.003


def test_the_samples_are_as_their_generator_writes_them(tmp_path: Path) -> None:
    """The PDFs in the checkout are what `make_pdf.py` makes of the text beside it."""
    for name in ("make_pdf.py", "university-assessment.txt"):
        (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    (tmp_path / "files").mkdir()
    subprocess.run([sys.executable, str(tmp_path / "make_pdf.py")], check=True, timeout=30)  # our own script
    for name in ("university-assessment.pdf", "police-data.pdf"):
        assert (tmp_path / "files" / name).read_bytes() == (SAMPLES / "files" / name).read_bytes()


async def test_guidance_that_no_source_speaks_of_becomes_a_gap_and_no_heading(world: World) -> None:
    """Asked for what no source mentions, the report says under what is missing that nothing was found, and
    quotes nothing for it."""
    context = world.context(guidance="blorp xyzzy")
    phase0, _, plan, findings = await whole(world, await world.texts(LAKE), context)
    step = next(step for step in plan.steps if step.title == "Blorp xyzzy")
    assert findings[step.step_id].findings == ()
    done = await report(phase0, plan, findings, context)
    assert step.title not in {section.title for section in done.sections}
    missing = next(section for section in done.sections if section.title == "What is missing")
    assert "“Blorp xyzzy”: No statement that speaks of this was found in three sources." in missing.markdown


async def test_a_report_names_the_sources_that_it_does_without(world: World) -> None:
    """Empty, damaged and unreadable sources are listed with their reason and what to do, in the topic's
    language, by the report phase itself; once one of them fails for another reason, what a report reads of
    phase 0 has changed."""
    sources = (
        *await world.texts(LAKE),
        await world.upload("void", b" "),
        await world.upload("scan", b"\x89PNG\r\n\x1a\n", "image/png"),
    )
    context = world.context()
    phase0, _, plan, findings = await whole(world, sources, context)
    done = await report(phase0, plan, findings, context)
    last = done.sections[-1]
    assert (last.section_id, last.title) == ("unread", "Sources not used")
    assert "**void:** It has no content at all. Check that" in last.markdown and "**scan:**" in last.markdown
    assert "2 of 5 sources could not be read" in done.markdown
    chinese = await report(phase0, plan, findings, world.context("湖水为什么这么低？"))
    assert "**void：** 没有内容。" in chinese.markdown and "5份来源中有2份无法读取" in chinese.markdown
    blocked = [
        s.model_copy(update={"reason": "forbidden"}) if s.source_id == "scan" else s for s in phase0.sources
    ]
    assert (
        phase0.model_copy(update={"sources": tuple(blocked)}).parts()["references"]
        != phase0.parts()["references"]
    )


@pytest.mark.parametrize(
    ("said", "is_gap"),
    [
        ("Nobody has measured how much water the town itself uses.", True),
        ("The effect on local trade is not yet known.", True),
        ("No survey of the boats has been published since 2019.", True),
        ("Note that the results of those actions are not recorded in this file.", False),
        ("Nobody asked the fishers before the new rules on the lake came.", False),
        ("The port remains open and no data is lost when the pump stops.", False),
    ],
)
async def test_what_is_missing_is_what_is_not_known(world: World, said: str, *, is_gap: bool) -> None:
    """Only statements that something is not known count as gaps; a manual's `not recorded` and a complaint
    are none."""
    context = world.context()
    farmers = LAKE["farmers"].replace("Nobody has measured how much water the town itself uses.", "")
    _, _, plan, findings = await whole(
        world, await world.texts({**LAKE, "farmers": farmers, "other": f"{said} The lake is cold."}), context
    )
    missing = next(findings[step.step_id] for step in plan.steps if step.kind == "missing")
    assert (said in {finding.claim for finding in missing.findings}) is is_gap


async def test_a_list_of_subjects_in_the_guidance_is_as_many_goals(world: World) -> None:
    """Three or more subjects beside each other are asked one by one; a sentence with commas stays one
    wish."""
    context = world.context(guidance="farms, fishing, the dry spring and its causes")
    phase0 = (await prepare(await world.texts(LAKE), context)).artifact
    goals = (await discover(phase0, context)).goals
    assert [goal.goal_id for goal in goals[:2]] == ["goal-guidance-farms", "goal-guidance-fishing"]
    whole = world.context(guidance="Say, if you can, what farms used")
    assert (
        sum(goal.goal_id.startswith("goal-guidance") for goal in (await discover(phase0, whole)).goals) <= 1
    )


def test_a_steps_kind_is_part_of_its_identity() -> None:
    """R30: two steps that ask the same are two if one retrieves and the other compares; `retrieve` is what a
    step was without a kind."""
    step = Step(step_id=1, title="The gender pay gap by sector")
    assert identities((step,)) == identities((step.model_copy(update={"kind": "retrieve"}),))
    assert identities((step,)) != identities((step.model_copy(update={"kind": "compare"}),))
