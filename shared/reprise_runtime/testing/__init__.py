"""The servers in memory, for the tests of whoever builds on Reprise. The suites that the real ones pass run
over these too."""

from reprise_runtime.testing.memory_bus import MemoryBus, MemoryDelivery
from reprise_runtime.testing.memory_log import MemoryLog
from reprise_runtime.testing.memory_store import MemoryStore

__all__ = ["MemoryBus", "MemoryDelivery", "MemoryLog", "MemoryStore"]
