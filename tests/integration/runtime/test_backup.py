"""A backup that is taken while the system works, and what comes back from it on other servers."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from pydantic import SecretStr

from reprise_contracts import subjects
from reprise_contracts.commands import Options, Rerun, Target
from reprise_contracts.marks import BackupMark
from reprise_domain.state import Session
from reprise_gateway.projections.states import state_of
from reprise_runtime.errors import Refused
from reprise_runtime.nats.bus import Bus
from reprise_runtime.operate.archive import Archive, ArchivedMessage, name_of
from reprise_runtime.operate.backup import back_up
from reprise_runtime.operate.places import BucketPlace, FolderPlace
from reprise_runtime.operate.restore import restore
from reprise_runtime.operate.sealing import Seal
from reprise_runtime.settings import S3, Backup
from stack import Caller, Stack, until

ENV = {
    "REPRISE_TIMINGS__LEASE": "4",
    "REPRISE_TIMINGS__HEARTBEAT": "1",
    "REPRISE_TIMINGS__SWEEP_AFTER": "0.05",
}


def silent(text: str) -> None:
    """Say nothing."""


def in_folder(folder: Path) -> Archive:
    return Archive(FolderPlace(folder))


def fresh(session: Session) -> bool:
    return {view.freshness for view in state_of(session).nodes.values()} == {"fresh"}


async def whole(caller: Caller, session: Session) -> None:
    """Every artifact that the log names is in the store, with its hash."""
    for name in session.nodes:
        made = session.node(name).materialization
        if made is not None:
            await caller.store.get_verified(made.event.artifact.key, made.event.artifact.sha256)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A system at work."""
    running = Stack(tmp_path_factory.mktemp("stack"), env=ENV)
    running.start_all()
    yield running
    running.stop_all()


@pytest.fixture
async def caller(stack: Stack) -> AsyncIterator[Caller]:
    """A client of it."""
    yield await stack.caller()
    await stack.close_callers()


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Stack]:
    """Servers with nothing in them, and no services yet."""
    stack = Stack(tmp_path / "other", env=ENV)
    stack.folder.mkdir()
    stack.start_servers()
    yield stack
    await stack.close_callers()
    stack.stop_all()


async def test_a_backup_taken_at_work_comes_back_whole_and_work_goes_on(
    tmp_path: Path, caller: Caller, other: Stack
) -> None:
    """Sessions that rerun, sweep and end while it is copied: afterwards each is at rest again, fresh, with
    every artifact.

    What was confirmed after the backup is lost, and the same command sent again is honoured; what was
    confirmed before it is not.
    """
    archive = tmp_path / "backup"
    busy = [(await caller.begin(f"busy-{n}", "steps=4 wait_ms=20"))[1] for n in range(3)]
    calm = (await caller.begin("calm", "steps=2"))[1]
    before = await caller.at_rest(calm)
    working = asyncio.Event()

    async def rerun(session: str) -> None:
        for count in range(12):
            options = Options(guidance=f"again {count}", force=True)
            await caller.send(
                session, Rerun(command_id=f"rerun-{count}", target=Target(phase="phase1"), options=options)
            )
            working.set()
            await caller.at_rest(session)

    running = [asyncio.create_task(rerun(session)) for session in busy]
    await working.wait()
    await back_up(caller.bus, caller.store, in_folder(archive), "test", silent)
    first = {path: path.stat().st_ino for path in (archive / "objects").rglob("*") if path.is_file()}
    await until(lambda: _knows(caller, busy[0], "rerun-1"), what="another rerun")
    manifest = await back_up(caller.bus, caller.store, in_folder(archive), "test", silent)  # only what is new
    assert manifest.objects.entries == sum(1 for path in (archive / "objects").rglob("*") if path.is_file())
    kept = {path: path.stat().st_ino for path in first if path.exists()}
    assert kept
    assert kept.items() <= first.items()
    late = Rerun(command_id="late", target=Target(phase="phase2"))
    await caller.send(calm, late)
    await until(lambda: _knows(caller, calm, "late"), what="the late command")
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)

    there = await other.caller()
    await restore(there.bus, there.store, other.settings, in_folder(archive), replace=True, say=silent)
    for name in other.services:
        other.start(name)
    after = await there.at_rest(calm)
    assert (await there.session(calm)) == after
    made = {name: after.node(name).materialization for name in after.nodes}
    assert made == {name: before.node(name).materialization for name in before.nodes}
    assert after.commands.keys() == before.commands.keys()
    for session in busy:
        await until(
            lambda session=session: _knows(there, session, "rerun-0"), what="the command that was waiting"
        )
        rested = await there.at_rest(session)
        assert rested.commands["rerun-0"].status == "completed"
        assert fresh(rested)
        await whole(there, rested)
    await there.send(calm, late)
    await until(lambda: _knows(there, calm, "late"), what="the late command, sent again")
    await whole(there, await there.at_rest(calm))


