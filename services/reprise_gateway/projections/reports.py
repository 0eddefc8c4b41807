"""The report as a document. A stale one says so at its top, with the causes, in every format."""

import json
from collections.abc import Mapping

from reprise_contracts.artifacts import Phase4
from reprise_contracts.phrases import cause_sentences
from reprise_contracts.sources import Source
from reprise_contracts.states import Cause, NodeView
from reprise_domain.state import Session
from reprise_gateway.projections.content_frames import source_names
from reprise_research.documents import FORMATS, OUTDATED, Document, FormatUnavailable, Outdated, document
from reprise_runtime.errors import Refused

__all__ = ["CSP", "FORMATS", "Document", "render"]

CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""A report shows text, drawings and links, and loads nothing."""


OF_SOURCE = "source/"


def render(report: Phase4, view: NodeView, format_name: str, session: Session) -> Document:
    """The report in one of `FORMATS`; raises `Refused` for another one. Up to a second of computing."""
    if format_name == "json":
        return _json(report, view)
    outdated = Outdated(reasons(view, session)) if view.freshness == "stale" else None
    try:
        return document(report, format_name, outdated)
    except FormatUnavailable as unavailable:
        raise Refused(unavailable.problem) from unavailable


def reasons(view: NodeView, session: Session) -> tuple[str, ...]:
    """Why a report is stale, in sentences: first what changed, by its name and with its time, then what that
    makes out of date."""
    names, told = source_names(session), [cause for cause in view.causes if cause.text]
    sources = {source_id: known.source for source_id, known in session.sources.items()}
    changed = [_dated(cause, sources, names) for cause in told if cause.reason != "upstream"]
    return cause_sentences([*changed, *(cause for cause in told if cause.reason == "upstream")])


def _dated(cause: Cause, sources: Mapping[str, Source], names: Mapping[str, str]) -> Cause:
    text, source_id = cause.text, cause.node.removeprefix(OF_SOURCE)
    if source_id in sources:
        source, did = sources[source_id], "has changed"
        if cause.reason == "source_added":
            did = "was added"
        elif source.stored is None or source.stored.revision != source.revision:
            did = "was replaced"
        text = f"The source “{names[source_id]}” {did}."
    when = f" ({cause.at:%Y-%m-%d %H:%M} UTC)." if cause.at else "."
    return cause.model_copy(update={"text": text.removesuffix(".") + when})


def _json(report: Phase4, view: NodeView) -> Document:
    """The artifact, with the causes as the session's state has them."""
    stale = view.freshness == "stale"
    causes = [cause.model_dump(mode="json") for cause in view.causes] if stale else []
    told = {"notice": OUTDATED if stale else None, "stale": stale, "causes": causes} | report.model_dump(
        mode="json"
    )
    return Document(json.dumps(told, ensure_ascii=False).encode(), "application/json", "json")
