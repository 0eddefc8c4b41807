"""The WebSocket, over a real port: nothing is missing, nothing comes twice."""

import asyncio
import contextlib
import random
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from reprise_contracts import frames as f
from reprise_contracts.subjects import progress
from reprise_gateway.projections.outbox import Packed

DURABLE = ("node:update", "workflow:stale")


def places(frames: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(frame["seq"], frame["n"]) for frame in frames if "n" in frame]


async def test_a_new_client_gets_a_snapshot_and_then_everything(served: Any) -> None:
    async with served.client() as http:
        batch_id, session_id = await served.start(http)
        async with served.watching(batch_id) as client:
            hello = await client.next()
            assert (hello["type"], hello["sessions"]) == ("connected", [session_id]) and hello["epoch"]
            snapshot = await client.next()
            assert (
                snapshot["type"] == "snapshot"
                and snapshot["sessions"][0]["nodes"]["phase0"]["status"] == "queued"
            )
            assert snapshot["sessions"] == [(await http.get(f"/sessions/{session_id}")).json()], "nulls too"
            await served.research.work(session_id)
            done = await client.until("workflow:complete")
            assert done["session_id"] == session_id and done["at"]
            told = {frame["type"] for frame in client.frames}
            assert told >= {
                "node:update",
                "research:phase_change",
                "research:goals",
                "research:synthesized_goal",
                "research:plan",
                "phase3:step_complete",
                "phase4:report_ready",
                "workflow:progress",
            }
            found = places(client.frames)
            assert found == sorted(set(found)) and found[0][0] > snapshot["seq"]


@pytest.mark.parametrize("seed", range(3))
async def test_a_client_that_loses_its_connection_anywhere_misses_nothing_and_sees_nothing_twice(
    served: Any, seed: int
) -> None:
    choose = random.Random(seed)
    async with served.client() as http:
        batch_id, session_id = await served.start(http, start=False)
        async with served.watching(batch_id) as whole:
            await whole.until("snapshot")
            start = whole.frames[-1]["seq"]
            await http.post("/workflow/restart/phase", json={"session_id": session_id, "phase": "phase0"})
            seen: list[dict[str, Any]] = []
            after = str(start)
            working = asyncio.create_task(served.research.work(session_id))
            while True:
                async with served.watching(batch_id, f"?after={after}") as part:
                    assert (await part.next())["type"] == "connected"
                    with contextlib.suppress(TimeoutError):
                        for _ in range(choose.randrange(1, 12)):
                            async with asyncio.timeout(1):
                                frame = await part.next()
                            if "n" in frame:
                                seen.append(frame)
                                after = f"{frame['seq']}.{frame['n']}"
                if seen and seen[-1]["type"] == "workflow:complete":
                    break
            await working
            await whole.until("workflow:complete")
        assert seen == [frame for frame in whole.frames if "n" in frame]


async def test_after_a_whole_commit_only_later_ones_come(served: Any) -> None:
    async with served.client() as http:
        batch_id, session_id = await served.finished(http)
        last = served.research.session(session_id).seq
        async with served.watching(batch_id, f"?after={last - 1}") as client:
            await client.until("workflow:complete")
            assert {frame["seq"] for frame in client.frames if "n" in frame} == {last}
        async with served.watching(batch_id, f"?after={last}") as client:
            assert (await client.next())["type"] == "connected"
            await http.post("/workflow/refresh", json={"session_id": session_id})
            assert (await client.next())["seq"] > last


@pytest.mark.parametrize("query", ["?after=999999", "?after=nonsense", "?after=1&epoch=another"])
async def test_a_position_that_means_nothing_is_reset(served: Any, query: str) -> None:
    async with served.client() as http:
        batch_id, _ = await served.start(http)
        async with served.watching(batch_id, query) as client:
            assert [(await client.next())["type"] for _ in range(3)] == ["connected", "reset", "snapshot"]


async def test_commits_of_every_session_come_in_order(served: Any) -> None:
    async with served.client() as http:
        batch_id, first = await served.start(http)
        async with served.watching(batch_id) as client:
            await client.until("snapshot")
            added = await http.post(f"/batches/{batch_id}/sessions", json={"topic": "Second"})
            second = added.json()["session_id"]
            await asyncio.gather(served.research.work(first), served.research.work(second))
            ended = {(await client.until("workflow:complete"))["session_id"] for _ in range(2)}
            assert ended == {first, second}
            found = places(client.frames)
            assert found == sorted(set(found))


async def test_live_frames_reach_the_batchs_sockets_only(served: Any) -> None:
    async with served.client() as http:
        batch_id, session_id = await served.start(http)
        other, _ = await served.start(http, topic="Other")
        token = f.StreamToken(stream_id="s", phase="phase1", token="word", generation=1, attempt=1)
        async with served.watching(batch_id) as client, served.watching(other) as stranger:
            await client.until("snapshot")
            await stranger.until("snapshot")
            served.gateway.hub.told(progress(session_id, "phase1"), token.encode())
            served.gateway.hub.told(progress(session_id, "phase1"), b"not a frame")
            frame = await client.until("research:stream_token")
            assert (frame["token"], frame["node"], frame["batch_id"], frame["session_id"]) == (
                "word",
                "phase1",
                batch_id,
                session_id,
            )
            assert "seq" not in frame
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await stranger.next()