async def _knows(caller: Caller, session: str, command_id: str) -> bool:
    state = await caller.session(session)
    return state is not None and command_id in state.commands


async def test_a_restore_is_refused_where_it_would_mix_or_lose(tmp_path: Path, other: Stack) -> None:
    """Servers that hold something, services at work, a damaged backup: each is said, and nothing is
    changed."""
    there = await other.caller()
    store, folder = there.store, tmp_path / "backup"
    archive = in_folder(folder)
    await store.put("sources/b/raw/one", b"one", "text/plain")
    await there.bus.publish(subjects.log("s"), b"{}", stream=subjects.SESSIONS)
    await back_up(there.bus, store, archive, "test", silent)
    await store.put("sources/b/raw/two", b"two", "text/plain")

    async def restored(*, replace: bool) -> None:
        await restore(there.bus, store, other.settings, archive, replace=replace, say=silent)

    with pytest.raises(Refused, match="Not empty: SESSIONS, the bucket"):
        await restored(replace=False)
    other.start("orchestrator")
    await until(lambda: _pulled(there.bus), what="the orchestrator at work")
    with pytest.raises(Refused, match="Services are at work"):
        await restored(replace=True)
    other.stop("orchestrator")
    path = folder / name_of("sources/b/raw/one")
    path.write_bytes(b"0ne")
    with pytest.raises(Refused, match="raw/one is not what was written"):
        await restored(replace=True)
    assert await store.get("sources/b/raw/two") == b"two"
    path.write_bytes(b"one")
    await restored(replace=True)
    assert [entry async for entry in store.list("") if entry[0] != subjects.MARK_KEY] == [
        ("sources/b/raw/one", 3)
    ]
    assert (await store.stat("sources/b/raw/one")).content_type == "text/plain"
    shutil.rmtree(folder)
    with pytest.raises(Refused, match="holds no backup"):
        await restored(replace=True)


async def _pulled(bus: Bus) -> bool:
    return bool((await bus.api(f"CONSUMER.INFO.{subjects.INBOX}.{subjects.ORCHESTRATOR}"))["num_waiting"])


@pytest.mark.parametrize(
    "message",
    [
        ArchivedMessage(7, "reprise.v1.log.s", b'{"a": "\xc3\xa9"}', {}),
        ArchivedMessage(8, "reprise.v1.dlq.INBOX", b"\xff\x00 no text", {"Reprise-Reason": "why"}),
    ],
)
def test_a_message_comes_back_as_it_was(message: ArchivedMessage) -> None:
    """Text stays readable, bytes stay bytes."""
    assert ArchivedMessage.read(message.line()) == message


@pytest.mark.parametrize("key", ["../up", "a/../../up", "/etc/passwd", "a//b", "", "a/./b"])
def test_a_key_that_leads_out_of_the_folder_is_refused(key: str) -> None:
    """A backup is only ever in its folder, whatever the store or the list of objects says."""
    with pytest.raises(Refused, match="cannot be kept"):
        name_of(key)


