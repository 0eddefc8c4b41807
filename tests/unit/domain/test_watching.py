"""Watched sources: what a check found are facts of the batch, and what follows from them in its sessions
(R36)."""

import pytest

from domain_asking import freshness, rerun, stale
from domain_world import World
from reprise_contracts import events as e
from reprise_contracts.commands import AddSession, EndBatch, PutSources, SessionSpec, SetWatch
from reprise_contracts.jobs import StoredFact
from reprise_contracts.sources import Check, CheckOutcome, Source, Stored, StoredSource
from reprise_contracts.watches import Watch, WatchRequest, watched
from reprise_domain.batch import decide_batch, facts
from reprise_domain.state import WATCH
from reprise_gateway.projections.states import command_of


def checked(
    world: World, outcome: CheckOutcome, text: str = "", *, revision: int = 1, source: str = "src-1"
) -> StoredFact:
    """What a check found, as a worker tells it."""
    stored = Stored(revision=revision, text_sha256=text.encode().hex().ljust(64, "0")) if text else None
    told = StoredSource(
        source_id=source, stored=stored, check=Check(outcome=outcome, at=world.now), revision=revision
    )
    return StoredFact(session_id="b-1", execution_id=f"check-{outcome}-{text}", stored=(told,))


def watch(world: World, name: str = "w-1", source: str | None = None, **said: object) -> None:
    asked = Watch.model_validate({"every": "6h"} | said)
    world.tell_batch(SetWatch(command_id=name, source_id=source, watch=asked))


def source_of(world: World, name: str = "src-1") -> Source:
    assert world.batch is not None
    return world.batch.sources[name]


def test_r36_a_changed_text_is_a_new_version_and_marks_what_read_it(world: World) -> None:
    """R3, R4: phase 0 and what is below it is stale, since the check; nothing runs."""
    watch(world)
    world.later(60)
    since = len(world.events())
    world.tell_batch(checked(world, "changed", "new"))
    assert "phase0" in stale(world)
    assert world.kinds(since) == ["sources_changed"]
    assert world.s.sources["src-1"].at == world.now
    assert world.s.run is None


@pytest.mark.parametrize("outcome", ["gone", "moved", "forbidden", "challenge", "failed", "found_more"])
def test_r36_what_else_a_check_finds_is_told_and_changes_no_result(
    world: World, outcome: CheckOutcome
) -> None:
    """The stored copy stays, nothing is stale, and the same finding again is no news."""
    before, text = freshness(world), source_of(world).stored
    world.tell_batch(checked(world, outcome))
    found = source_of(world).check
    assert found is not None and found.outcome == outcome
    assert source_of(world).stored == text
    assert world.s.sources["src-1"].source.check == found
    assert freshness(world) == before
    world.later(3600)
    assert decide_batch(world.batch, "b-1", checked(world, outcome), world.now) == ()
    world.tell_batch(checked(world, "unchanged"))
    assert source_of(world).check == Check(outcome="unchanged", at=world.now)
    assert decide_batch(world.batch, "b-1", checked(world, "unchanged"), world.now) == ()


def test_r36_a_repeated_check_and_one_of_another_revision_change_nothing(world: World) -> None:
    """A worker that was lost makes its check again; a source was replaced while it was looked at."""
    world.tell_batch(checked(world, "changed", "new"))
    world.later(5)
    assert decide_batch(world.batch, "b-1", checked(world, "changed", "new"), world.now) == ()
    replaced = Source(source_id="src-1", url="http://x/other")
    world.tell_batch(PutSources(command_id="p", sources=(replaced,)))
    assert decide_batch(world.batch, "b-1", checked(world, "changed", "newer"), world.now) == ()
    assert decide_batch(world.batch, "b-1", checked(world, "gone"), world.now) == ()


def test_r36_a_check_that_comes_after_a_later_one_is_over(world: World) -> None:
    """A message that is delivered again may come behind younger ones; the next check tells what is true."""
    early, late = checked(world, "gone"), checked(world, "changed", "old")
    world.later(5)
    world.tell_batch(checked(world, "changed", "new"))
    assert decide_batch(world.batch, "b-1", early, world.now) == ()
    assert decide_batch(world.batch, "b-1", late, world.now) == ()
    assert stale(world) != set() and source_of(world).check == Check(outcome="changed", at=world.now)


def test_r36_back_to_what_it_was_is_fresh_again(world: World) -> None:
    """R40: A → B → A."""
    first = source_of(world).stored
    assert first is not None
    world.tell_batch(checked(world, "changed", "new"))
    assert "phase0" in stale(world)
    back = checked(world, "changed", "x").stored[0].model_copy(update={"stored": first})
    world.tell_batch(StoredFact(session_id="b-1", execution_id="check-back", stored=(back,)))
    assert stale(world) == set()


def test_r36_when_a_page_changed_stays_when_it_is_gone_later(world: World) -> None:
    """R4: a cause has the time of the change, not of what was told of the source afterwards."""
    world.tell_batch(checked(world, "changed", "new"))
    changed_at = world.now
    world.later(60)
    world.tell_batch(checked(world, "gone"))
    assert world.s.sources["src-1"].at == changed_at


