"""What a worker keeps in memory is counted as it is there, not as it is stored."""

import hashlib
import tracemalloc

from reprise_contracts.artifacts import Citation, Finding, ObjectRef, StepFindings
from reprise_runtime.testing import MemoryStore
from reprise_workers.library import Artifacts, Kept

MB = 1024 * 1024


def findings(step: int) -> StepFindings:
    quotes = [f"A sentence of some length about subject {step}.{number}, with a figure of {number * 7} in it." for number in range(100)]
    found = tuple(
        Finding(
            finding_id=f"finding-{number}",
            claim=quote,
            citations=(Citation(source_id="src-1", text_sha256="0" * 64, quote=quote, start=0, end=len(quote)),),
        )
        for number, quote in enumerate(quotes)
    )
    return StepFindings(step_id=step, title=f"Step {step}", findings=found)


async def test_artifacts_in_memory_take_what_they_may() -> None:
    """Two hundred artifacts of 30 kB, of which 4 MB may be kept: the process grows by that and not by a multiple of it."""
    store, kept = MemoryStore(), Kept(4 * MB)
    artifacts = Artifacts(store, kept)
    refs = []
    for step in range(1, 201):
        data = findings(step).document()
        ref = ObjectRef(key=f"phase3/b/s/{step}", sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
        await store.put(ref.key, data)
        refs.append(ref)
    tracemalloc.start()
    for ref in refs:
        await artifacts.read(ref, StepFindings)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert MB < grown < 6 * MB
