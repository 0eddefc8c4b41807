"""What is announced of a log: once each, by name, and the same whenever it is made."""

import json
from datetime import timedelta

import pytest

from domain_asking import edit, rerun
from domain_world import START, World
from reprise_announcements.announcing import Told, announce, backup_is_old, may_announce
from reprise_contracts.commands import Cancel, EndBatch
from reprise_contracts.events import BatchCreated, Commit, SessionAdded, SourcesPut, SourcesStored
from reprise_contracts.sources import Check, Source, Stored, StoredSource
from reprise_contracts.webhooks import Announcement, ReportStale, RunEnded, SourceMoved
from reprise_contracts.wire import digest
from reprise_domain.reduce import fold

HASH = "ab" * 32


@pytest.fixture
def world() -> World:
    """A session that has been researched: steps 1, 2 and 3, of which 3 depends on 1."""
    world = World()
    world.drain()
    world.later(60)
    return world


def announced(world: World, *, sparing: bool = False) -> list[Announcement]:
    """All that the session's log announces; `sparing`, as whoever folds only where it may matter."""
    told: Told | None = None
    found: list[Announcement] = []
    for seq, commit in _as_stored(world):
        told, made = announce(told, commit, seq)
        if not sparing or may_announce(commit):
            found += made
    return found


def _as_stored(world: World) -> list[tuple[int, Commit]]:
    """The log as an orchestrator writes it: with whether something runs, and no two inputs alike."""
    session, entries = None, []
    for seq, commit in world.log:
        session = fold(session, commit, seq)
        told = {"active": session.run is not None, "inputs": (f"x/{seq}",), "deleted": session.deleted}
        entries.append((seq, commit.model_copy(update=told)))
    return entries


def types(world: World) -> list[str]:
    return [one.type.removeprefix("reprise.") for one in announced(world)]


def test_a_research_that_is_done_is_told_with_what_it_is_about(world: World) -> None:
    (done,) = announced(world)
    assert done.type == "reprise.run.completed"
    assert done.source == "/sessions/s-1"
    assert isinstance(done.data, RunEnded)
    assert done.data.topic == "Topic"
    assert done.data.report_stale is False
    assert done.data.text == "The research “Topic” is done."


def test_a_report_that_goes_stale_is_told_once_with_its_causes_by_name(world: World) -> None:
    rerun(world, "c-1", steps=(1,), force=True, propagation="mark_stale")
    world.complete("phase3/1", says="something else")
    world.later(60)
    rerun(world, "c-2", steps=(2,), force=True, propagation="mark_stale")
    world.complete("phase3/2", says="something else, too")
    assert types(world) == ["run.completed", "run.completed", "report.stale", "run.completed"]
    stale = announced(world)[2]
    assert isinstance(stale.data, ReportStale)
    names = {cause.node: cause.name for cause in stale.data.causes}
    assert names["phase3/1"] == "Step 1: a"
    assert stale.subject == "phase4"
    assert "Step 1 has changed." in stale.data.text


def test_a_report_that_its_run_brings_up_to_date_again_was_never_stale(world: World) -> None:
    """While a cascade is under way the report is older than what it reads; nobody has to hear of that."""
    rerun(world, "c-1", phase="phase1", guidance="since 2019")
    world.drain()
    assert types(world) == ["run.completed", "run.completed"]


def test_a_report_that_was_brought_up_to_date_goes_stale_anew(world: World) -> None:
    for number in (1, 2):
        world.later(60)
        edit(world, f"e-{number}") if number == 1 else rerun(
            world, "c-3", steps=(1,), guidance="costs", propagation="mark_stale"
        )
        world.drain()
        world.later(60)
        rerun(world, f"c-refresh-{number}")
        world.drain()
    assert types(world).count("report.stale") == 2


def test_a_failure_says_what_failed(world: World) -> None:
    rerun(world, "c-1", phase="phase4")
    world.fail("phase4")
    failed, stale = announced(world)[1:]
    assert failed.type == "reprise.run.failed"
    assert isinstance(failed.data, RunEnded)
    assert failed.data.problem is not None
    assert failed.data.problem.detail in failed.data.text
    assert stale.type == "reprise.report.stale"


def test_a_ceiling_is_told_beside_the_run_that_it_ended(world: World) -> None:
    world.tokens = 100
    rerun(world, "c-1", phase="phase1", force=True, max_tokens=150)
    world.drain()
    assert types(world)[1:3] == ["run.failed", "ceiling.reached"]
    ceiling = announced(world)[2].data
    assert isinstance(ceiling, RunEnded)
    assert ceiling.tokens == 200


