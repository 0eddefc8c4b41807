"""In how many processes a machine's services run."""

import pytest

from reprise_cli.errors import UsageError
from reprise_cli.stack.shapes import Shape, chosen, cores, deciding, memory, working
from reprise_contracts.nodes import PHASES
from reprise_runtime.roles import ORCHESTRATOR, SCHEDULER

GB = 1024**3


@pytest.mark.parametrize(
    ("shape", "pools", "cores", "memory", "wanted"),
    [
        ("auto", {}, 2, 4 * GB, "compact"),
        ("auto", {}, 4, 64 * GB, "compact"),
        ("auto", {}, 32, 8 * GB, "compact"),
        ("auto", {}, 8, 16 * GB, "spread"),
        ("auto", {"phase3": 4}, 2, 4 * GB, "spread"),
        ("auto", {"phase3": 1}, 2, 4 * GB, "spread"),
        ("compact", {}, 64, 256 * GB, "compact"),
        ("spread", {}, 1, GB, "spread"),
    ],
)
def test_a_small_machine_where_nothing_is_scaled_is_compact(
    shape: Shape, pools: dict[str, int], cores: int, memory: int, wanted: str
) -> None:
    assert chosen(shape, pools, cores, memory) == wanted


def test_one_process_for_all_pools_cannot_be_four_for_one() -> None:
    with pytest.raises(UsageError, match="--workers"):
        chosen("compact", {"phase3": 4}, 2, GB)


@pytest.mark.parametrize("shape", ["compact", "spread"])
def test_every_role_is_played_once_in_either_shape(shape: str) -> None:
    parts = (*deciding(shape), *working(shape, {}))  # type: ignore[arg-type]
    assert sorted(role for part in parts for role in part.roles) == sorted([ORCHESTRATOR, SCHEDULER, *PHASES])
    assert len(parts) == (2 if shape == "compact" else 7)


def test_a_scaled_pool_has_its_processes() -> None:
    names = [part.name for part in working("spread", {"phase3": 2, "phase4": 0})]
    assert names == ["worker-phase0", "worker-phase1", "worker-phase2", "worker-phase3-1", "worker-phase3-2"]


def test_this_machine_has_cores_and_memory() -> None:
    assert cores() >= 1
    assert memory() > GB // 4
