"""What an attempt notes lies where its worker's own user may write."""

import pytest

from reprise_contracts.nodes import PHASES, Phase
from reprise_runtime.s3.rights import WRITES
from reprise_runtime.testing.memory_store import MemoryStore
from reprise_workers.library import BatchStore, Kept, Losses, Seen


@pytest.mark.parametrize("phase", PHASES)
async def test_a_note_is_written_below_the_phase_that_may(phase: Phase) -> None:
    memory = MemoryStore()
    library = BatchStore(memory, "b-1", phase, Kept(), Losses(), Seen())
    await library.put_note("0" * 64, b"{}")
    (key,) = memory.objects
    assert key.split("/", 1)[0] in WRITES[phase] and key.split("/")[1] == "b-1"
    assert await library.get_note("0" * 64) == b"{}"
