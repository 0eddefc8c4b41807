"""What a source's change touches, read from what the batch and its sessions have now."""

import asyncio

from reprise_contracts.artifacts import Artifact, Citation, Phase4, StepFindings
from reprise_contracts.commands import Rerun, Target
from reprise_contracts.impact import Impact, SessionImpact
from reprise_contracts.nodes import phase_of
from reprise_contracts.problems.refusals import NO_SOURCE
from reprise_contracts.sources import Source
from reprise_contracts.states import Preview
from reprise_contracts.subjects import text_key
from reprise_domain.batch import Batch
from reprise_domain.commands import request_of
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import all_nodes
from reprise_domain.preview import preview
from reprise_domain.state import Session
from reprise_gateway.projections.contents import Contents
from reprise_research.impact import Touched
from reprise_runtime.errors import ObjectCorrupt, ObjectMissing, Refused
from reprise_runtime.s3.artifact_store import ArtifactStore


class Impacts:
    """Reads texts and artifacts, and says what rests on what moved."""

    def __init__(self, store: ArtifactStore, contents: Contents) -> None:
        self._store = store
        self._contents = contents

    async def of(self, batch: Batch, source_id: str, sessions: list[Session]) -> Impact:
        """What a source's change touches. One that was removed is gone. Raises `Refused` (not_found),
        `StoreUnavailable`."""
        source = batch.sources.get(source_id)
        known = source or next((one for (name, _), one in batch.past.items() if name == source_id), None)
        if known is None:
            raise Refused(NO_SOURCE)
        there = source is not None and not (source.check is not None and source.check.outcome == "gone")
        sha256 = known.stored.text_sha256 if known.stored is not None else None
        now = await self._text(batch.batch_id, sha256) if there and sha256 is not None else None
        made = [(session, await self._made(session)) for session in sessions if not session.deleted]
        cited = {one.text_sha256 for _, artifacts in made for one in _cited(artifacts, source_id)}
        texts = {name: text for name in cited if (text := await self._text(batch.batch_id, name)) is not None}
        language = (known.stored.language if known.stored is not None else None) or "en"
        unread = source is not None and there and _is_unread(source)
        touched = None if unread else Touched(source_id, texts, now, language)
        found = [
            await asyncio.to_thread(_session, touched, session, artifacts, source_id)
            for session, artifacts in made
        ]
        stored_title = known.stored.title if known.stored is not None else None
        return Impact(
            batch_id=batch.batch_id,
            source_id=source_id,
            title=known.title or stored_title,
            url=known.url,
            there=there,
            check=source.check if source is not None else None,
            text_sha256=sha256 if there else None,
            unread=unread,
            sessions=tuple(one for one in found if one is not None),
        )

    async def _text(self, batch_id: str, sha256: str) -> str | None:
        try:
            return (await self._store.get_verified(text_key(batch_id, sha256), sha256)).decode()
        except (ObjectMissing, ObjectCorrupt):
            return None

    async def _made(self, session: Session) -> list[Artifact]:
        """The findings and the report that count; what the store has lost is left out."""
        found: list[Artifact] = []
        for node in all_nodes(session.plan):
            phase, entry = phase_of(node), session.node(node)
            if phase in {"phase3", "phase4"} and entry.materialization is not None:
                try:
                    ref = entry.materialization.event.artifact
                    found.append(await self._contents.artifact(ref, phase))
                except (ObjectMissing, ObjectCorrupt):
                    continue
        return found


def _cited(artifacts: list[Artifact], source_id: str) -> list[Citation]:
    """Every passage of a source that findings or the report cite."""
    steps = [made for made in artifacts if isinstance(made, StepFindings)]
    reports = [made for made in artifacts if isinstance(made, Phase4)]
    cited = [one for made in steps for finding in made.findings for one in finding.citations]
    cited += [one for report in reports for reference in report.references for one in reference.citations]
    return [one for one in cited if one.source_id == source_id]


def _is_unread(source: Source) -> bool:
    """Whether nobody has read yet what a source is today."""
    return source.stored is None or source.stored.revision != source.revision


def _session(
    touched: Touched | None, session: Session, artifacts: list[Artifact], source_id: str
) -> SessionImpact | None:
    """What is touched in one session; None where nothing of the source was ever cited. Without `touched` that
    cannot be told yet."""
    cited = _cited(artifacts, source_id)
    if not cited:
        return None
    if touched is None:
        unknown = len({(one.text_sha256, one.start, one.end) for one in cited})
        return SessionImpact(
            session_id=session.session_id, topic=session.topic, unknown=unknown, update=_update(session)
        )
    steps = [made for made in artifacts if isinstance(made, StepFindings)]
    report = next((made for made in artifacts if isinstance(made, Phase4)), None)
    return SessionImpact(
        session_id=session.session_id,
        topic=session.topic,
        findings=tuple(one for made in steps for one in touched.findings(made)),
        sections=touched.sections(report) if report is not None else (),
        standing=touched.standing(steps),
        update=_update(session),
    )


def _update(session: Session) -> Preview | None:
    """What a refresh would do; None where nothing is out of date, or nothing more is decided."""
    verdicts = Verdicts(session)
    stale = any(verdicts.freshness(node) == "stale" for node in all_nodes(session.plan))
    if session.ended or not stale:
        return None
    return preview(session, request_of(session, Rerun(command_id="preview", target=Target(stale=True))))
