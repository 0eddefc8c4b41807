"""What a worker keeps in memory is counted as it is there, not as it is stored."""

import hashlib
import tracemalloc

import pytest

from reprise_contracts.artifacts import Citation, Finding, ObjectRef, StepFindings
from reprise_runtime.errors import ObjectMissing
from reprise_runtime.testing import MemoryStore
from reprise_workers.library import Artifacts, Kept, Memory, Seen

MB = 1024 * 1024


def findings(step: int) -> StepFindings:
    quotes = [
        f"A sentence of some length about subject {step}.{number}, with a figure of {number * 7} in it."
        for number in range(100)
    ]
    found = tuple(
        Finding(
            finding_id=f"finding-{number}",
            claim=quote,
            citations=(
                Citation(source_id="src-1", text_sha256="0" * 64, quote=quote, start=0, end=len(quote)),
            ),
        )
        for number, quote in enumerate(quotes)
    )
    return StepFindings(step_id=step, title=f"Step {step}", findings=found)


async def test_artifacts_in_memory_take_what_they_may() -> None:
    """Two hundred artifacts of 30 kB, of which 4 MB may be kept: the process grows by that and not by a
    multiple of it."""
    store, memory = MemoryStore(), Memory(4 * MB)
    artifacts = Artifacts(store, memory)
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


async def test_what_a_worker_has_written_is_not_fetched_again_while_it_is_there() -> None:
    """The workers of a process share it; an object that has gone from the store is missed all the same."""
    store, memory, now = MemoryStore(), Memory(), [100.0]
    memory.seen = Seen(lambda: now[0])
    made = findings(1)
    ref = await Artifacts(store, memory).write("phase3/b/s/1", made.document())
    assert ref.sha256 == hashlib.sha256(made.document()).hexdigest()
    written = await store.get(ref.key)
    await store.delete([ref.key])
    reader = Artifacts(store, memory)
    assert await reader.read(ref, StepFindings) == made
    now[0] += 2
    with pytest.raises(ObjectMissing):
        await reader.read(ref, StepFindings)
    await store.put(ref.key, written)
    assert await reader.read(ref, StepFindings) is await reader.read(ref, StepFindings)


def test_what_is_kept_under_a_key_again_is_counted_once() -> None:
    kept = Kept(100)
    kept.put("a", b"bytes", 10)
    kept.put("a", "read", 80)
    assert (kept.get("a"), kept.size) == ("read", 80)
    kept.put("b", "more", 30)
    assert (kept.get("a"), kept.get("b"), kept.size) == (None, "more", 30)
    kept.put("b", "too much", 101)
    assert (kept.get("b"), kept.size) == (None, 0)
