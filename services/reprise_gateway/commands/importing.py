"""What a bundle brings: checked whole, then its objects under keys of this installation, its sources, and
what its session's log said (R41).

A batch and a session get ids of their own, which follow from the caller and the command id as a start's do:
an id names a log, and a log of the same name may be here already, or have been and be gone. What the
artifacts say, and what it was made from, stays word for word.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from reprise_contracts import subjects
from reprise_contracts.artifacts import MODELS, Artifact, Phase2, planned
from reprise_contracts.commands import SessionSpec
from reprise_contracts.events import Shared, SharedResult
from reprise_contracts.nodes import PHASES, phase_of, step_node
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source
from reprise_contracts.wire import Malformed
from reprise_research.bundle import Bundle, BundledNode, raw_name, text_name
from reprise_runtime.errors import Refused

_EXECUTION = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Brought:
    """What is to be stored, and what is to be asked of the log."""

    origin: str
    spec: SessionSpec
    sources: tuple[Source, ...]
    shared: Shared
    objects: dict[str, bytes]
    """By key."""


def brought(data: bytes, batch_id: str, session_id: str) -> Brought:
    """Read a bundle for a new session. Raises `Refused` (invalid): it names the file that is not what was
    packed, or says why the bundle cannot be imported."""
    try:
        bundle, spec, shared, results = _opened(data)
    except Malformed as error:
        raise Refused(_no_bundle(str(error))) from error
    manifest = bundle.manifest
    objects: dict[str, bytes] = {}
    for sha256 in manifest.texts:
        objects[subjects.text_key(batch_id, sha256)] = bundle.files[text_name(sha256)]
    for sha256 in manifest.raws:
        objects[subjects.raw_key(batch_id, sha256)] = bundle.files[raw_name(sha256)]
    moved: list[SharedResult] = []
    for result, held in results:
        made = result.made
        execution = made.artifact.key.rsplit("/", 1)[-1].removesuffix(".json")
        key = subjects.artifact_key(batch_id, session_id, made.node, made.generation, execution)
        objects[key] = bundle.files[held.artifact.name]
        if held.record is not None:
            objects[subjects.record_key(key)] = bundle.files[held.record.name]
        artifact = made.artifact.model_copy(update={"key": key})
        moved.append(result.model_copy(update={"made": made.model_copy(update={"artifact": artifact})}))
    own = {"session_id": session_id, "start": False, "stop_after": None, "fork": None}
    return Brought(
        origin=spec.session_id,
        spec=spec.model_copy(update=own),
        sources=manifest.sources,
        shared=shared.model_copy(update={"results": tuple(moved)}),
        objects=objects,
    )


def _opened(data: bytes) -> tuple[Bundle, SessionSpec, Shared, list[tuple[SharedResult, BundledNode]]]:
    """A bundle, and what its session's log says. Raises `Malformed`."""
    bundle = Bundle.unpacked(data)
    spec, shared = bundle.manifest.spec, bundle.manifest.shared
    if bundle.damaged:
        raise Malformed(f"{bundle.damaged[0]} is not what was packed")
    if spec is None or shared is None:
        raise Malformed(
            "it was written by a version whose bundles can be replayed and checked, and say too little to go "
            "on from; export the session again with this one"
        )
    return bundle, spec, shared, _checked(bundle, shared)


def _no_bundle(why: str) -> Problem:
    return Problem(
        type="invalid",
        field="file",
        detail=f"This cannot be imported: {why}.",
        action="Send a whole file that `reprise export` wrote; write it again if it was changed.",
    )


def _checked(bundle: Bundle, shared: Shared) -> list[tuple[SharedResult, BundledNode]]:
    """Each result with its files. Raises `Malformed` where the log's facts and the files do not say the same:
    freshness is read from the facts alone."""
    nodes = {*PHASES, *(step_node(step.step_id) for step in shared.plan or ())} - {"phase3"}
    found: list[tuple[SharedResult, BundledNode]] = []
    for result in shared.results:
        held = bundle.manifest.nodes.get(result.made.node)
        if held is None or result.made.node not in nodes:
            raise Malformed(f"its log speaks of {result.made.node}, and it has no such part")
        for why in _differences(bundle, shared, result, held):
            raise Malformed(f"{held.artifact.name} {why}")
        found.append((result, held))
    for name in sorted(bundle.manifest.nodes.keys() - {result.made.node for result in shared.results}):
        raise Malformed(f"{bundle.manifest.nodes[name].artifact.name} is of nothing that its log speaks of")
    return found


def _differences(bundle: Bundle, shared: Shared, result: SharedResult, held: BundledNode) -> Iterator[str]:
    made, data = result.made, bundle.files[held.artifact.name]
    if made.artifact.sha256 != held.artifact.sha256:
        yield "is not the one that its log names"
    artifact: Artifact = MODELS[phase_of(made.node)].read(data)
    if artifact.parts() != made.parts:
        yield "does not say what its log says that it says"
    if isinstance(artifact, Phase2) and planned(artifact) != shared.plan:
        yield "has another plan than its log"
    record = bundle.files[held.record.name] if held.record is not None else None
    if artifact.meta.record and (
        record is None or hashlib.sha256(record).hexdigest() != artifact.meta.record
    ):
        yield "lacks the record of the calls that it was made with"
    if not _EXECUTION.fullmatch(made.artifact.key.rsplit("/", 1)[-1].removesuffix(".json")):
        yield "has no key that can be used"
