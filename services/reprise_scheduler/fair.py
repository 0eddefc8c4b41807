"""Who is next: sessions take turns, and only so many jobs of a pool are out at once. Pure."""

from collections import deque

FLOOR = 32
"""Jobs of one pool that may lie ready for it at least: enough to keep a few workers busy."""
SECONDS = 1.0
"""How much work may lie ready for a pool: what it lately did in this time."""
SMOOTHING = 0.3
TURN_SECONDS, LONGEST_TURN = 0.1, 16
"""How much of a pool's work a session is given at a time, and how many jobs at most: those of one moment end
together, and are decided in one commit."""


class Turns:
    """The jobs of one pool that wait to be published, by session; each session's are taken in order, the
    sessions in turn.

    A session of 2,000 steps has no more of its jobs ahead of a session of 5 than the window lets out. In a
    slow pool a turn is one job.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[str]] = {}
        self._order: deque[str] = deque()
        self._out: set[tuple[str, str]] = set()
        self._rate = 0.0
        self._settled = 0
        self.slots = 0
        """Jobs that the pool's workers run side by side."""

    @property
    def window(self) -> int:
        """How many jobs may be out: one for each slot, and beside them what lies ready."""
        return self.slots + max(FLOOR, int(self._rate * SECONDS))

    @property
    def turn(self) -> int:
        """How many jobs a session is given at a time."""
        return min(LONGEST_TURN, max(1, int(self._rate * TURN_SECONDS)))

    @property
    def ready(self) -> int:
        """How many wait to be published."""
        return sum(map(len, self._waiting.values()))

    @property
    def out(self) -> int:
        """How many are."""
        return len(self._out)

    def is_out(self, session: str, node: str) -> bool:
        """Whether the job of a node is out."""
        return (session, node) in self._out

    def add(self, session: str, node: str) -> None:
        """A node of a session is ready."""
        queue = self._waiting.get(session)
        if queue is None:
            self._waiting[session] = deque([node])
            self._order.append(session)
        else:
            queue.append(node)

    def settle(self, session: str, node: str) -> None:
        """A job that was out is done with."""
        if (session, node) in self._out:
            self._out.discard((session, node))
            self._settled += 1

    def measure(self, seconds: float) -> None:
        """Learn the pool's rate from what settled in the last `seconds`."""
        rate = self._settled / seconds
        self._rate = max(rate, (1 - SMOOTHING) * self._rate + SMOOTHING * rate)
        self._settled = 0

    def take(self) -> list[tuple[str, str]]:
        """The jobs that may go out now, fairly; they count as out from here on."""
        taken = []
        while self._order and len(self._out) < self.window:
            session = self._order.popleft()
            queue = self._waiting[session]
            for _ in range(min(self.turn, len(queue), self.window - len(self._out))):
                node = queue.popleft()
                self._out.add((session, node))
                taken.append((session, node))
            if queue:
                self._order.append(session)
            else:
                del self._waiting[session]
        return taken
