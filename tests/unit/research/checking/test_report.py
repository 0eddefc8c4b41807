"""A finished report is checked as a whole: what is sound raises nothing, every kind of damage is seen."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from reprise_contracts.artifacts import Finding, Phase4
from reprise_research.checking import Made, check_report
from reprise_research.phases.discover import discover
from reprise_research.phases.execute import execute
from reprise_research.phases.prepare import prepare
from reprise_research.phases.report import report
from reprise_research.phases.synthesize import synthesize
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
    texts = {source.source_id: await world.store.get_text(source.text_sha256) for source in phase0.sources if source.text_sha256}
    return Made(phase0, findings, done, texts)  # type: ignore[arg-type]


def _edited(made: Made, old: str, new: str) -> Made:
    """The report with other words in its sections and in its whole text."""
    done = made.report
    assert old in done.markdown
    sections = tuple(section.model_copy(update={"markdown": section.markdown.replace(old, new)}) for section in done.sections)
    return replace(made, report=done.model_copy(update={"sections": sections, "markdown": done.markdown.replace(old, new)}))


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
        fault.kind == "markdown" for fault in check_report(replace(made, report=made.report.model_copy(update={"markdown": longer})))
    )


async def test_a_shifted_quote_is_seen(made: Made) -> None:
    def shifted(finding: Finding) -> Finding:
        citation = finding.citations[0]
        text = made.texts[citation.source_id]
        moved = citation.model_copy(
            update={"start": citation.start + 3, "end": citation.end, "quote": text[citation.start + 3 : citation.end]}
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
    assert any(fault.kind == "name" for fault in check_report(replace(made, report=_with_reference(made, title=other))))
