"""The same acknowledgement for FastStream's subscribers. By itself, so that what does not use FastStream does
not load it."""

from collections.abc import Sequence
from typing import Any

from faststream import BaseMiddleware
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.aio.msg import Msg

from reprise_contracts import subjects
from reprise_runtime.logs import logger
from reprise_runtime.nats.acknowledgement import Delivery
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import Connection
from reprise_runtime.settings import Timings

_log = logger(__name__)


class Broker(NatsBroker):
    """FastStream's, on a connection of ours: as strict as every other about encryption, about rights, and
    about who closed it."""

    def __init__(self, own: Connection, middlewares: Sequence[type[BaseMiddleware[Any, Any]]] = ()) -> None:
        super().__init__(middlewares=middlewares, logger=None)
        self.own = own

    async def _connect(self) -> Client:
        self.config.connect(self.own)
        return self.own


def acknowledgement(bus: Bus, timings: Timings) -> type[BaseMiddleware[Any, Any]]:
    """Give it to the broker's `middlewares` and let every subscriber use `AckPolicy.MANUAL`.

    (FastStream's default policy terminates a message whose handler raises: the job is lost.)
    """

    class Acknowledgement(BaseMiddleware[Any, Any]):
        """Wraps the handler, decoding included."""

        async def consume_scope(self, call_next: Any, msg: Any) -> Any:
            raw = msg.raw_message
            if not isinstance(raw, Msg) or not raw.reply.startswith("$JS.ACK."):
                return await call_next(msg)
            async with Delivery(raw, bus, timings):
                return await call_next(msg)
            return None

    return Acknowledgement


class AnswersToInboxes(BaseMiddleware[Any, Any]):
    """Leaves a question alone whose answer is wanted on a subject that means something: who may ask could
    else have a gateway's words taken for a command, or for an acknowledgement, that it may not send
    itself."""

    async def consume_scope(self, call_next: Any, msg: Any) -> Any:
        """Looks at where the answer is wanted, before anything is done."""
        if not msg.reply_to.startswith((f"{subjects.ROOT.partition('.')[0]}.", "$")):
            return await call_next(msg)
        _log.warning("not answered", subject=msg.raw_message.subject, reply=msg.reply_to)
        msg.reply_to = ""
        return None
