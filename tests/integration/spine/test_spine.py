"""The main job, and every kind of rerun, on the real servers and with every service a process of its own."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import uuid4

import pytest

from integration.research.research_server import PageServer, Reply
from integration.spine.stories import begun, done, fresh, ran_after, researched
from reprise_contracts import subjects
from reprise_contracts.artifacts import Phase4, StepFindings
from reprise_contracts.commands import Cancel, EndBatch, Options, PutSources, Rerun, Target
from reprise_contracts.events import NodeCompleted, NodeQueued
from reprise_contracts.nodes import PHASES, step_node, step_of
from reprise_contracts.sources import Source, Upload
from reprise_contracts.wire import derived_id
from reprise_domain.freshness import Verdicts
from reprise_domain.state import Session
from reprise_gateway.projections.states import command_of, state_of
from stack import Caller, Stack, until


async def test_r1_a_batch_is_researched_from_end_to_end(caller: Caller) -> None:
    """Five phases, each artifact in the store with the hash that the log names, all fresh."""
    _, session_id = await researched(caller)
    session = await caller.at_rest(session_id)
    assert fresh(session) == {"fresh"}
    report = session.node("phase4").materialization
    assert report is not None
    document = Phase4.read(
        await caller.store.get_verified(report.event.artifact.key, report.event.artifact.sha256)
    )
    sources = session.node("phase0").materialization
    assert sources is not None
    assert document.inputs == {
        node: session.node(node).materialization.event.artifact.sha256  # type: ignore[union-attr]
        for node in ("phase2", "phase3/1", "phase3/2", "phase3/3")
    } | {"phase0#references": sources.event.parts["references"]}


async def test_r7_r9_rerunning_phase_2_gives_new_outputs_of_phases_3_and_4(caller: Caller) -> None:
    """The first of the plan's three stories."""
    _, session_id = await researched(caller)
    before = await caller.at_rest(session_id)
    await caller.send(
        session_id, Rerun(command_id="c-1", target=Target(phase="phase2"), options=Options(guidance="prices"))
    )
    after = await done(caller, session_id, "c-1")
    assert set(after.plan.by_id) == {4, 5, 6}  # type: ignore[union-attr]
    assert await ran_after(caller, session_id, before.seq) == [
        "phase2",
        "phase3/4",
        "phase3/5",
        "phase3/6",
        "phase4",
    ]
    assert (
        after.node("phase4").materialization.event.parts != before.node("phase4").materialization.event.parts
    )  # type: ignore[union-attr]
    assert fresh(after) == {"fresh"}


async def test_r8_r10_rerunning_a_step_refreshes_it_and_the_report(caller: Caller) -> None:
    """The second: exactly that step and the report are made again."""
    _, session_id = await researched(caller)
    before = await caller.at_rest(session_id)
    await caller.send(
        session_id, Rerun(command_id="c-1", target=Target(steps=(2,)), options=Options(guidance="prices"))
    )
    after = await done(caller, session_id, "c-1")
    assert await ran_after(caller, session_id, before.seq) == ["phase3/2", "phase4"]
    made = after.node("phase3/2").materialization
    assert made is not None
    assert StepFindings.read(await caller.store.get(made.event.artifact.key)).insights == ("Step 2: prices",)
    await caller.send(session_id, Rerun(command_id="c-2", target=Target(steps=(2,))))
    again = await done(caller, session_id, "c-2")
    assert await ran_after(caller, session_id, after.seq) == ["phase3/2"], (
        "R8: unchanged, so that the report is kept"
    )
    assert state_of(again).nodes["phase3/2"].unchanged


async def test_r4_r26_mark_stale_leaves_the_report_and_refresh_brings_it_up_to_date(caller: Caller) -> None:
    """R7, R26."""
    _, session_id = await researched(caller)
    options = Options(guidance="prices", propagation="mark_stale")
    await caller.send(session_id, Rerun(command_id="c-1", target=Target(steps=(2,)), options=options))
    after = await done(caller, session_id, "c-1")
    assert Verdicts(after).cause_chain("phase4")[0].node == "phase3/2"
    await caller.send(session_id, Rerun(command_id="c-2", target=Target(stale=True)))
    assert fresh(await done(caller, session_id, "c-2")) == {"fresh"}