def test_a_cancelled_run_and_one_that_waited_are_told(world: World) -> None:
    rerun(world, "c-1", steps=(1,), force=True)
    rerun(world, "c-2", steps=(2,), force=True)
    world.later(1)
    world.give(Cancel(command_id="c-3"))
    assert types(world)[1:] == ["run.cancelled", "run.cancelled"]


def test_what_folds_only_where_it_may_matter_misses_nothing(world: World) -> None:
    rerun(world, "c-1", steps=(1,), guidance="costs", propagation="mark_stale")
    world.drain()
    rerun(world, "c-2")
    rerun(world, "c-3", phase="phase4", force=True)
    world.drain()
    assert announced(world, sparing=True) == announced(world)
    assert sum(not may_announce(commit) for _, commit in _as_stored(world)) > 5


def test_an_id_is_of_the_logs_words_and_not_of_its_numbers(world: World) -> None:
    """After a restore the log's positions are others, and nothing is another announcement."""
    rerun(world, "c-1", phase="phase4", force=True)
    world.drain()
    told: Told | None = None
    later: list[Announcement] = []
    for seq, commit in _as_stored(world):
        told, made = announce(told, Commit.decode(commit.encode()), seq + 1000)
        later += made
    assert [one.id for one in later] == [one.id for one in announced(world)]
    assert len({one.id for one in later}) == len(later) == 2


def test_a_deleted_session_announces_nothing_more(world: World) -> None:
    before = len(announced(world))
    world.tell_batch(EndBatch(command_id="end", delete=True))
    assert len(announced(world)) == before


def test_an_announcement_is_a_cloud_event(world: World) -> None:
    """The attributes that CloudEvents 1.0 requires, always written; what has no value is left out."""
    document = json.loads(announced(world)[0].encode())
    assert document["specversion"] == "1.0"
    assert document["datacontenttype"] == "application/json"
    assert {"id", "source", "type", "time", "data"} <= document.keys()
    assert "problem" not in document["data"]
    assert Announcement.decode(announced(world)[0].encode()) == announced(world)[0]


# Batches


def moved(*events: object) -> list[Announcement]:
    """What a batch of two stored pages announces of these events, one commit each."""
    stored = Stored(revision=1, text_sha256=HASH, title="Lake")
    sources = (
        Source(source_id="src-1", url="http://x/1", stored=stored),
        Source(source_id="src-2", url="http://x/2", stored=stored),
    )
    own = {"command_id": "create", "fingerprint": HASH}
    begun = (
        BatchCreated(**own, batch_id="b-1", sources=sources),
        SessionAdded(**own, session={"session_id": "s-1", "topic": "Topic"}),
    )
    told: Told | None = None
    found: list[Announcement] = []
    for seq, commit in enumerate((begun, *((event,) for event in events)), 1):
        told, made = announce(told, Commit(at=START, inputs=(f"x/{seq}",), events=commit), seq)
        found += made
    return found


def checked(outcome: str, text: str | None = None, name: str = "src-1") -> SourcesStored:
    stored = Stored(revision=1, text_sha256=text, title="Lake") if text else None
    check = Check(outcome=outcome, at=START)
    return SourcesStored(session_id="b-1", stored=(StoredSource(source_id=name, stored=stored, check=check),))


def test_r36_a_source_that_changed_or_is_gone_is_told_by_name() -> None:
    changed, gone = moved(checked("changed", digest("other")), checked("gone", name="src-2"))
    assert (changed.type, changed.subject) == ("reprise.source.changed", "src-1")
    assert (gone.type, gone.source) == ("reprise.source.gone", "/batches/b-1")
    assert isinstance(changed.data, SourceMoved)
    assert changed.data.text == "The source “Lake” has changed."
    assert changed.data.topic == "Topic"


def test_r11_a_source_that_a_refetch_found_changed_is_told_too() -> None:
    stored = Stored(revision=1, text_sha256=digest("other"), title="Lake")
    refetched = SourcesStored(session_id="s-1", stored=(StoredSource(source_id="src-1", stored=stored),))
    (changed,) = moved(refetched)
    assert changed.type == "reprise.source.changed"


def test_what_a_caller_puts_in_place_of_a_source_is_the_callers_own_news() -> None:
    put = SourcesPut(
        command_id="c",
        fingerprint=HASH,
        sources=(Source(source_id="src-1", revision=2, url="http://x/3"),),
    )
    assert moved(put, checked("moved")) == []


def test_a_backup_is_told_to_be_old_under_the_id_of_the_backup() -> None:
    first = backup_is_old(START, START + timedelta(hours=73))
    again = backup_is_old(START, START + timedelta(hours=75))
    other = backup_is_old(START + timedelta(hours=1), START + timedelta(hours=90))
    assert first.id == again.id != other.id
    assert first.data.text == "The last backup was made 73 hours ago."
