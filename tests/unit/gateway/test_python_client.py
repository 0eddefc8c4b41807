"""`reprise_client` against a gateway: what it sends, what it answers, how it waits."""

import asyncio
import inspect
import re
import sys
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pydantic import ValidationError

import reprise_client
from reprise_client import (
    AsyncClient,
    Client,
    InvalidArgument,
    NotFound,
    Options,
    PlanChanged,
    RefreshCall,
    Refused,
    RestartPhase,
    RestartStep,
    SourceInput,
    StartOptions,
    TimedOut,
    requests,
)
from reprise_contracts.calls import CALLS
from reprise_contracts.problems.model import STATUS, Problem
from reprise_contracts.states import Preview, Receipt, State

SOURCES = ("http://example.org/1", SourceInput(text="A text.", title="Mine"))
METHODS = {
    "start",
    "ask",
    "accept",
    "lock",
    "cancel",
    "end",
    "watch",
    "unwatch",
    "watches",
    "impact",
    "state",
}
"""Calls of the table whose method has their name; reruns are `preview` and `run`."""


def of(site: Any) -> AsyncClient:
    return AsyncClient(f"http://{site.address}")


async def researched(client: AsyncClient, **more: Any) -> Any:
    created = await client.start("Is it worth it?", SOURCES, **more)
    assert (await client.wait(created.session_id, created.command_id, 30)).status == "completed"
    return created


async def test_a_preview_is_run_as_it_said(working: Any) -> None:
    async with of(working) as client:
        created = await researched(client)
        session = created.session_id
        asked = RestartPhase(session_id=session, phase="phase2", options=Options(guidance="Closer"))
        preview = await client.preview(asked)
        assert preview.plan.run == ("phase2",) and "phase4" in preview.plan.may_run
        receipt = await client.run(asked, preview)
        assert receipt.plan == preview.plan
        assert (await client.wait(session, receipt.command_id, 30)).run_id == receipt.run_id
        state = await client.state(session)
        assert state.nodes["phase2"].generation == 2 and state.nodes["phase2"].guidance == "Closer"


async def test_what_has_changed_since_its_preview_is_not_run(working: Any) -> None:
    async with of(working) as client:
        session = (await researched(client)).session_id
        asked = RefreshCall(session_id=session)
        preview = await client.preview(asked)
        step = RestartStep(session_id=session, step_ids=(1,), options=Options(propagation="mark_stale"))
        working.research.salt["phase3/1"] = " otherwise"
        done = await client.run(step, await client.preview(step))
        await client.wait(session, done.command_id, 30)
        with pytest.raises(PlanChanged) as caught:
            await client.run(asked, preview)
        assert caught.value.preview.plan.run == ("phase3/3", "phase4")
        again = await client.run(asked, caught.value.preview)
        assert (await client.wait(session, again.command_id, 30)).status == "completed"


async def test_a_preview_without_a_token_promises_nothing() -> None:
    async with AsyncClient("http://127.0.0.1:9") as client:
        with pytest.raises(InvalidArgument, match="no token"):
            await client.run(RefreshCall(session_id="s"), Preview.model_validate({"plan": {}}))


async def test_events_come_once_and_in_order(working: Any) -> None:
    async with of(working) as client:
        created = await client.start("Is it worth it?", SOURCES)
        seen: list[tuple[int, int]] = []
        kinds = set()
        async for frame in client.events(created.batch_id):
            kinds.add(frame.type)
            if frame.DURABLE and frame.seq is not None:
                seen.append((frame.seq, frame.n or 0))
            if frame.type == "workflow:complete" or (
                frame.type == "snapshot" and frame.sessions and frame.sessions[0].run is None
            ):
                break
        assert "snapshot" in kinds and seen == sorted(set(seen))


async def test_waiting_ends_after_its_time_and_the_run_goes_on(served: Any) -> None:
    async with of(served) as client:
        created = await client.start("Is it worth it?", SOURCES, options=StartOptions(stop_after="phase2"))
        with pytest.raises(TimedOut):
            await client.wait(created.session_id, created.command_id, 0)
        assert (await client.state(created.session_id)).run is not None


async def test_what_there_is_comes_as_models(working: Any) -> None:
    async with of(working) as client:
        created = await researched(client)
        session, batch = created.session_id, created.batch_id
        assert [one.batch_id async for one in client.batches()] == [batch]
        assert len((await client.prepared(session)).sources) == 2
        assert (await client.goals(session)).goals[0].goal_id == "goal-1"
        assert [step.step_id for step in (await client.plan(session)).steps] == [1, 2, 3]
        assert (await client.findings(session, 2)).findings[0].claim == "Claim 2"
        assert [step.step_id for step in await client.all_findings(session)] == [1, 2, 3]
        assert (await client.written(session)).references[0].source_id == "src-1"
        assert (await client.report(session)).startswith(b"# Report")
        assert await client.text(batch, "src-1") == "What src-1 says."
        assert [event.type async for event in client.timeline(session)][-1] == "run_finished"
        assert (await client.impact(batch, "src-1")).source_id == "src-1"
        assert (await client.watches(batch)).batch_id == batch


async def test_commands_of_every_kind(working: Any) -> None:
    async with of(working) as client:
        session = (await researched(client)).session_id
        assert isinstance(await client.lock(session, "phase4"), Receipt)
        assert (await client.state(session)).nodes["phase4"].locked_at is not None
        await client.unlock(session, "phase4")
        assert isinstance(await client.cancel(session), Receipt)
        with pytest.raises(Refused):
            await client.accept(session, "phase4", "Good enough")  # it is fresh
        answer = await client.call("state", session_id=session)
        assert isinstance(answer, State) and answer.nodes["phase4"].locked_at is None
        dry = await client.call("refresh", session_id=session, options={"dry_run": True})
        assert isinstance(dry, Preview)


