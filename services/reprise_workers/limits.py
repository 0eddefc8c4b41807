"""Where the workers keep what providers of models take: an entry of a key-value bucket, compared and set."""

from collections.abc import Callable

from reprise_contracts import subjects
from reprise_research.limits import MINUTE, Away, Ledger, Limit, Shown
from reprise_runtime import metrics
from reprise_runtime.errors import Conflict, Retryable
from reprise_runtime.nats.bus import Publisher


class BucketCell:
    """See `reprise_research.limits.Cell`."""

    def __init__(self, bus: Publisher, provider: str) -> None:
        self._bus, self._subject = bus, subjects.limit_entry(provider)

    async def read(self) -> tuple[bytes, int]:
        """The entry and its sequence."""
        try:
            found = await self._bus.last(subjects.LIMITS_STREAM, self._subject)
        except Retryable as error:
            raise Away(str(error)) from error
        return (found.data, found.seq) if found is not None else (b"", 0)

    async def write(self, data: bytes, revision: int) -> bool:
        """Put it after that sequence."""
        try:
            await self._bus.publish(
                self._subject, data, stream=subjects.LIMITS_STREAM, expect_last_subject_seq=revision
            )
        except Conflict:
            return False
        except Retryable as error:
            raise Away(str(error)) from error
        return True


def cell_of(bus: Publisher) -> Callable[[str], BucketCell]:
    """The entry of each provider."""
    return lambda provider: BucketCell(bus, provider)


def shown(provider: str) -> Shown:
    """The figures that an operator sees of a provider."""

    def show(ledger: Ledger, limit: Limit, now: float) -> None:
        figures = {
            "calls_a_minute": ledger.calls,
            "tokens_a_minute": ledger.tokens,
            "calls_at_once": ledger.at_once,
            "sessions_waiting": len(ledger.waiting(now)),
            "pause_seconds": max(0.0, min(ledger.paused_until - now, MINUTE)),
        }
        for name, value in figures.items():
            metrics.PROVIDER.labels(provider, name).set(value)
        for name in ("calls", "tokens", "at_once"):
            metrics.PROVIDER_LIMIT.labels(provider, name).set(getattr(limit, name))

    return show
