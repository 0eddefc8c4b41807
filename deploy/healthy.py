"""The container's health: the gateway answers; any other role gives signs of life and holds a connection to
NATS.

With `--alive` only the signs of life count: to end a process because NATS is away would help nobody. Standard
library only, so that it runs in every image. Exit 0 is healthy.
"""

import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

ESTABLISHED = "01"
SILENT = 30.0
"""Seconds without a sign of life after which a process hangs."""


def gateway_answers() -> bool:
    """Whether `/healthz` answers 200."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{os.environ.get('REPRISE_PORT', '8700')}/healthz", timeout=3
        ) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def connected(port: int) -> bool:
    """Whether this container has an open connection to that port, read from the kernel's table."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, _, remote, state, *_ = line.split()
            if state == ESTABLISHED and int(remote.rpartition(":")[2], 16) == port:
                return True
    return False


def alive() -> bool:
    """Whether the process touched its file of `REPRISE_BEAT` within the last half minute; without such a file
    nobody knows."""
    beat = os.environ.get("REPRISE_BEAT", "")
    try:
        return not beat or time.time() - Path(beat).stat().st_mtime < SILENT
    except OSError:
        return False


def main() -> int:
    """The check that fits the container's command."""
    command = Path("/proc/1/cmdline").read_bytes().split(b"\0")
    if b"reprise_gateway" in command:
        return 0 if gateway_answers() else 1
    if "--alive" in sys.argv[1:]:
        return 0 if alive() else 1
    first = os.environ.get("REPRISE_NATS__URL", "nats://127.0.0.1:4222").split(",")[0]
    return 0 if alive() and connected(urlsplit(first).port or 4222) else 1


if __name__ == "__main__":
    sys.exit(main())
