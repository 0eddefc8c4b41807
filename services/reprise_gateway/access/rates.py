"""How much one caller may ask: a token bucket each, filled at a steady rate up to a burst."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from reprise_contracts.problems.model import Problem
from reprise_runtime.errors import Refused

KNOWN = 10_000
"""Callers remembered; one that was not heard of for longest is forgotten, and begins with a full bucket."""


class RateLimited(Refused):
    """Too many requests. `seconds` says when the next one is let in."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)
        super().__init__(
            Problem(
                type="rate_limited",
                code="too_fast",
                facts={"seconds": self.seconds},
                detail="These are too many requests.",
                action=_ACTION % self.seconds,
                retryable=True,
            )
        )


_ACTION = "Wait %d s, then send fewer at once."


class Rates:
    """Buckets by caller."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request; raises `RateLimited` when the bucket is empty."""
        now = self._clock()
        left, at = self._buckets.pop(caller, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * self._rate)
        allowed = left >= 1.0
        self._buckets[caller] = (left - 1.0 if allowed else left, now)
        if len(self._buckets) > KNOWN:
            self._buckets.popitem(last=False)
        if not allowed:
            raise RateLimited((1.0 - left) / self._rate)
