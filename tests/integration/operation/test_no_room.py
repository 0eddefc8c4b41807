"""JetStream at its limit: said in one line that tells what to do, no service ends, and all goes on once there
is room."""

from pathlib import Path

import pytest

from operated_stack import Operated, until
from reprise_contracts import subjects
from reprise_runtime.errors import NoRoom
from reprise_runtime.nats.bus import Bus
from reprise_runtime.operate.servers import NatsServer

MB = 1 << 20
ENV = {
    "REPRISE_TIMINGS__HEARTBEAT": "0.5",
    "REPRISE_TIMINGS__LEASE": "3",
    "REPRISE_LIMITS__SESSION_BYTES": str(64 * MB),
    "REPRISE_LIMITS__INBOX_BYTES": str(16 * MB),
    "REPRISE_LIMITS__DLQ_BYTES": str(16 * MB),
    "REPRISE_LIMITS__JOBS_BYTES": str(16 * MB),
    "REPRISE_LIMITS__PROGRESS_BYTES": str(16 * MB),
    "REPRISE_LIMITS__DELIVERY_BYTES": str(4 * MB),
}
FOREIGN = {"name": "FOREIGN", "subjects": ["foreign.>"], "storage": "file"}


def held_up(stack: Operated, name: str) -> bool:
    """A process said that there is no room, and what to do."""
    return any(
        "JetStream has no room" in line and "max_file_store" in line
        for line in stack.log_of(name).splitlines()
    )


def unharmed(stack: Operated) -> bool:
    """No process ended, and none showed a traceback."""
    return all(process.poll() is None for process in stack.processes.values()) and not any(
        "Traceback" in stack.log_of(name) or '"exception"' in stack.log_of(name) for name in stack.processes
    )


@pytest.mark.parametrize(
    "limit", ["max_file_store", pytest.param("max_memory_store", marks=pytest.mark.long)]
)
async def test_services_wait_for_room_for_their_streams(tmp_path: Path, limit: str) -> None:
    """Too little for what the streams may take: every service says so and waits; with more of it all of them
    go on and work."""
    stack = Operated(tmp_path, env=ENV)
    stack.nats = NatsServer(tmp_path / "nats", most={limit: 24 * MB})
    async with stack:

        async def said() -> bool:
            return all(held_up(stack, name) for name in stack.processes)

        await until(said, 30, "a word of every service")
        assert unharmed(stack)
        stack.nats.stop()
        stack.nats.most.clear()
        stack.nats.start()
        await stack.ready()
        caller = await stack.caller()
        _, session = await caller.begin("after", "steps=2")
        assert (await caller.at_rest(session, 60)).node("phase4").status == "completed"
        assert unharmed(stack)


async def fill(bus: Bus) -> None:
    """Take what JetStream may store, to the last message."""
    await bus.api("STREAM.CREATE.FOREIGN", FOREIGN)
    size = MB
    while size > 64:
        try:
            await bus.publish("foreign.ballast", bytes(size), stream="FOREIGN")
        except NoRoom:
            size //= 2


async def test_what_runs_while_the_limit_is_reached_comes_to_its_end(tmp_path: Path) -> None:
    """Another tenant fills JetStream amid a run: commands are refused as retryable, results wait with their
    workers, a cancellation that is sent meanwhile is taken later, and nothing is lost when there is room
    again."""
    stack = Operated(tmp_path, env=ENV | {"REPRISE_LIMITS__SESSION_BYTES": str(32 * MB)})
    stack.nats = NatsServer(tmp_path / "nats", most={"max_file_store": 128 * MB})
    async with stack:
        await stack.ready()
        caller = await stack.caller()
        sessions = [(await caller.begin(f"batch-{n}", "steps=6 wait_ms=1500"))[1] for n in range(3)]

        async def executing() -> bool:
            states = [await caller.session(session) for session in sessions]
            return all(state is not None and state.node("phase2").status == "completed" for state in states)

        await until(executing, 30, "steps under way")
        await fill(caller.bus)
        async with stack.client() as http:
            answer = await http.post(
                "/workflow/cancel", json={"session_id": sessions[0], "command_id": "while-full"}
            )
            assert answer.status_code == 503 and answer.json()["retryable"], answer.text

            async def waiting() -> bool:
                return held_up(stack, "worker-phase3")

            await until(waiting, 20, "a worker with a report that is not stored")
            await caller.bus.api("STREAM.DELETE.FOREIGN")
            for session in sessions:
                state = await caller.at_rest(session, 60)
                assert {node.status for node in state.nodes.values()} == {"completed"}
                assert all(node.generation == 1 for node in state.nodes.values()), "nothing ran twice"
            assert (
                await http.post(
                    "/workflow/cancel", json={"session_id": sessions[0], "command_id": "while-full"}
                )
            ).status_code == 202
        assert unharmed(stack)
        assert await caller.bus.last(subjects.SESSIONS, subjects.log(sessions[0])) is not None
