"""`reprise backup` and `reprise restore`: everything that matters, into a folder or a bucket and back."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from reprise_cli.commands.reruns import YesOption
from reprise_cli.errors import CallFailed, CommandFailed, NoServer, Refused, UsageError
from reprise_cli.files import existing_folder, make_folder
from reprise_cli.stack.keys import load_keys
from reprise_cli.stack.processes import alive
from reprise_cli.stack.stack_file import read_stack
from reprise_cli.terminal import Terminal
from reprise_runtime import errors
from reprise_runtime.logs import setup
from reprise_runtime.settings import S3, Settings, from_environment

if TYPE_CHECKING:
    from reprise_runtime.nats.bus import Bus
    from reprise_runtime.operate.archive import Archive, Manifest
    from reprise_runtime.s3.artifact_store import S3Store

T = TypeVar("T")
OF_A_BACKUP = "Name the place of a whole backup, as `reprise backup` wrote it."

PlaceArgument = Annotated[
    str,
    typer.Argument(metavar="PLACE", help="The backup's folder, or s3://BUCKET/PREFIX.", show_default=False),
]
EncryptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--encrypt-to",
        metavar="RECIPIENT",
        help="Encrypt for this recipient of age, or this SSH key; may be repeated.",
    ),
]
IdentityOption = Annotated[
    Path | None,
    typer.Option("--identity", metavar="FILE", help="Where the identity stands that decrypts the backup."),
]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="Put the backup in place of everything that the servers hold.")
]
StoppedOption = Annotated[
    bool,
    typer.Option(
        "--local",
        help="The local stack's folder (--state-dir), whose servers are started for it; the stack must not "
        "run.",
    ),
]


VerifyOption = Annotated[
    bool,
    typer.Option("--verify", help="Copy nothing: read the backup, byte for byte, against its hashes."),
]
EveryOption = Annotated[
    float | None,
    typer.Option("--every", metavar="HOURS", help="Go on for ever, a backup every so many hours.", min=0.01),
]


def backup(
    terminal: Terminal,
    place: PlaceArgument,
    *,
    verify: VerifyOption = False,
    every: EveryOption = None,
    encrypt_to: EncryptOption = None,
) -> None:
    """Copy the log, what waits, and every object into a folder or a bucket, while the system works. A place
    used again takes only what is new."""
    if verify:
        found = verified(terminal, place)
        terminal.answer(_document(found), f"{_told(found)} in {place}: every byte is what was written.")
        return
    while every is not None:
        try:
            _copy(terminal, place, encrypt_to or ())
        except CallFailed as error:  # the next one may succeed; the age of the last good one is watched
            terminal.err.print(str(error))
        time.sleep(every * 3600)
    _copy(terminal, place, encrypt_to or ())


def verified(terminal: Terminal, place: str) -> "Manifest":
    """The backup of a place, all of it read. Raises `Refused` for what is not as it was written."""
    with _whole(terminal, place) as (archive, manifest):
        for _ in archive.check(manifest):
            pass
    return manifest


@contextmanager
def _archive(
    terminal: Terminal, place: str, recipients: Sequence[str] = (), identity: Path | None = None
) -> Iterator["Archive"]:
    """The archive of a place, whose errors are those of the command."""
    from reprise_runtime.operate.archive import Archive  # noqa: PLC0415 - as below
    from reprise_runtime.operate.places import SCHEME, place_of  # noqa: PLC0415 - as below
    from reprise_runtime.operate.sealing import Seal, identities_in  # noqa: PLC0415 - as below

    try:
        settings = from_environment().backup
        elsewhere = settings.endpoint or not place.startswith(SCHEME)
        store = settings.store(S3() if elsewhere else terminal.operator_settings().s3)
        yield Archive(place_of(place, store), Seal(recipients, identities_in(identity) if identity else ()))
    except errors.Refused as error:
        raise Refused(error.problem) from error
    except errors.StoreUnavailable as error:
        raise NoServer(place, str(error)) from error
    except OSError as error:
        raise UsageError(
            f"{error.filename or place} cannot be read: {error.strerror or error}.", OF_A_BACKUP
        ) from error


@contextmanager
def _whole(
    terminal: Terminal, place: str, identity: Path | None = None
) -> "Iterator[tuple[Archive, Manifest]]":
    """The archive of a place that holds a backup, and what it says of itself."""
    from reprise_runtime.operate.places import SCHEME  # noqa: PLC0415 - as below

    if not place.startswith(SCHEME):
        existing_folder(Path(place), OF_A_BACKUP)
    with _archive(terminal, place, identity=identity) as archive:
        try:
            manifest = archive.manifest()
        except errors.Refused as error:
            raise UsageError(error.problem.detail, OF_A_BACKUP) from error
        yield archive, manifest


def _copy(terminal: Terminal, place: str, recipients: Sequence[str]) -> None:
    from reprise_cli.commands.doctor import version  # noqa: PLC0415 - with what else the command needs
    from reprise_runtime.operate.backup import back_up  # noqa: PLC0415 - the clients of both servers are loaded by the command that needs them
    from reprise_runtime.operate.places import SCHEME  # noqa: PLC0415 - as above

    if not place.startswith(SCHEME):
        make_folder(Path(place))
    recipients = recipients or from_environment().backup.recipients
    settings = terminal.operator_settings()
    with _archive(terminal, place, recipients) as archive:
        done = with_servers(
            settings, lambda bus, store: back_up(bus, store, archive, version(), terminal.err.print)
        )
    sealed = f", encrypted for {len(recipients)}" if recipients else ""
    terminal.answer(
        _document(done), f"{_told(done)} in {place}{sealed}. What is accepted from now on is not in it."
    )


def restore(
    terminal: Terminal,
    place: PlaceArgument,
    *,
    replace: ReplaceOption = False,
    local: StoppedOption = False,
    yes: YesOption = False,
    identity: IdentityOption = None,
) -> None:
    """Bring a backup back. Every service must be stopped, NATS and the object store must run (or --local)."""
    from reprise_runtime.operate.restore import restore as bring_back  # noqa: PLC0415 - as above

    with _whole(terminal, place, identity) as (archive, _):
        if replace:
            terminal.confirm("Remove everything that the servers hold now?", yes=yes)

        def work(settings: Settings) -> "Manifest":
            return with_servers(
                settings,
                lambda bus, store: bring_back(
                    bus, store, settings, archive, replace=replace, say=terminal.err.print
                ),
            )

        if local:
            with _local_servers(terminal.state_dir) as settings:
                done = work(settings)
        else:
            done = work(terminal.operator_settings())
    terminal.answer(
        _document(done), f"{_told(done)} are back. Start the services: what was under way goes on."
    )


@contextmanager
def _local_servers(folder: Path) -> Iterator[Settings]:
    """The servers of a local stack that does not run, without its services."""
    from reprise_runtime.operate.servers import NatsServer, SeaweedServer  # noqa: PLC0415 - as above

    stack = read_stack(folder)
    if stack is not None and alive(stack.supervisor):
        raise CommandFailed(f"A stack runs in {folder}.", "End it first.")
    make_folder(folder, "Name the local stack's folder with --state-dir.")
    keys = load_keys(folder)
    nats = NatsServer(folder / "nats", passwords=keys.secrets)
    s3 = SeaweedServer(folder / "s3", keys=keys[:2], secrets=keys.secrets)
    with ExitStack() as running:
        try:
            running.enter_context(nats)
            running.enter_context(s3)
        except errors.RepriseError as error:
            raise CommandFailed(str(error)) from error
        yield from_environment().model_copy(update={"nats": nats.settings("admin"), "s3": s3.settings()})


def with_servers(settings: Settings, work: "Callable[[Bus, S3Store], Awaitable[T]]") -> T:
    """Do some work with the operator's rights."""
    from reprise_runtime.nats.connection import connect  # noqa: PLC0415 - as above
    from reprise_runtime.nats.jetstream import ApiError  # noqa: PLC0415 - as above
    from reprise_runtime.nats.topology import open_bus  # noqa: PLC0415 - as above
    from reprise_runtime.s3.artifact_store import S3Store  # noqa: PLC0415 - as above

    async def run() -> T:
        client = await connect(settings.nats, "reprise backup")
        store = S3Store(settings.s3)
        try:
            return await work(await open_bus(client, settings, declare=False), store)
        finally:
            await store.close()
            await client.close()

    setup(settings.log.model_copy(update={"level": "error"}), "backup")
    try:
        return asyncio.run(run())
    except errors.Refused as error:
        raise Refused(error.problem) from error
    except errors.StoreUnavailable as error:
        raise NoServer(settings.s3.endpoint, str(error)) from error
    except errors.Retryable as error:
        raise NoServer(settings.nats.url, str(error)) from error
    except PermissionError as error:
        raise UsageError(
            f"{error.filename}: {error.strerror}.", f"The folder has to belong to user {os.getuid()}."
        ) from error
    except OSError as error:
        where = error.filename or "A file of the folder"
        raise CommandFailed(
            f"{where} failed: {error.strerror or error}.", "See to its disk and try again."
        ) from error
    except (errors.RepriseError, ApiError) as error:
        raise CommandFailed(str(error)) from error


def _document(done: "Manifest") -> dict[str, object]:
    streams = {name: file.entries for name, file in done.streams.items()}
    return {
        "taken_at": done.taken_at.isoformat(),
        "version": done.version,
        "messages": streams,
        "objects": done.objects.entries,
        "bytes": done.bytes,
        "lost": list(done.lost),
    }


def _told(done: "Manifest") -> str:
    commits = sum(file.entries for file in done.streams.values())
    lost = f", without {len(done.lost)} that the store had lost" if done.lost else ""
    size = f"{done.objects.entries} objects ({done.bytes / 1e6:.1f} MB)"
    return f"{commits} messages and {size} as of {done.taken_at:%Y-%m-%d %H:%M:%S} UTC{lost}"