async def test_any_nats_client_can_rerun_and_follow(stack: Stack, caller: Caller) -> None:
    """A plain client with none of our code: publish a command, be told that it is kept, read the outcome from
    the log."""
    import nats

    _, session_id = await researched(caller)
    client = await nats.connect(stack.nats.url)
    js = client.jetstream()
    log = await js.subscribe(f"reprise.v1.log.{session_id}", ordered_consumer=True)
    body = {"command_id": "theirs-1", "target": {"steps": [1]}, "options": {"guidance": "theirs"}}
    kept = await js.publish(f"reprise.v1.cmd.{session_id}.rerun", json.dumps(body).encode())
    assert kept.stream == "INBOX"
    events: list[str] = []
    while events.count("run_finished") < 2:
        commit = json.loads((await log.next_msg(timeout=20)).data)
        events += [event["type"] for event in commit["events"]]
    await client.close()
    assert command_of(await done(caller, session_id, "theirs-1"), "theirs-1").status == "completed"  # type: ignore[union-attr]


async def test_a_message_that_cannot_be_read_is_put_aside_and_the_next_ones_carry_on(caller: Caller) -> None:
    """Broken JSON on any subject of the inbox, and a command to a session that does not exist."""
    dead = await caller.bus.stream_info(subjects.DLQ)
    before = dead["state"]["messages"]
    for subject in (
        subjects.command("s-nobody", "rerun"),
        subjects.command("s-nobody", "dance"),
        subjects.report("s-nobody", "phase3/1"),
        subjects.fact("s-nobody"),
        subjects.timer("s-nobody"),
    ):
        await caller.bus.publish(subject, b'{"broken', stream=subjects.INBOX)
    await caller.bus.publish(subjects.job("s-nobody", "phase1", 1, 1), b"\xff", stream=subjects.JOBS)
    await researched(caller, "steps=1")

    async def aside() -> bool | None:
        info = await caller.bus.stream_info(subjects.DLQ)
        return info["state"]["messages"] >= before + 6 or None

    await until(aside, 20, "six messages put aside")


async def test_a_command_to_a_session_that_never_was_is_put_aside_with_its_reason(caller: Caller) -> None:
    """Nothing that was stored disappears without a word."""
    before = await caller.bus.client.jetstream().stream_info(subjects.DLQ)
    await caller.send("s-never-was", Rerun(command_id="c-1", target=Target(phase="phase2")))

    async def letter() -> bool:
        return (
            await caller.bus.client.jetstream().stream_info(subjects.DLQ)
        ).state.last_seq > before.state.last_seq

    await until(letter, 20, "the letter")
    info = await caller.bus.client.jetstream().stream_info(subjects.DLQ)
    message = await caller.bus.client.jetstream().get_msg(subjects.DLQ, info.state.last_seq)
    assert "there is no session or batch s-never-was" in str(message.headers) + str(message.data)


async def test_a_command_may_be_quicker_than_its_session(caller: Caller) -> None:
    """It waits until the session is there."""
    name = f"t-{uuid4().hex}"
    await caller.send(derived_id("s", name), Rerun(command_id="early", target=Target(phase="phase0")))
    _, session_id = await caller.begin(name, "steps=1", start=False)
    assert fresh(await done(caller, session_id, "early")) == {"fresh"}


async def test_r16_a_thousand_repeats_are_one_command(caller: Caller) -> None:
    """Whatever the window of the server's own de-duplication."""
    _, session_id = await researched(caller, "steps=1")
    before = await caller.at_rest(session_id)
    command = Rerun(command_id="c-1", target=Target(phase="phase4"))
    await asyncio.gather(
        *(
            caller.bus.publish(subjects.command(session_id, "rerun"), command.encode(), stream=subjects.INBOX)
            for _ in range(1000)
        )
    )
    await done(caller, session_id, "c-1")
    await caller.at_rest(session_id)
    assert await ran_after(caller, session_id, before.seq) == ["phase4"]


async def test_r18_a_source_added_while_phase_0_runs_leaves_it_stale(caller: Caller) -> None:
    batch, session_id = await begun(caller, "steps=1")
    source = Source(source_id="src-2", url="http://192.0.2.1/never")
    await caller.send(batch, PutSources(command_id="add", sources=(source,)))
    session = await caller.at_rest(session_id)

    async def told() -> Session | None:
        state = await caller.session(session_id)
        return state if state and len(state.sources) == 2 else None

    session = await until(told, 20, "the new source")
    reasons = {cause.reason for cause in Verdicts(session).cause_chain("phase0")}
    assert reasons == {"source_added"}


