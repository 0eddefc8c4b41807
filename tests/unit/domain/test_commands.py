"""A command is honoured once, whoever repeats it (R16)."""

from domain_asking import rerun
from domain_world import World
from reprise_contracts.commands import Tag
from reprise_gateway.projections.states import command_of


def test_r16_a_command_is_honoured_once_and_its_id_belongs_to_it(world: World) -> None:
    rerun(world, phase="phase4")
    world.drain()
    commits = len(world.log)
    for _ in range(1000):
        rerun(world, phase="phase4")
    assert len(world.log) == commits
    rerun(world, phase="phase1")
    assert world.events()[-1].problem.type == "command_reused"
    assert command_of(world.s, "c-1").status == "completed"  # type: ignore[union-attr]


def test_tags_are_added_and_taken_away_and_change_no_result(world: World) -> None:
    before = world.s.nodes
    world.give(Tag(command_id="t-1", add=("b", "a", "b")))
    world.give(Tag(command_id="t-2", add=("c",), remove=("a", "z")))
    assert world.s.tags == {"b", "c"} and world.s.nodes == before
    assert world.events()[-1].tags == ("b", "c")
