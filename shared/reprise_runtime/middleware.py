"""The same acknowledgement for FastStream's subscribers. By itself, so that what does not use FastStream does not load it."""

from typing import Any

from faststream import BaseMiddleware
from faststream.nats.security import NatsCredentials, NatsSecurity, NatsUserPassword
from nats.aio.msg import Msg

from reprise_contracts import subjects
from reprise_runtime.acknowledgement import Delivery
from reprise_runtime.bus import Bus
from reprise_runtime.connection import connect_options
from reprise_runtime.logs import logger
from reprise_runtime.settings import Nats, Timings

_log = logger(__name__)


def broker_options(settings: Nats, name: str) -> dict[str, Any]:
    """What a `NatsBroker` connects with: as any client of ours, its credentials the way that FastStream takes them."""
    options = connect_options(settings, name)
    user, password, context = options.pop("user", None), options.pop("password", ""), options.pop("tls", None)
    first = options.pop("tls_handshake_first", False)
    if context is not None:
        options["security"] = NatsSecurity(ssl_context=context, tls_handshake_first=first)
    if user is not None:
        options["security"] = NatsUserPassword(user, password, ssl_context=context, tls_handshake_first=first)
    if (file := options.pop("user_credentials", None)) is not None:
        options["security"] = NatsCredentials.from_file(file, ssl_context=context, tls_handshake_first=first)
    return options


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
    """Leaves a question alone whose answer is wanted on a subject that means something: who may ask could else have a gateway's words
    taken for a command, or for an acknowledgement, that it may not send itself."""

    async def consume_scope(self, call_next: Any, msg: Any) -> Any:
        """Looks at where the answer is wanted, before anything is done."""
        if not msg.reply_to.startswith((f"{subjects.ROOT.partition('.')[0]}.", "$")):
            return await call_next(msg)
        _log.warning("not answered", subject=msg.raw_message.subject, reply=msg.reply_to)
        msg.reply_to = ""
        return None
