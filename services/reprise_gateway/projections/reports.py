"""The report as a document. A stale one says so at its top, with the causes, in every format."""

import json

from reprise_contracts.artifacts import Phase4
from reprise_contracts.phrases import cause_sentences
from reprise_contracts.states import NodeView
from reprise_research.documents import FORMATS, OUTDATED, Document, FormatUnavailable, Outdated, document
from reprise_runtime.errors import Refused

__all__ = ["CSP", "FORMATS", "Document", "render"]

CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
"""A report shows text, drawings and links, and loads nothing."""


def render(report: Phase4, view: NodeView, format_name: str) -> Document:
    """The report in one of `FORMATS`; raises `Refused` for another one. Up to a second of computing."""
    if format_name == "json":
        return _json(report, view)
    outdated = Outdated(cause_sentences(cause for cause in view.causes if cause.text)) if view.freshness == "stale" else None
    try:
        return document(report, format_name, outdated)
    except FormatUnavailable as unavailable:
        raise Refused(unavailable.problem) from unavailable


def _json(report: Phase4, view: NodeView) -> Document:
    """The artifact, with the causes as the session's state has them."""
    stale = view.freshness == "stale"
    causes = [cause.model_dump(mode="json") for cause in view.causes] if stale else []
    told = {"notice": OUTDATED if stale else None, "stale": stale, "causes": causes} | report.model_dump(mode="json")
    return Document(json.dumps(told, ensure_ascii=False).encode(), "application/json", "json")
