"""Where commands go: stored in the inbox, and waited for until a commit has decided them."""

import asyncio

from reprise_contracts import subjects
from reprise_contracts.commands import Command
from reprise_contracts.problems.model import Problem
from reprise_gateway.commands.capacity import Capacity
from reprise_gateway.projections.projection import Projection, Transition
from reprise_runtime import tracing
from reprise_runtime.errors import PublishTimeout, Refused, StreamFull, Unavailable
from reprise_runtime.nats.bus import Publisher

PATIENCE = 5.0
"""Seconds for which an answer waits for the decision."""


class Inbox:
    """Stores commands, and waits for what becomes of them."""

    def __init__(
        self, projection: Projection, publisher: Publisher, capacity: Capacity, patience: float = PATIENCE
    ) -> None:
        self.projection = projection
        self._publisher = publisher
        self._capacity = capacity
        self._patience = patience

    async def send(
        self, target: str, kind: str, command: Command, *, always: bool = False
    ) -> tuple[bool, Transition | None]:
        """Store a command and wait until it is decided: whether it was in time, and the commit if its session
        is in memory.

        New work waits outside while the inbox is nearly full; `always` is for what takes work away.
        """
        if not always:
            await self._capacity.check()
        with self.projection.expect(target, command.input_id()) as waiting:
            message_id = f"{target}/{command.input_id()}"
            try:
                await self._publisher.publish(
                    subjects.command(target, kind),
                    command.encode(),
                    stream=subjects.INBOX,
                    msg_id=message_id,
                    headers=tracing.headers(command.trace),
                )
            except StreamFull:
                raise Refused(FULL) from None
            except (PublishTimeout, Unavailable):
                if not waiting.done():  # it may be stored all the same
                    raise Refused(_unconfirmed(command.command_id)) from None
            try:
                async with asyncio.timeout(self._patience):
                    return True, await waiting
            except TimeoutError:
                return False, None

    async def settle(self, waiting: "asyncio.Future[Transition | None]") -> bool:
        """Wait for a commit that was expected; whether it came in time."""
        try:
            async with asyncio.timeout(self._patience):
                await waiting
        except TimeoutError:
            return False
        return True


FULL = Problem(
    type="unavailable",
    code="server_busy",
    detail="The server takes no more work now.",
    action="Try again in a few seconds.",
    retryable=True,
)


def _unconfirmed(command_id: str) -> Problem:
    detail = "It is not known yet whether the command was taken."
    action = f"Send it again with the command_id {command_id}: it is honoured once."
    return Problem(type="unavailable", code="unconfirmed", detail=detail, action=action, retryable=True)
