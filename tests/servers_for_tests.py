"""What tests on real servers share: how to wait, and short timings."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from reprise_runtime.operate.servers import NatsServer
from reprise_runtime.settings import Limits, Settings, Timings


class Eventually(Protocol):
    """Waits until a condition holds; fails the test after `within` seconds."""

    async def __call__(
        self, condition: Callable[[], bool | Awaitable[bool]], within: float = 10.0
    ) -> None: ...


def settings_for(server: NatsServer) -> Settings:
    """Settings with short timings and small streams."""
    return Settings(
        nats=server.settings(),
        timings=Timings(heartbeat=0.3, lease=1.0, backoff=0.05, publish_timeout=2.0),
        limits=Limits(
            session_bytes=64 << 20,
            inbox_bytes=16 << 20,
            dlq_bytes=16 << 20,
            jobs_bytes=16 << 20,
            progress_bytes=16 << 20,
        ),
    )