async def test_r20_cancelling_stops_running_steps_within_two_seconds(caller: Caller) -> None:
    _, session_id = await begun(caller, "steps=2 wait_ms=60000")

    async def running() -> Session | None:
        state = await caller.session(session_id)
        return state if state and state.node("phase3/1").status == "running" else None

    await until(running, 30, "a running step")
    started = time.monotonic()
    await caller.send(session_id, Cancel(command_id="stop"))
    session = await caller.at_rest(session_id, 10)
    assert time.monotonic() - started < 2
    assert session.node("phase3/1").status == "cancelled"
    assert session.node("phase2").materialization is not None


async def test_r14_a_run_is_interrupted_by_another_of_the_same_node(caller: Caller) -> None:
    """One commit ends an attempt that waits and queues the next of its node: only the first is stopped."""
    _, session_id = await begun(caller, "steps=12 wait_ms=300")  # more than a worker does at once
    await caller.at_rest(session_id)
    every = Target(steps=tuple(range(1, 13)))
    await caller.send(session_id, Rerun(command_id="first", target=every, options=Options(guidance="one")))

    async def running() -> bool:
        state = await caller.session(session_id)
        return state is not None and state.node("phase3/1").status == "running"

    await until(running, 30, "a running step")
    urgent = Options(guidance="two", if_running="interrupt")
    await caller.send(session_id, Rerun(command_id="second", target=every, options=urgent))
    after = await done(caller, session_id, "second", 30)
    assert after.commands["first"].status == "cancelled"
    for number in range(1, 13):
        made = after.node(step_node(number)).materialization
        assert made is not None
        assert StepFindings.read(await caller.store.get(made.event.artifact.key)).insights == (
            f"Step {number}: two",
        )
    assert fresh(after) == {"fresh"}


