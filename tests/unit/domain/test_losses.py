"""R34: what the store has lost is a fact, and can be made again."""

from domain_asking import freshness, rerun, stale
from domain_world import World
from reprise_contracts import events as e
from reprise_contracts.commands import Rerun, Target
from reprise_contracts.jobs import Failed, LostObject, ObjectsLost
from reprise_contracts.problems.refusals import inputs_lost
from reprise_domain.dispatch import job_for
from reprise_domain.losses import named_objects


def lose(world: World, *nodes: str, damaged: bool = False) -> None:
    keys = {named.node: named.key for named in named_objects(world.s) if named.key.startswith(named.node[:6])}
    world.give(ObjectsLost(objects=tuple(LostObject(key=keys[node], damaged=damaged) for node in nodes)))


def refresh(world: World, name: str) -> None:
    world.give(Rerun(command_id=name, target=Target(stale=True)))


def test_r34_a_lost_result_is_none_and_says_so(world: World) -> None:
    lose(world, "phase1", damaged=True)
    node = world.s.node("phase1")
    assert (node.status, node.materialization, freshness(world)["phase1"]) == ("failed", None, None)
    assert node.problem is not None and node.problem.type == "artifact_lost" and node.problem.retryable
    assert "the goals is damaged" in node.problem.detail and "refresh" in node.problem.action
    assert {"phase2", "phase4"} <= stale(world)


def test_r34_what_is_lost_is_made_again_and_nothing_else_if_it_says_the_same(world: World) -> None:
    """A refresh after any loss ends with everything fresh; where the results are the same, only what was lost
    has run."""
    for number, nodes in enumerate(
        (("phase0",), ("phase1",), ("phase2",), ("phase3/1", "phase3/2"), ("phase4",), ("phase0", "phase4"))
    ):
        lose(world, *nodes)
        since = len(world.events())
        refresh(world, f"c-{number}")
        world.drain()
        assert set(freshness(world).values()) == {"fresh"}, nodes
        assert "phase2" in nodes or set(world.ran(since)) == set(nodes)


def test_r34_without_the_old_plan_a_new_one_has_new_numbers(world: World) -> None:
    """The plan of before is not there to be compared with: its numbers are not used again."""
    lose(world, "phase2")
    rerun(world, phase="phase2")
    assert job_for(world.s, "phase2").previous is None
    assert job_for(world.s, "phase2").next_step == world.s.next_step


def test_r34_what_was_replaced_meanwhile_is_no_loss(world: World) -> None:
    key = next(named.key for named in named_objects(world.s) if named.node == "phase1")
    rerun(world, phase="phase1")
    world.drain()
    assert world.give(ObjectsLost(objects=(LostObject(key=key),))) == ()


def test_r34_a_lost_text_is_a_loss_of_phase_0(world: World) -> None:
    text = next(named.key for named in named_objects(world.s) if "/text/" in named.key)
    (said,) = world.give(ObjectsLost(objects=(LostObject(key=text),)))
    assert isinstance(said, e.ArtifactLost) and said.node == "phase0"
    refresh(world, "c-1")
    world.drain()
    assert set(freshness(world).values()) == {"fresh"}


def test_r34_an_attempt_tells_of_every_loss_that_it_met(world: World) -> None:
    """It fails with the reason, the lost results are none, and a refresh makes all of them again."""
    keys = {named.node: named.key for named in named_objects(world.s)}
    rerun(world, phase="phase4", force=True)
    job = next(job for job in world.held() if job.node == "phase4")
    lost = tuple(LostObject(key=keys[node]) for node in ("phase3/1", "phase3/2"))
    problem = inputs_lost(("phase3/1", "phase3/2"))
    world.give(
        Failed(
            node="phase4",
            generation=job.generation,
            attempt=1,
            execution_id="e-x",
            problem=problem,
            lost=lost,
        )
    )
    assert {node for node in ("phase3/1", "phase3/2") if world.s.node(node).materialization is None} == {
        "phase3/1",
        "phase3/2",
    }
    assert world.s.run is None and world.s.node("phase4").status == "failed"
    refresh(world, "c-2")
    world.drain()
    assert set(freshness(world).values()) == {"fresh"}


def test_r34_a_loss_while_it_is_made_again_changes_nothing_of_that(world: World) -> None:
    rerun(world, phase="phase1")
    lose(world, "phase1")
    assert world.s.node("phase1").status == "queued" and world.s.node("phase1").materialization is None
    world.drain()
    assert set(freshness(world).values()) == {"fresh"}
