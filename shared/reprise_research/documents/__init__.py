"""A report as a document: Markdown, HTML, JSON, PDF and DOCX, and its references for programs that keep such:
BibTeX, RIS and CSL-JSON. An outdated report says so at its top in each of the former.

The Markdown of a report is read once (`model`), and every format is written from what was read. Nothing in
here needs the libraries of research; PDF and DOCX need those of the extra `documents`, and a format whose
library is missing says so (`FormatUnavailable`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from reprise_contracts.artifacts import Phase4
from reprise_contracts.problems.model import Problem
from reprise_research.documents.citing import bibtex, csl, ris
from reprise_research.text.markup import escaped


@dataclass(frozen=True)
class Outdated:
    """Why a report no longer holds, each cause in a sentence."""

    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """A report, ready to be sent or written to a file. `suffix` has no dot."""

    content: bytes
    media_type: str
    suffix: str


class FormatUnavailable(Exception):
    """A format cannot be written; `problem` says which are, or what to install."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


Writer = Callable[[Phase4, Outdated | None], bytes]
"""A report and, if it is outdated, why → the document's bytes. Equal arguments give equal bytes."""

OUTDATED = "Outdated. This report no longer matches what it was made from."
"""The notice at the top of a JSON document; the others say it in their own shape."""

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_LIBRARIES = {"typst", "docx", "fontTools", "markdown_it", "nh3"}


def document(report: Phase4, name: str, outdated: Outdated | None = None) -> Document:
    """The report in one of `FORMATS`. Raises `FormatUnavailable` for another one, and for one whose library
    is not installed.

    PDF and DOCX take up to a second of computing: call it in a thread where an event loop runs."""
    if name not in FORMATS:
        detail, action = (
            f"A report is not offered as {name[:20]!r}.",
            f"Ask for one of: {', '.join(FORMATS)}.",
        )
        raise FormatUnavailable(Problem(type="invalid", field="format", detail=detail, action=action))
    media_type, writer = FORMATS[name]
    return Document(writer(report, outdated), media_type, name)


def _in(module: str) -> Writer:
    """The `write` of a module that is imported when it is first used."""

    def write(report: Phase4, outdated: Outdated | None) -> bytes:
        try:
            writer = cast(Writer, import_module(f"reprise_research.documents.{module}").write)
        except ModuleNotFoundError as missing:
            if missing.name not in _LIBRARIES:
                raise
            detail = f"This installation cannot write that format: the library {missing.name} is missing."
            action = "Install it with: pip install 'reprise-research[documents]'; md and json work without."
            raise FormatUnavailable(
                Problem(type="feature_off", field="format", detail=detail, action=action)
            ) from missing
        return writer(report, outdated)

    return write


def _markdown(report: Phase4, outdated: Outdated | None) -> bytes:
    text = report.markdown
    if outdated is not None:
        lines = [
            "> **Outdated.** This report no longer matches what it was made from:",
            ">",
            *(f"> - {escaped(cause)}" for cause in outdated.causes),
        ]
        text = "\n".join(lines) + "\n\n" + text
    return text.encode()


def _json(report: Phase4, outdated: Outdated | None) -> bytes:
    causes = list(outdated.causes) if outdated else []
    told = {"notice": OUTDATED if outdated else None, "stale": outdated is not None, "causes": causes}
    return json.dumps(told | report.model_dump(mode="json"), ensure_ascii=False).encode()


FORMATS: Mapping[str, tuple[str, Writer]] = {
    "md": ("text/markdown; charset=utf-8", _markdown),
    "html": ("text/html; charset=utf-8", _in("html")),
    "pdf": ("application/pdf", _in("pdf")),
    "docx": (WORD, _in("word")),
    "json": ("application/json", _json),
    "bib": ("application/x-bibtex", bibtex),
    "ris": ("application/x-research-info-systems", ris),
    "csl": ("application/vnd.citationstyles.csl+json", csl),
}
"""Every format by its name, which is also its suffix: media type and writer. The last three are the
references alone."""