async def test_what_is_lost_already_ends_no_backup(tmp_path: Path, caller: Caller, other: Stack) -> None:
    """It is named and left out; every other object is there, the backup is whole, and what it lacks is made
    again where it came back."""
    _, session = await caller.begin("lost-before", "steps=2")
    before = await caller.at_rest(session, 120)
    made = before.node("phase4").materialization
    assert made is not None
    await caller.store.delete([made.event.artifact.key])
    said: list[str] = []
    manifest = await back_up(caller.bus, caller.store, in_folder(tmp_path / "backup"), "test", said.append)
    assert manifest.lost == (made.event.artifact.key,) and any("1 objects are lost" in line for line in said)
    assert sum(1 for _ in in_folder(tmp_path / "backup").check(manifest)) == manifest.objects.entries
    told = await caller.bus.last(subjects.MARKS, subjects.BACKUP_MARK)
    assert told is not None and BackupMark.decode(told.data).lost == 1

    there = await other.caller()
    await restore(
        there.bus, there.store, other.settings, in_folder(tmp_path / "backup"), replace=True, say=silent
    )
    for name in other.services:
        other.start(name)
    after = await there.session(session)
    assert after is not None and after.node("phase4").materialization is not None


async def test_an_encrypted_backup_in_a_bucket_is_read_by_its_recipient_alone(
    caller: Caller, other: Stack
) -> None:
    """Whoever makes it holds no identity, verifies it, and goes on with it; without one, and with another's,
    a restore refuses before it touches anything."""
    identity, stranger = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    place = BucketPlace(other.settings.s3.model_copy(update={"bucket": "backups"}), "of/reprise")
    session = (await caller.begin("kept", "steps=2"))[1]
    await caller.at_rest(session)

    def archive(*recipients: Any, identities: tuple[Any, ...] = ()) -> Archive:
        return Archive(place, Seal(tuple(map(str, recipients)), tuple(map(str, identities))))

    own = archive(identity.to_public())
    await back_up(caller.bus, caller.store, own, "test", silent)
    first = place.sizes()
    manifest = await back_up(caller.bus, caller.store, own, "test", silent)
    objects = {name for name in first if name.startswith("objects/")}
    assert objects
    assert objects == {name for name in place.sizes() if name.startswith("objects/")}
    assert sum(1 for _ in own.check(manifest)) == manifest.objects.entries

    with pytest.raises(Refused, match="encrypted otherwise"):
        archive().prepare()
    with place.open(min(objects)) as file, pytest.raises(UnicodeDecodeError):
        file.read().decode()
    there = await other.caller()
    await there.store.ensure_bucket()
    for reader, why in (
        (archive(), "is encrypted"),
        (archive(identities=(stranger,)), "cannot be decrypted"),
    ):
        with pytest.raises(Refused, match=why):
            await restore(there.bus, there.store, other.settings, reader, replace=False, say=silent)
    await restore(
        there.bus, there.store, other.settings, archive(identities=(identity,)), replace=False, say=silent
    )
    for name in other.services:
        other.start(name)
    back = await there.at_rest(session)
    assert fresh(back)
    await whole(there, back)


def test_a_bucket_elsewhere_is_reached_with_its_own_keys() -> None:
    own = S3(endpoint="10.0.0.1:8333")
    assert Backup().store(own) == own
    other = Backup(endpoint="s3.example:443", access_key="a", secret_key=SecretStr("b"), region="eu").store(
        own
    )
    assert (other.endpoint, other.access_key, other.region, other.secure) == (
        "s3.example:443",
        "a",
        "eu",
        True,
    )
    assert other.secret_key.get_secret_value() == "b"


def test_what_is_no_recipient_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="no recipient"):
        Seal(("somebody",))