async def test_a_client_may_ask_over_the_socket(served: Any) -> None:
    async with served.client() as http:
        batch_id, session_id = await served.finished(http)
        async with served.watching(batch_id) as client:
            await client.until("snapshot")
            await client.ask(type="restart_step", session_id=session_id, step_ids=[1], command_id="mine")
            answer = await client.until("answer")
            assert (answer["command_id"], answer["position"]) == ("mine", 0) and answer["run_id"]
            await client.ask(type="restart_phase", session_id=session_id, phase="phase9", command_id="bad")
            answer = await client.until("answer")
            assert (
                answer["command_id"],
                answer["problem"]["type"].split("/")[-1],
                answer["problem"]["field"],
            ) == ("bad", "invalid", "phase")
            await client.ask(type="dance")
            assert (await client.until("answer"))["problem"]["field"] == "type"
            await client.socket.send(b"\x00binary")
            assert (await client.until("answer"))["problem"]["type"] == "/problems/invalid"
            await client.ask(type="cancel", session_id=session_id)
            await client.until("answer")
        record = (await http.get(f"/sessions/{session_id}/events")).json()["events"]
        assert any(entry["text"].startswith("User via the web app asked to run step 1") for entry in record)


async def test_who_may_not_come_in_is_told_why(served: Any) -> None:
    async with served.client() as http:
        batch_id, _ = await served.start(http)
        for path, headers, status in (
            (batch_id, {"Origin": "http://evil.example"}, 403),
            ("b-none", {}, 404),
        ):
            with pytest.raises(InvalidStatus) as refused:
                async with served.watching(path, **headers):
                    pass
            assert refused.value.response.status_code == status
            assert b'"action"' in (refused.value.response.body or b"")
        async with served.watching(batch_id, Origin=f"http://{served.address}") as client:
            await client.until("snapshot")
        posted = await http.post(f"/batches/{batch_id}/end", headers={"Origin": "http://evil.example"})
        assert (posted.status_code, posted.json()["type"]) == (403, "/problems/forbidden")


async def test_r24_a_deleted_batch_is_gone_for_sockets_too(served: Any) -> None:
    async with served.client() as http:
        batch_id, _ = await served.finished(http)
        async with served.watching(batch_id) as client:
            await client.until("snapshot")
            await http.delete(f"/batches/{batch_id}")
            assert await closing_code(client) == 4008, "it comes back, and is told"
        with pytest.raises(InvalidStatus) as refused:
            async with served.watching(batch_id):
                pass
        assert refused.value.response.status_code == 410


async def test_tokens_guard_everything_but_the_probes(make_site: Any, settings_of: Any) -> None:
    site = await make_site(settings_of(tokens={"alice": "secret-a", "bob": "secret-b"}), serve=True)
    async with site.client() as nobody, site.client(authorization="Bearer secret-a") as alice:
        for path in (
            "/batches",
            "/config",
            "/workers",
            "/metrics",
            "/openapi.json",
            "/docs",
            "/sessions/s-1",
        ):
            answer = await nobody.get(path)
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated"), path
        assert (await nobody.get("/config", headers={"authorization": "Bearer wrong"})).status_code == 401
        assert (await nobody.get("/healthz")).status_code == 200
        assert (await nobody.get("/readyz")).status_code in {200, 503}
        batch_id, session_id = await site.start(alice)
        story = (await alice.get(f"/sessions/{session_id}/events")).json()["events"]
        assert story[1]["text"].startswith("Alice via REST started")
        with pytest.raises(InvalidStatus) as refused:
            async with site.watching(batch_id):
                pass
        assert refused.value.response.status_code == 401
        ticket = (await alice.post("/ws-ticket")).json()["ticket"]
        async with site.watching(batch_id, f"?ticket={ticket}") as client:
            await client.until("snapshot")
        with pytest.raises(InvalidStatus):
            async with site.watching(batch_id, f"?ticket={ticket}"):
                pass
        async with site.watching(batch_id, Authorization="Bearer secret-b") as client:
            await client.until("snapshot")


async def test_a_reader_that_is_too_slow_is_closed_to_resume(served: Any) -> None:
    async with served.client() as http:
        batch_id, _ = await served.start(http)
        async with served.watching(batch_id, queue=1) as client:
            await client.until("snapshot")
            (subscriber,) = served.gateway.hub._channels[batch_id].subscribers
            noise = random.Random(1)
            for number in range(20_000):
                subscriber.durable(
                    (1_000 + number, 1),
                    Packed(f.ReportReady(report=noise.randbytes(6000).hex(), stale=False)),
                )
                if number % 10 == 0:
                    await asyncio.sleep(0)
                if subscriber.outbox.overflowed:
                    break
            assert len(subscriber.outbox) == 0, "what waited is let go"
            assert await closing_code(client) == 4008


async def closing_code(client: Any) -> int | None:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await client.next()
    return closed.value.rcvd.code if closed.value.rcvd else None


async def test_sockets_are_closed_when_the_log_is_another_one(served: Any) -> None:
    async with served.client() as http:
        batch_id, _ = await served.start(http)
        async with served.watching(batch_id) as client:
            await client.until("snapshot")
            served.gateway.hub.reset()
            assert await closing_code(client) == 4008


async def test_the_store_being_away_costs_no_frame(served: Any) -> None:
    """Frames that need an artifact close the socket, and come when the client resumes."""
    from reprise_runtime.errors import StoreUnavailable

    async with served.client() as http:
        batch_id, session_id = await served.start(http)
        async with served.watching(batch_id) as client:
            await client.until("snapshot")
            whole, served.store.get = served.store.get, None

            async def away(key: str) -> bytes:
                raise StoreUnavailable("away")

            served.store.get = away
            await served.research.complete(session_id, "phase0")
            await served.research.complete(session_id, "phase1")
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await client.next()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4008
        served.store.get = whole
        last = places([client.frames[1] | {"n": 1 << 30}, *client.frames])[-1]
        async with served.watching(batch_id, f"?after={last[0]}.{last[1]}") as client:
            assert (await client.until("research:goals"))["goals"]
            found = places(client.frames)
            assert found == sorted(set(found)) and found[0] > last
