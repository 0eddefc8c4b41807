"""Who reads whom, and what is ready when (R1, R2)."""

from domain_asking import freshness, rerun
from domain_world import World
from reprise_domain.dispatch import job_for
from reprise_gateway.projections.states import state_of


def test_r1_phases_follow_each_other_and_steps_their_dependencies() -> None:
    world = World()
    world.drain()
    ran = world.ran()
    assert ran[:3] == ["phase0", "phase1", "phase2"]
    assert ran.index("phase3/3") > ran.index("phase3/1")
    assert ran[-1] == "phase4"
    assert set(freshness(world).values()) == {"fresh"}


def test_r1_the_group_is_a_table_over_its_steps(world: World) -> None:
    rerun(world, steps=(2,))
    assert state_of(world.s).nodes["phase3"].status == "queued"
    world.fail("phase3/2")
    assert state_of(world.s).nodes["phase3"].status == "failed"
    assert state_of(world.s).nodes["phase3"].freshness == "stale"


def test_r1_a_job_carries_what_its_node_reads(world: World) -> None:
    rerun(world, phase="phase3")
    assert set(job_for(world.s, "phase3/1").inputs) == {"phase0", "phase2"}
    world.complete("phase3/1")
    assert set(job_for(world.s, "phase3/3").inputs) == {"phase0", "phase2", "phase3/1"}


def test_r2_independent_steps_are_ready_together() -> None:
    world = World()
    for node in ("phase0", "phase1", "phase2"):
        world.complete(node)
    assert {job.node for job in world.held()} == {"phase3/1", "phase3/2"}