async def test_r20_a_download_is_stopped_in_its_middle(caller: Caller) -> None:
    """A page that never ends: within two seconds of the cancel its connection is closed, and a refresh can
    begin anew."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"<p>More and more of the same words.</p>"
            await asyncio.sleep(0.02)

    async with PageServer() as pages:
        pages.pages["/endless"] = lambda request: Reply(endless())
        batch_id, session_id = await begun(caller, "steps=1", start=False)
        source = Source(source_id="src-2", url=pages.url("/endless"))
        await caller.at_rest(session_id)
        await caller.send(batch_id, PutSources(command_id="add", sources=(source,)))

        async def told() -> bool:
            state = await caller.session(session_id)
            return bool(state and len(state.sources) == 2)

        await until(told, 20, "the new source")
        await caller.send(session_id, Rerun(command_id="go", target=Target(phase="phase0")))

        async def downloading() -> bool:
            return pages.sent > 200

        await until(downloading, 30, "the download")
        started = time.monotonic()
        await caller.send(session_id, Cancel(command_id="stop"))
        session = await caller.at_rest(session_id, 10)

        async def left() -> bool:
            return pages.open == 0

        await until(left, 2, "the end of the connection")
        assert time.monotonic() - started < 2
        assert session.node("phase0").status == "cancelled"
        pages.pages["/endless"] = Reply(
            b"<html><body><p>A page with an end after all, and a sentence in it.</p></body></html>"
        )
        await caller.send(session_id, Rerun(command_id="again", target=Target(stale=True)))
        assert fresh(await done(caller, session_id, "again")) == {"fresh"}


async def test_r10_five_hundred_steps_are_rerun_by_one_commit(caller: Caller) -> None:
    """One command, one commit that queues all of them, and each runs once."""
    _, session_id = await researched(caller, "steps=500")
    before = await caller.at_rest(session_id)
    await caller.send(
        session_id,
        Rerun(command_id="all", target=Target(steps=tuple(range(1, 501))), options=Options(guidance="again")),
    )
    await done(caller, session_id, "all", 120)
    entries = await caller.log.read(session_id, after=before.seq)
    steps = [
        [event.node for event in entry.commit.events if isinstance(event, NodeQueued) and step_of(event.node)]
        for entry in entries
    ]
    assert [len(nodes) for nodes in steps if nodes] == [500]


async def test_r20_a_cancelled_step_of_a_dead_worker_comes_to_rest(stack: Stack, caller: Caller) -> None:
    """Its lease ends, and nobody waits for the dead."""
    _, session_id = await begun(caller, "steps=1 wait_ms=60000")

    async def running() -> Session | None:
        state = await caller.session(session_id)
        return state if state and state.node("phase3/1").status == "running" else None

    await until(running, 30, "a running step")
    stack.kill("worker-phase3")
    await caller.send(session_id, Cancel(command_id="stop", step_id=1))
    session = await caller.at_rest(session_id, 30)
    stack.restart("worker-phase3")
    assert session.node("phase3/1").status == "cancelled"


async def test_a_session_of_many_steps_does_not_starve_a_small_one(caller: Caller) -> None:
    """The wide one goes on for long; the small one is through in a fraction of that."""
    _, wide = await begun(caller, "steps=400 wait_ms=50")

    async def under_way() -> Session | None:
        state = await caller.session(wide)
        return state if state and state.node("phase3/1").materialization else None

    await until(under_way, 30, "the first of many steps")
    started = time.monotonic()
    _, small = await begun(caller, "steps=1")
    await caller.at_rest(small, 15)
    took = time.monotonic() - started
    state = await caller.session(wide)
    assert state is not None
    assert state.run is not None, "the wide session must still be at work for this to mean something"
    assert took < 5
    await caller.send(wide, Cancel(command_id="stop"))
    await caller.at_rest(wide)


async def test_a_worker_that_is_told_to_stop_finishes_what_it_holds(stack: Stack, caller: Caller) -> None:
    """SIGTERM: nothing lost, nothing done twice."""
    _, session_id = await begun(caller, "steps=12 wait_ms=300")

    async def running() -> Session | None:
        state = await caller.session(session_id)
        return state if state and state.node("phase3/1").status == "running" else None

    await until(running, 30, "a running step")
    assert await asyncio.to_thread(stack.stop, "worker-phase3") == 0
    stack.restart("worker-phase3")
    await caller.at_rest(session_id)
    entries = await caller.log.read(session_id)
    starts = [
        event
        for entry in entries
        for event in entry.commit.events
        if event.type == "node_started" and event.node.startswith("phase3")
    ]
    results = [
        event for entry in entries for event in entry.commit.events if isinstance(event, NodeCompleted)
    ]
    assert len(results) == 16
    assert len({(event.node, event.execution_id) for event in starts}) == 12, "no step was begun twice"


async def test_r25_a_download_that_was_replaced_goes_once_nothing_cites_it(caller: Caller) -> None:
    """While an artifact of today was made from it, it stays; after the refresh it is swept, and what took its
    place is there."""
    batch_id, session_id = await researched(caller, "steps=1")
    before = await caller.at_rest(session_id)
    old = {key async for key, _ in caller.store.list(subjects.sources_prefix(batch_id))}
    data = b"Other words about nothing."
    digest = sha256(data).hexdigest()
    await caller.store.put(subjects.raw_key(batch_id, digest), data, "text/plain")
    upload = Upload(sha256=digest, bytes=len(data), content_type="text/plain", filename="other.txt")
    (source,) = (known.source for known in before.sources.values())
    await caller.send(
        batch_id, PutSources(command_id="put", sources=(source.model_copy(update={"upload": upload}),))
    )
    await caller.send(
        session_id, Rerun(command_id="plan", target=Target(phase="phase4"), options=Options(force=True))
    )
    await done(caller, session_id, "plan")

    async def superseded() -> frozenset[str] | None:
        batch = await caller.batch(batch_id)
        return (batch and batch.superseded) or None

    replaced = await until(superseded, 10, "the batch's word")
    await caller.send(session_id, Rerun(command_id="refresh", target=Target(stale=True)))
    await done(caller, session_id, "refresh")
    present = {key async for key, _ in caller.store.list(subjects.sources_prefix(batch_id))}
    assert old <= present, "it was there as long as artifacts were made from it"

    async def swept() -> bool:
        left = {key async for key, _ in caller.store.list(subjects.sources_prefix(batch_id))}
        return not any(name in key for key in left for name in replaced)

    await until(swept, 30, "the sweep")
    kept = {key async for key, _ in caller.store.list(subjects.sources_prefix(batch_id))}
    assert subjects.raw_key(batch_id, digest) in kept
    assert fresh(await caller.at_rest(session_id)) == {"fresh"}

    async def said() -> bool:
        batch = await caller.batch(batch_id)
        return batch is not None and not batch.superseded

    await until(said, 10, "the log's word")


@pytest.mark.parametrize("how", ["cancelled", "ended"])
async def test_r17_what_nobody_names_among_the_sources_goes(caller: Caller, how: str) -> None:
    """Downloads and texts of a preparation that did not count, and the notes of attempts that are over: gone
    after a cancelled phase 0, and after the end of the batch. What is named stays."""
    batch_id, session_id = await researched(caller, "steps=1")
    named = {key async for key, _ in caller.store.list(subjects.sources_prefix(batch_id))}
    name = sha256(how.encode()).hexdigest()
    orphans = {subjects.raw_key(batch_id, name), subjects.text_key(batch_id, name)}
    orphans |= {subjects.note_key(batch_id, phase, name) for phase in PHASES}
    for key in orphans:
        await caller.store.put(key, b"nobody's", "text/plain")
    if how == "ended":
        await caller.send(batch_id, EndBatch(command_id="end"))
    else:
        for place in range(20):  # until one was caught in the middle
            rerun = Rerun(
                command_id=f"r-{place}", target=Target(phase="phase0"), options=Options(guidance=f"g {place}")
            )
            await caller.send(session_id, rerun)
            await caller.send(session_id, Cancel(command_id=f"x-{place}"))
            await done(caller, session_id, f"r-{place}")
            ends = [
                event.type
                for entry in await caller.log.read(session_id)
                for event in entry.commit.events
                if getattr(event, "node", "") == "phase0"
            ]
            if "node_cancelled" in ends:
                break

    async def swept() -> bool:
        left = {
            key
            for place in ("sources", *PHASES)
            async for key, _ in caller.store.list(f"{place}/{batch_id}/")
        }
        return not left & orphans

    await until(swept, 40, "the sweep")
    assert named <= {key async for key, _ in caller.store.list(subjects.sources_prefix(batch_id))}


async def test_r24_a_deleted_batch_leaves_nothing_but_its_tombstone(caller: Caller) -> None:
    batch, session_id = await researched(caller)
    await caller.send(batch, EndBatch(command_id="end", delete=True))

    async def gone() -> bool | None:
        left = [
            key
            for prefix in ("phase0", "phase4", "sources")
            async for key, _ in caller.store.list(f"{prefix}/{batch}/")
        ]
        return (
            not left
            and len(await caller.log.read(session_id)) == 1
            and len(await caller.log.read(batch)) == 1
        ) or None

    await until(gone, 30, "an empty store")
    await caller.send(session_id, Rerun(command_id="late", target=Target(phase="phase0")))
    await researched(caller, "steps=1")
    session = await caller.session(session_id)
    assert session is not None
    assert session.deleted


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nats-py and a killed server
async def test_r23_artifacts_and_sessions_survive_the_restart_of_everything(
    stack: Stack, caller: Caller
) -> None:
    """The third of the plan's stories: every process is killed and started again, then a step is rerun."""
    _, session_id = await researched(caller)
    before = await caller.at_rest(session_id)
    names = [*stack.services, "weed", "nats"]
    for name in names:
        await asyncio.to_thread(stack.kill, name)
    for name in reversed(names):
        await asyncio.to_thread(stack.restart, name)

    async def same() -> bool | None:
        return (await caller.session(session_id)) == before or None

    await until(same, 30, "the same session")
    await caller.send(
        session_id,
        Rerun(command_id="c-1", target=Target(steps=(1,)), options=Options(guidance="after the restart")),
    )
    assert fresh(await done(caller, session_id, "c-1")) == {"fresh"}
    report = (await caller.at_rest(session_id)).node("phase4").materialization
    assert report is not None
    await caller.store.get_verified(report.event.artifact.key, report.event.artifact.sha256)


def test_each_service_says_that_it_is_ready(stack: Stack) -> None:
    """One line of JSON a unit of work."""
    for name in stack.services:
        lines = [json.loads(line) for line in stack.log_of(name).splitlines() if line]
        assert any(line["event"] == "ready" for line in lines), name
