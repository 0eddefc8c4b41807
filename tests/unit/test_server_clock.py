"""A clock is judged by the server's time, not by when an answer came."""

from datetime import UTC, datetime, timedelta

import pytest

from reprise_runtime.nats.server_clock import offset

AT = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "took", "ahead"),
    [
        (0.5, 1.0, 0.0),
        (59.0, 60.0, 0.0),  # a slow answer is no slow clock
        (-75.0, 1.0, 75.0),
        (80.0, 1.0, -79.0),
    ],
)
def test_only_a_time_outside_the_call_says_something(told: float, took: float, ahead: float) -> None:
    assert offset(AT, AT + timedelta(seconds=told), AT + timedelta(seconds=took)) == ahead
