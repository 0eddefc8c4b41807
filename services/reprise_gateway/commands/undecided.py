"""What is stored and not decided yet: nobody decides it just now, and yet it is there, and will be."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from reprise_contracts import subjects
from reprise_contracts.commands import BATCH_COMMANDS, Command, CreateBatch, SessionSpec
from reprise_contracts.importing import EVERY_SESSION_COMMAND
from reprise_contracts.problems.model import Problem
from reprise_contracts.wire import Malformed
from reprise_runtime.errors import Unavailable
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import StoredMessage

MOST = 200
"""Commands to one session or batch that are looked through."""
KEPT = 1_000
"""Sessions just asked for that are remembered."""

Waiting = Callable[[str], Awaitable[Sequence[StoredMessage]]]
"""The commands to a session or batch that wait to be decided, in their order; raises `Unavailable`."""

NOT_YET = Problem(
    type="unavailable",
    code="not_decided",
    detail="This was asked for and is stored, but not decided yet.",
    action="Try again in a few seconds.",
    retryable=True,
)


async def none_waiting(target: str) -> Sequence[StoredMessage]:
    """Nothing waits, where nobody can look."""
    return ()


def bus_waiting(bus: Bus) -> Waiting:
    """Looks through INBOX."""

    async def waiting(target: str) -> Sequence[StoredMessage]:
        found: list[StoredMessage] = []
        after = 0
        while len(found) < MOST:
            message = await bus.next(subjects.INBOX, subjects.commands_to(target), after=after)
            if message is None:
                break
            found.append(message)
            after = message.seq
        return found

    return waiting


class Undecided:
    """Commands that wait, and the sessions that some of them will create."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._asked: OrderedDict[str, tuple[str, SessionSpec]] = OrderedDict()

    async def find(self, target: str, command_id: str) -> Command | None:
        """The first command of this name that waits; None if there is none, or nobody can look."""
        return next(
            (command for command in await self._commands(target) if command.command_id == command_id), None
        )

    async def creation(self, batch_id: str) -> CreateBatch | None:
        """What will create a batch."""
        return next(
            (command for command in await self._commands(batch_id) if isinstance(command, CreateBatch)), None
        )

    async def uploads(self, batch_id: str) -> frozenset[str]:
        """The hashes of the objects that waiting commands to a batch name."""
        named = [
            source.hashes
            for command in await self._commands(batch_id)
            for source in getattr(command, "sources", ())
        ]
        return frozenset().union(*named)

    async def _commands(self, target: str) -> list[Command]:
        try:
            messages = await self._waiting(target)
        except Unavailable:
            return []
        return [command for message in messages if (command := _command(message)) is not None]

    def asked(self, batch_id: str, spec: SessionSpec) -> None:
        """Remember a session whose id was given out."""
        self._asked[spec.session_id] = (batch_id, spec)
        if len(self._asked) > KEPT:
            self._asked.popitem(last=False)

    def session(self, session_id: str) -> tuple[str, SessionSpec] | None:
        """The batch and the wishes of a session whose id was given out here."""
        return self._asked.get(session_id)


def _command(message: StoredMessage) -> Command | None:
    inbound = subjects.parse_inbound(message.subject)
    model = (
        {**BATCH_COMMANDS, **EVERY_SESSION_COMMAND}.get(inbound.kind)
        if inbound is not None and inbound.door == "cmd"
        else None
    )
    try:
        return model.decode(message.data) if model is not None else None
    except Malformed:
        return None
