"""What is wrong is said in words, with what to do; what is fine is not complained of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reprise_contracts.marks import BackupMark
from reprise_contracts.nodes import PHASES
from reprise_contracts.states import Diagnosis, PoolView, WorkerView
from reprise_gateway.operations.diagnosis import Before, diagnose, pool_findings
from reprise_gateway.operations.pools import Lag
from reprise_gateway.operations.server_status import Disk, ServerStatus, Stream
from unit.gateway.gateway_site import settings_with

AT = datetime(2026, 1, 1, tzinfo=UTC)
FINE = {"nats": True, "store": True}
BACKUP = BackupMark(taken_at=AT, objects=5, bytes=10)
SEEN = ServerStatus(nats_version="2.15.1", flushes=True, disk=Disk("/data", 50 * 10**9, 100 * 10**9))


def worker(name: str = "w-1", **more: Any) -> WorkerView:
    return WorkerView(worker=name, phase="phase3", since=AT, seen=AT, version="1", **more)


def wrong(findings: tuple[Diagnosis, ...]) -> dict[str, Diagnosis]:
    return {finding.name: finding for finding in findings if finding.result != "ok"}


def test_an_installation_that_is_well_is_not_complained_of() -> None:
    pools = [PoolView(phase=phase, workers=(worker(),), waiting=3, working=1) for phase in PHASES]
    assert wrong(diagnose(SEEN, FINE, pools, "1")) == {}


@pytest.mark.parametrize(
    ("seen", "reachable", "name", "says", "do"),
    [
        (SEEN, {"nats": True, "store": False}, "object store", "does not answer", "goes on by itself"),
        (None, {"nats": False, "store": True}, "NATS", "nothing is lost", "Start it"),
        (replace(SEEN, flushes=False), FINE, "NATS", "power cut", "sync_interval: always"),
        (replace(SEEN, nats_version="2.10.4"), FINE, "NATS", "older than 2.14", "Update it"),
        (
            replace(SEEN, servers=3, away=("nats-2",)),
            FINE,
            "NATS",
            "Of the 3 servers that keep the streams 1 cannot",
            "Start it again",
        ),
        (replace(SEEN, leader=False), FINE, "scheduler", "None is active", "Start one"),
        (
            replace(SEEN, checks_waiting=12, checks_oldest=400.0),
            FINE,
            "watches",
            "12 checks of watched sources wait, the first for 400 s",
            "Start workers of phase 0",
        ),
        (
            replace(SEEN, streams={"INBOX": Stream(7, 10, 100, 95.0)}),
            FINE,
            "orchestrator",
            "7 inputs wait",
            "Start the orchestrator",
        ),
        (
            replace(SEEN, streams={"DLQ": Stream(1, 10, 100, 5.0)}),
            FINE,
            "DLQ",
            "1 message could not",
            "reprise dlq list",
        ),
        (
            replace(SEEN, streams={"SESSIONS": Stream(9, 85, 100, 5.0)}),
            FINE,
            "streams",
            "SESSIONS is 85% full",
            "SESSION_BYTES",
        ),
        (
            replace(SEEN, drift=("JOBS: max_bytes is 1, not 2",)),
            FINE,
            "streams",
            "max_bytes is 1, not 2",
            "reprise bootstrap",
        ),
        (replace(SEEN, clock_offset=-75.0), FINE, "clock", "75 s apart", "NTP"),
        (
            replace(SEEN, disk=Disk("/data", 10**9, 100 * 10**9)),
            FINE,
            "disk",
            "nearly full: 1.0 of 100 GB",
            "--delete",
        ),
        (
            replace(SEEN, rewound="The log has gone back: it stood at 9."),
            FINE,
            "log",
            "gone back",
            "--accept-log",
        ),
        (
            replace(SEEN, backup=BACKUP, backup_age=5 * 86400.0),
            FINE,
            "backup",
            "5 days ago",
            "reprise backup",
        ),
        (
            replace(SEEN, backup=BACKUP.model_copy(update={"lost": 2})),
            FINE,
            "backup",
            "2 objects that the store has lost",
            "fsck",
        ),
        (replace(SEEN, file_share=0.93), FINE, "disk", "93%", "max_file_store"),
    ],
)
def test_what_is_wrong_is_said(seen: Any, reachable: dict[str, bool], name: str, says: str, do: str) -> None:
    found = wrong(diagnose(seen, reachable, [], "1"))
    assert list(found) == [name]
    assert says in found[name].detail
    assert do in found[name].action


def test_what_is_wrong_with_a_pool_is_said() -> None:
    def found(view: PoolView, before: Before | None = None, **skews: float) -> list[tuple[str, str]]:
        return [
            (finding.result, f"{finding.detail} {finding.action}")
            for finding in pool_findings(view, before, skews)
        ]

    lonely = PoolView(phase="phase3", waiting=1)
    ((result, text),) = found(lonely)
    assert (
        result == "wrong"
        and "No worker is there; 1 job waits." in text
        and "docker compose up -d worker-phase3" in text
    )
    busy = PoolView(phase="phase3", waiting=90, oldest_seconds=95, workers=(worker("a"), worker("b")))
    assert found(busy) == [] and found(busy, Before(AT, 90)) == [], (
        "a lag that does not grow is work, not trouble"
    )
    ((result, text),) = found(busy, Before(AT, 20))
    assert result == "wrong" and "90 jobs wait, 20 a minute ago" in text and "--scale worker-phase3=4" in text
    ((result, text),) = found(busy.model_copy(update={"state": "paused", "by": "Ada"}), Before(AT, 20))
    assert result == "note" and "paused by Ada" in text and "reprise workers resume phase3" in text
    mixed = busy.model_copy(
        update={"waiting": 0, "workers": (worker("a"), worker("b").model_copy(update={"version": "2"}))}
    )
    assert "different versions: 1, 2" in found(mixed)[0][1]
    assert "The clock of w is 8 s behind" in found(mixed, None, w=-8.0)[1][1]


async def test_a_pool_is_paused_drained_and_resumed_by_an_operator(make_site: Any) -> None:
    """Every answer says where it stands; the order is kept where every worker reads it."""
    roles = {"ola": {"token": "o", "role": "operator"}, "rob": {"token": "r", "role": "researcher"}}
    site = await make_site(settings_with(tokens=roles))
    site.lags = {"phase3": Lag(3, 1, 7.5)}

    def tells(**state: Any) -> None:
        view = WorkerView(
            worker="w-1", phase="phase3", since=site.research.now, seen=site.research.now, **state
        )
        site.gateway.pools.present(view.encode())

    async with site.client(authorization="Bearer o") as ola, site.client(authorization="Bearer r") as rob:
        tells(running=("s/phase3/1",))
        refused = await rob.post("/workers/phase3/pause")
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
        paused = (await ola.post("/workers/phase3/pause")).json()
        assert (paused["state"], paused["by"], paused["oldest_seconds"]) == ("paused", "ola via REST", 7.5)
        assert (await ola.post("/workers/phase3/drain")).json()["state"] == "draining"
        tells(running=("s/phase3/1",), paused=True)
        assert (await rob.get("/workers")).json()[3]["state"] == "draining"
        tells(paused=True)
        assert (await rob.get("/workers")).json()[3]["state"] == "drained"
        assert (await ola.post("/workers/phase3/resume")).json()["state"] == "running"
        assert [kept.subject for kept in site.bus.messages("POOLS")] == ["reprise.v1.pool.phase3"], (
            "the last word alone"
        )
        for path in ("/workers/phase9/pause", "/workers/phase3/stop"):
            assert (await ola.post(path)).json()["type"] == "/problems/invalid"


async def test_the_doctor_is_for_operators_and_says_what_it_sees(make_site: Any) -> None:
    roles = {"ola": {"token": "o", "role": "operator"}, "vera": {"token": "v", "role": "viewer"}}
    site = await make_site(settings_with(tokens=roles))
    site.seen_now = replace(SEEN, leader=False)
    async with site.client(authorization="Bearer o") as ola, site.client(authorization="Bearer v") as vera:
        assert (await vera.get("/doctor")).status_code == 403
        found = {finding["name"]: finding for finding in (await ola.get("/doctor")).json()["findings"]}
        assert found["scheduler"]["result"] == "wrong"
        assert found["phase0"]["result"] == "note" and "only just started" in found["phase0"]["detail"]
        site.research.now += timedelta(seconds=15)
        found = {finding["name"]: finding for finding in (await ola.get("/doctor")).json()["findings"]}
        assert found["phase0"]["result"] == "wrong" and found["phase0"]["detail"].startswith(
            "No worker is there"
        )


async def test_a_server_that_holds_its_connection_and_says_nothing_is_away(make_site: Any) -> None:
    site = await make_site()
    site.seen_now = None
    async with site.client() as http:
        found = {finding["name"]: finding for finding in (await http.get("/doctor")).json()["findings"]}
        assert found["NATS"]["result"] == "wrong" and "does not answer" in found["NATS"]["detail"]


async def test_a_lag_that_grows_is_seen_from_one_minute_to_the_next(make_site: Any) -> None:
    site = await make_site()
    async with site.client() as http:
        for waiting in (10, 40):
            site.lags = {"phase3": Lag(waiting, 1, 100.0)}
            view = WorkerView(worker="w-1", phase="phase3", since=site.research.now, seen=site.research.now)
            site.gateway.pools.present(view.encode())
            pool = (await http.get("/workers")).json()[3]
            site.research.now += timedelta(seconds=61)
        assert [finding["result"] for finding in pool["findings"]] == ["wrong"]
        assert "40 jobs wait, 10 a minute ago" in pool["findings"][0]["detail"]
