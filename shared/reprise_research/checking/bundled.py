"""A report with everything that it was made of, out of a session's bundle, to be held against each other."""

import re
from collections.abc import Iterator
from dataclasses import replace

from reprise_contracts.artifacts import MODELS, REFERENCES, Phase0, Phase4, Section, StepFindings
from reprise_contracts.nodes import phase_of, step_of
from reprise_contracts.wire import Malformed
from reprise_research.bundle import Bundle, text_name
from reprise_research.checking.claims import normal
from reprise_research.checking.faults import Fault
from reprise_research.checking.report import Made, check_report, check_statements, is_moved
from reprise_research.checking.statements import Statement, statements
from reprise_research.text.markup import escaped

_HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)


def check_bundle(bundle: Bundle, markdown: str | None = None) -> tuple[Fault, ...]:
    """Return every fault of a session's report that code can see, with `markdown` those of its text as it was
    edited or handed on; and the files of the bundle that are not as they were stored. Raises `Malformed`
    where there is no report."""
    damaged = tuple(
        Fault("source", name, name, "its bytes are not those that were stored") for name in bundle.damaged
    )
    made = made_of(bundle)
    if markdown is None:
        return (*damaged, *check_report(made))
    edited = with_text(made, markdown)
    strays = _strays(made, markdown)
    said = (*edited.report.sections, *strays.report.sections)
    return (*damaged, *check_report(edited), *check_statements(strays), *_uncited(made, said))


SAYS_WHY = 2
"""The format from which a bundle says whether its report is out of date, and why."""


class NoReport(Malformed):
    """A session that has no report yet."""


def outdated(bundle: Bundle) -> tuple[str, ...]:
    """Return why the report of a bundle is out of date, in sentences; empty: it is not, as far as the bundle
    says. Raises `Malformed`."""
    moved = made_of(bundle).moved and bundle.manifest.format < SAYS_WHY
    return bundle.manifest.outdated or (("What it was made from has changed since.",) if moved else ())


def made_of(bundle: Bundle) -> Made:
    """Return the report of a bundle and what it was made of. Raises `Malformed`, of which `NoReport` says
    that there is none."""
    made = {
        node: MODELS[phase_of(node)].read(bundle.files[held.artifact.name])
        for node, held in bundle.manifest.nodes.items()
        if held.artifact.name in bundle.files
    }
    phase0, report = made.get("phase0"), made.get("phase4")
    if not isinstance(phase0, Phase0) or not isinstance(report, Phase4):
        raise NoReport("the session has no report yet")
    texts = {
        source.source_id: bundle.files[text_name(source.text_sha256)].decode(errors="replace")
        for source in phase0.sources
        if source.text_sha256 and text_name(source.text_sha256) in bundle.files
    }
    findings = {
        number: found
        for node, found in made.items()
        if (number := step_of(node)) is not None and isinstance(found, StepFindings)
    }
    now = {node: held.artifact.sha256 for node, held in bundle.manifest.nodes.items()}
    now[f"phase0#{REFERENCES}"] = phase0.parts()[REFERENCES]
    moved = is_moved(phase0, (*findings.values(), report)) or any(
        now.get(name) != sha256 for name, sha256 in report.inputs.items()
    )
    versions = {
        sha256: bundle.files[text_name(sha256)].decode(errors="replace")
        for sha256 in bundle.manifest.texts
        if text_name(sha256) in bundle.files
    }
    return Made(phase0, findings, report, texts, versions, moved)


def with_text(made: Made, markdown: str) -> Made:
    """Return the same with another text of the report: its sections are those of their titles, one that the
    report has not may cite any finding, and what stands behind the sections is the list of references."""
    known = {escaped(section.title): section for section in made.report.sections}
    parts = _parts(markdown)[1:]
    named = [n for n, (title, _) in enumerate(parts) if title in known]
    sections = []
    for number, (title, body) in enumerate(parts):
        if title in known:
            sections.append(known[title].model_copy(update={"markdown": body.strip()}))
        elif named and number < named[-1]:
            sections.append(Section(section_id=f"added-{number}", title=title, markdown=body.strip()))
    return _with(made, sections, markdown.replace("\r\n", "\n"))


def _strays(made: Made, markdown: str) -> Made:
    """Return the same with what an edited text says above its first section and behind its last one, as
    sections that may cite any finding: all but the report's own lines there."""
    known = {escaped(section.title) for section in made.report.sections}
    own = set(made.report.markdown.splitlines())
    parts = _parts(markdown)
    last = max((n for n, (title, _) in enumerate(parts) if title in known), default=0)
    sections = []
    for number, (title, body) in enumerate(parts):
        if number == 0 or number > last:
            lines = [line for line in body.splitlines() if line not in own]
            sections.append(Section(section_id=f"stray-{number}", title=title, markdown="\n".join(lines)))
    return _with(made, sections, markdown)


def _with(made: Made, sections: list[Section], markdown: str) -> Made:
    changed = {"markdown": markdown, "sections": tuple(sections)}
    return replace(made, report=made.report.model_copy(update=changed))


def _parts(markdown: str) -> list[tuple[str, str]]:
    """The headings of a text with what stands under each; what stands above all of them has none."""
    pieces = _HEADING.split(markdown.replace("\r\n", "\n"))
    return [("", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]


def _uncited(made: Made, sections: tuple[Section, ...]) -> Iterator[Fault]:
    """What an edited text says without a reference has to be the report's own."""
    own = {_key(statement) for statement in statements(made.report.markdown)}
    for section in sections:
        for statement in statements(section.markdown):
            if not statement.references and _key(statement) not in own:
                said = " ".join(filter(None, (statement.label, statement.title, statement.text)))
                yield Fault(
                    "words",
                    f"report/{section.section_id}",
                    said or " ".join(statement.marks),
                    "nothing is cited for it, and the report as it was made does not say it",
                )


def _key(statement: Statement) -> tuple[str, ...]:
    return tuple(map(normal, (statement.text, statement.label, statement.title, *statement.marks)))
