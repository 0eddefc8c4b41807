"""A session packed into one file, from the store."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from reprise_contracts import subjects
from reprise_contracts.artifacts import MODELS, ObjectRef, Phase0, Phase4, StepFindings
from reprise_contracts.commands import SessionSpec
from reprise_contracts.nodes import phase_of
from reprise_domain.forks import shared_by
from reprise_domain.freshness import Verdicts
from reprise_domain.state import Session
from reprise_gateway.projections.reports import reasons
from reprise_gateway.projections.states import node_view
from reprise_research.bundle import (
    FORMAT,
    LARGEST,
    Bundle,
    BundledNode,
    Manifest,
    file_of,
    raw_name,
    text_name,
)
from reprise_research.checking import cited_by
from reprise_runtime.errors import ObjectCorrupt, ObjectMissing
from reprise_runtime.s3.artifact_store import ArtifactStore

Read = Callable[[str], Awaitable[bytes | None]]
_TOGETHER = 16
"""Objects that are read at once."""


async def bundle_of(session: Session, store: ArtifactStore, *, whole: bool = True) -> bytes:
    """All that the session's results were made from and of; if `whole`, with the downloads of its sources, as
    far as there is room for them. What is lost is left out: a replay names it. Raises `StoreUnavailable`."""
    refs = {
        name: made.event.artifact
        for name in session.nodes
        if (made := session.node(name).materialization) is not None
    }
    some = asyncio.Semaphore(_TOGETHER)

    async def read(key: str) -> bytes | None:
        async with some:
            try:
                return await store.get(key)
            except (ObjectMissing, ObjectCorrupt):
                return None

    async def both(ref: ObjectRef) -> tuple[bytes | None, bytes | None]:
        return await read(ref.key), await read(subjects.record_key(ref.key))

    held = dict(zip(refs, await asyncio.gather(*(both(ref) for ref in refs.values())), strict=True))
    files: dict[str, bytes] = {}
    nodes: dict[str, BundledNode] = {}
    for node, (artifact, record) in held.items():
        name = f"artifacts/{node.replace('/', '-')}.json"
        kept = (
            file_of(name.replace("artifacts/", "records/").replace(".json", ".json.gz"), record)
            if record is not None
            else None
        )
        nodes[node] = BundledNode(
            artifact=file_of(name, b"").model_copy(update={"sha256": refs[node].sha256}), record=kept
        )
        files |= {name: artifact} if artifact is not None else {}
        files |= {kept.name: record} if kept is not None and record is not None else {}
    own, cited = await asyncio.to_thread(_texts, nodes, files)
    texts = (*own, *sorted(cited - set(own)))
    read_texts = await asyncio.gather(
        *(read(subjects.text_key(session.batch_id, sha256)) for sha256 in texts)
    )
    found = {sha256: data for sha256, data in zip(texts, read_texts, strict=True) if data is not None}
    files |= {text_name(sha256): data for sha256, data in found.items()}
    raws = await _raws(session, read, sum(map(len, files.values()))) if whole else {}
    files |= {raw_name(sha256): data for sha256, data in raws.items()}
    manifest = Manifest(
        format=FORMAT,
        session_id=session.session_id,
        topic=session.topic,
        nodes=nodes,
        texts=tuple(sha256 for sha256 in texts if sha256 in own or sha256 in found),
        outdated=_outdated(session),
        raws=tuple(raws),
        spec=_spec(session),
        shared=shared_by(session),
        sources=tuple(known.source for known in session.sources.values()),
    )
    return await asyncio.to_thread(Bundle(manifest, files).packed)


def _texts(nodes: Mapping[str, BundledNode], files: Mapping[str, bytes]) -> tuple[tuple[str, ...], set[str]]:
    """The texts that phase 0 prepared, in its order; and all that findings and the report cite."""
    own: tuple[str, ...] = ()
    cited: set[str] = set()
    for node, held in nodes.items():
        data = files.get(held.artifact.name)
        made = MODELS[phase_of(node)].read(data) if data is not None else None
        if isinstance(made, Phase0):
            own = tuple(dict.fromkeys(source.text_sha256 for source in made.sources if source.text_sha256))
        elif isinstance(made, StepFindings | Phase4):
            cited |= {one.text_sha256 for one in cited_by(made)}
    return own, cited


async def _raws(session: Session, read: Read, taken: int) -> dict[str, bytes]:
    """The uploads and downloads of its sources, uploads first: nobody can be asked for them again."""
    sources = [known.source for known in session.sources.values()]
    uploads = [source.upload.sha256 for source in sources if source.upload is not None]
    stored = [source.stored.raw_sha256 for source in sources if source.stored is not None]
    found: dict[str, bytes] = {}
    for sha256 in dict.fromkeys(filter(None, (*uploads, *stored))):
        data = await read(subjects.raw_key(session.batch_id, sha256))
        if data is not None and taken + len(data) <= LARGEST:
            found[sha256], taken = data, taken + len(data)
    return found


def _spec(session: Session) -> SessionSpec:
    """What the session was asked for; what commands made of its parameters since is with its results."""
    return SessionSpec(
        session_id=session.session_id,
        topic=session.topic,
        engine=session.engine,
        model=session.model,
        language=session.language,
        guidance=session.guidance,
        start=False,
        max_session_tokens=session.max_tokens,
        policy=session.policy,
    )


def _outdated(session: Session) -> tuple[str, ...]:
    """Why the report is out of date; empty where it is not, or is not there."""
    view = node_view(session, Verdicts(session), "phase4")
    return reasons(view, session) if view.freshness == "stale" else ()