async def test_a_problem_is_an_exception_of_its_type(served: Any) -> None:
    async with of(served) as client:
        with pytest.raises(NotFound) as caught:
            await client.state("s-nobody")
        assert caught.value.problem.field == "session_id" and caught.value.action
        with pytest.raises(InvalidArgument):
            await client.state("../batches")
        with pytest.raises(InvalidArgument, match="no call 'fly'"):
            await client.call("fly")
        with pytest.raises(InvalidArgument, match="lacks 'session_id'"):
            await client.call("state")
        with pytest.raises(InvalidArgument, match="has no 'foo'"):
            await client.call("refresh", session_id="s-1", foo=1)


async def test_what_makes_no_sense_is_said_where_it_is_written(served: Any) -> None:
    """A table in place of a source, options or a body; a name that nobody knows; a client that is closed."""
    wrong: Any = {"text": "A text."}
    async with of(served) as client:
        with pytest.raises(InvalidArgument, match="SourceInput") as caught:
            await client.start("Lakes", [wrong])
        assert "SourceInput(**source)" in caught.value.action
        with pytest.raises(InvalidArgument, match="StartOptions"):
            await client.start("Lakes", SOURCES, options=wrong)
        with pytest.raises(InvalidArgument, match="RestartPhase"):
            await client.run(wrong)
    with pytest.raises(InvalidArgument, match="closed"):
        await client.state("s-1")
    with pytest.raises(InvalidArgument, match="closed"):
        await client.ready()
    for made in (
        lambda: Options(dryrun=True),
        lambda: StartOptions(stop="phase2"),
        lambda: RestartPhase(session_id="s", phase="phase2", option=Options()),
        lambda: RefreshCall(session_id="s", options={"dryrun": True}),
        lambda: SourceInput(text="A text.", name="Mine"),
    ):
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            made()


async def test_a_command_that_nobody_knows_is_not_waited_for(working: Any) -> None:
    """It may be on its way for a few seconds; then it is not found, long before the time is over."""
    async with of(working) as client:
        created = await researched(client)
        with pytest.raises(NotFound) as caught:
            await client.wait(created.session_id, "nobody", 60)
        assert caught.value.problem.field == "command_id"


async def test_files_are_sent_by_both_clients(working: Any, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("The lake fell.")
    async with of(working) as client:
        created = await client.start("Lakes", files=[path], options=StartOptions(stop_after="phase0"))
        batch = await client.batch(created.batch_id)
    assert batch.sources[0].upload is not None and batch.sources[0].upload.filename == "notes.md"

    def synchronously() -> str:
        with Client(f"http://{working.address}") as client:
            made = client.start("Lakes", ["http://example.org/1"], files=[path])
            assert client.wait(made.session_id, made.command_id, 30).status == "completed"
            first = next(iter(client.events(made.batch_id)))
            bundle = tmp_path / "session.zip"
            bundle.write_bytes(client.bundle(made.session_id))
            brought = client.import_bundle(bundle, "i-1")
            assert client.import_bundle(bundle, "i-1") == brought
            assert client.report(brought.session_id) == client.report(made.session_id)
            return first.type

    assert await asyncio.to_thread(synchronously) == "connected"


def test_each_problem_that_a_call_may_answer_has_a_class() -> None:
    assert set(Refused.CLASSES) <= set(STATUS)
    assert type(Refused.by(Problem(type="node_locked", detail="It is."))) is reprise_client.NodeLocked
    assert type(Refused.by(Problem(type="worker_lost", detail="It is."))) is Refused


def test_both_clients_have_the_same_methods() -> None:
    """Names, parameters and answers; what the one gives at once is awaited of the other."""

    def methods(kind: type) -> dict[str, Any]:
        return {name: one for name, one in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}

    one, other = methods(Client), methods(AsyncClient)
    assert one.keys() == other.keys()
    for name in one:
        assert inspect.signature(one[name]).parameters == inspect.signature(other[name]).parameters, name
        answers = [str(get_type_hints(method[name])["return"]) for method in (one, other)]
        assert answers[0] == answers[1].replace("AsyncIterator", "Iterator"), name
        assert inspect.iscoroutinefunction(other[name]) or inspect.isasyncgenfunction(other[name]), name


def test_every_call_of_the_table_can_be_made() -> None:
    """By a method of its own or by `call`, on each of its routes."""
    ids = {"batch_id": "b", "session_id": "s", "source_id": "src-1", "command_id": "c", "phase": "phase2"}
    ids |= {"other_id": "s-2", "webhook_id": "w-1", "url": "https://example.org/hook"}
    ids["since"] = "2026-01-01T00:00:00Z"
    assert all(hasattr(Client, name) for name in METHODS)
    for call in CALLS:
        for route in call.doors.rest:
            own = {name: ids[name] for name in {*route.in_path, *call.body.model_fields} if name in ids}
            made = requests.any_call(call.kind, {**own, **route.sets})
            assert (made.method, made.path.count("/")) == (route.method, route.path.count("/"))


async def test_the_developers_page_runs(working: Any) -> None:
    """Its program does what the page says, as a program of its own."""
    page = (Path(__file__).parents[3] / "docs" / "developers.md").read_text()
    (program,) = re.findall(
        r"^```python\n(from reprise_client import.*?)^```$", page, re.MULTILINE | re.DOTALL
    )
    program = program.replace("http://127.0.0.1:8700", f"http://{working.address}")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    assert "runs phase2" in out.decode() and "# Report" in out.decode(), out
