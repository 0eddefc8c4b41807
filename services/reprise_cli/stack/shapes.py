"""In how many processes the services of one machine run."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from reprise_cli.errors import UsageError
from reprise_contracts.nodes import PHASES
from reprise_runtime.roles import ORCHESTRATOR, SCHEDULER

Shape = Literal["auto", "compact", "spread"]
SMALL_CORES, SMALL_MEMORY = 4, 8 * 1024**3
"""Up to which a machine is small."""
_MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class Part(NamedTuple):
    """A process of the stack: its name, its module with arguments, and the roles that it has."""

    name: str
    command: tuple[str, ...]
    roles: tuple[str, ...]


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """The memory that this process may use, in bytes: the machine's, or its container's."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in map(Path, _MEMORY_LIMITS):
        text = path.read_text().strip() if path.is_file() else ""
        found += [int(text)] if text.isdecimal() else []
    return min(found)


def chosen(shape: Shape, pools: Mapping[str, int], cores: int, memory: int) -> Literal["compact", "spread"]:
    """The shape to run in. `pools`: processes of those that were scaled. Raises `UsageError` where a pool was
    scaled and all are to be one process."""
    if shape == "compact" and pools:
        raise UsageError(
            "--shape compact runs all pools in one process, and --workers asks for more.",
            "Leave out one of them.",
        )
    if shape != "auto":
        return shape
    small = cores <= SMALL_CORES or memory <= SMALL_MEMORY
    return "compact" if small and not pools else "spread"


def deciding(shape: Literal["compact", "spread"]) -> tuple[Part, ...]:
    """Orchestrator and scheduler."""
    if shape == "compact":
        return (Part("core", ("reprise_core",), (ORCHESTRATOR, SCHEDULER)),)
    return tuple(Part(role, (f"reprise_{role}",), (role,)) for role in (ORCHESTRATOR, SCHEDULER))


def working(shape: Literal["compact", "spread"], pools: Mapping[str, int]) -> tuple[Part, ...]:
    """The workers of every pool; one process where `pools` says nothing."""
    if shape == "compact":
        return (Part("workers", ("reprise_workers", *PHASES), PHASES),)
    counts = {phase: pools.get(phase, 1) for phase in PHASES}
    return tuple(
        Part(
            f"worker-{phase}-{number}" if count > 1 else f"worker-{phase}",
            ("reprise_workers", phase),
            (phase,),
        )
        for phase, count in counts.items()
        for number in range(1, count + 1)
    )
