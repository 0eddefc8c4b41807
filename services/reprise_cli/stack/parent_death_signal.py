"""`python parent_death_signal.py PARENT PROGRAM…`: become the program, which the kernel ends when its parent
is gone.

Without this, a supervisor that is killed would leave its children behind. Linux only; elsewhere it just
becomes the program, and the next start cleans up.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, program: list[str]) -> None:
    """Tie this process to its parent and replace it. SIGKILL, because any process here may be killed at any
    instant."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the parent is gone")
    os.execvp(program[0], program)  # noqa: S606 - no shell is the point


def tied(*command: str) -> tuple[str, ...]:
    """A command that ends with this process."""
    return (sys.executable, "-I", "-S", __file__, str(os.getpid()), *command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