def test_r36_auto_refreshes_what_read_the_source_within_the_days_tokens() -> None:
    """The change and the run are one commit; what is spent counts for the day, and the day after it begins
    anew."""
    world = World(tokens=10)
    world.drain()
    watch(world, auto="refresh", max_tokens=100)
    world.tell_batch(checked(world, "changed", "one"))
    assert world.s.run is not None and world.s.run.request.by == WATCH
    assert world.s.run.request.options.max_tokens == 100
    world.drain()
    spent = world.s.spent_by_itself[world.now.date().isoformat()]
    assert 0 < spent < 100 and stale(world) == set()
    world.tell_batch(checked(world, "changed", "two"))
    assert world.s.run is not None and world.s.run.request.options.max_tokens == 100 - spent
    world.drain()
    world.tell_batch(checked(world, "changed", "three"))
    refused = [event for event in world.events() if isinstance(event, e.CommandRefused)]
    assert [event.problem.type for event in refused] == ["limit_reached"]
    assert world.s.run is None and "phase0" in stale(world)
    rerun(world, "by-hand")
    world.drain()
    assert stale(world) == set()
    world.later(86_400)
    world.tell_batch(checked(world, "changed", "four"))
    assert world.s.run is not None and world.s.run.request.options.max_tokens == 100


def test_r36_nothing_refreshes_for_a_page_that_is_gone_or_a_session_that_never_ran(world: World) -> None:
    watch(world, auto="refresh", max_tokens=1000)
    world.tell_batch(checked(world, "gone"))
    assert world.s.run is None
    waiting = World(start=False)
    watch(waiting, auto="refresh", max_tokens=1000)
    waiting.tell_batch(checked(waiting, "changed", "one"))
    assert waiting.s.run is None and waiting.s.queue == ()


def test_r36_the_days_tokens_are_shared_by_the_sessions_and_a_repeat_is_one_command(world: World) -> None:
    watch(world, auto="refresh", max_tokens=100)
    world.tell_batch(AddSession(command_id="s-2", session=SessionSpec(session_id="s-2", topic="T")))
    assert world.batch is not None
    assert facts(world.batch)["s-1"].refresh == {"src-1": 50, "src-2": 50}
    world.tell_batch(checked(world, "changed", "one"))
    known = command_of(world.s, f"watch-{world.s.batch_seq}")
    assert known is not None and known.status == "running"
    assert world.give(facts(world.batch)["s-1"]) == ()


def test_r36_a_source_has_its_own_times_or_its_batchs_and_an_end_ends_them(world: World) -> None:
    watch(world)
    watch(world, "w-2", "src-2", every="1h")
    assert world.batch is not None
    found = watched(world.batch.sources, world.batch.watches)
    assert {name: one.schedule for name, one in found.items()} == {
        "src-1": "@every 21600s",
        "src-2": "@every 3600s",
    }
    world.tell_batch(SetWatch(command_id="w-3"))
    assert list(watched(world.batch.sources, world.batch.watches)) == ["src-2"]
    unknown = decide_batch(
        world.batch, "b-1", SetWatch(command_id="w-4", source_id="src-9", watch=Watch(every="1h")), world.now
    )
    assert [event.type for event in unknown] == ["batch_command_refused"]
    world.tell_batch(EndBatch(command_id="end"))
    assert decide_batch(world.batch, "b-1", checked(world, "changed", "late"), world.now) == ()
    late = decide_batch(world.batch, "b-1", SetWatch(command_id="w-5", watch=Watch(every="1h")), world.now)
    assert [event.type for event in late] == ["batch_command_refused"]


@pytest.mark.parametrize(
    ("said", "schedule"),
    [
        ({"every": "90m"}, "@every 5400s"),
        ({"every": "7d"}, "@every 604800s"),
        ({"cron": "0 6 * * MON-fri"}, "0 0 6 * * mon-fri"),
        ({"cron": "*/15 8-18/2 1,15 jan *", "time_zone": "Europe/Berlin"}, "0 */15 8-18/2 1,15 jan *"),
    ],
)
def test_r36_times_are_read_as_they_are_written(said: dict[str, object], schedule: str) -> None:
    assert WatchRequest.model_validate(said).watch.schedule == schedule


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"every": "6h", "cron": "0 6 * * *"},
        {"every": "0h"},
        {"every": "6 hours"},
        {"every": "900d"},
        {"cron": "0 6 * *"},
        {"cron": "60 6 * * *"},
        {"cron": "0 6 * * mon-xyz"},
        {"cron": "0 18-6 * * *"},
        {"cron": "*/0 * * * *"},
        {"every": "6h", "time_zone": "Europe/Berlin"},
        {"cron": "0 6 * * *", "time_zone": "Mars/Olympus"},
        {"every": "6h", "auto": "refresh"},
        {"every": "6h", "max_tokens": 5},
    ],
)
def test_r36_times_that_are_none_are_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        WatchRequest.model_validate(said)
