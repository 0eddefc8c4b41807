"""What an orchestrator has just decided, for a scheduler in the same process: it need neither decode nor fold
again what is known there.

A memory and no more: who does not find something here reads it from the log. May be used by several threads.
"""

from collections import OrderedDict
from threading import Lock

from reprise_contracts.events import Commit
from reprise_domain.state import Session

_COMMITS, _SESSIONS = 1024, 512


class Handover:
    """The last commits by their bytes, and the last state of each session."""

    def __init__(self) -> None:
        self._commits: OrderedDict[bytes, Commit] = OrderedDict()
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = Lock()

    def appending(self, data: bytes, commit: Commit) -> None:
        """A commit is about to be appended as these bytes."""
        with self._lock:
            self._commits[data] = commit
            while len(self._commits) > _COMMITS:
                self._commits.popitem(last=False)

    def commit(self, data: bytes) -> Commit | None:
        """The commit that has these bytes, once: its only reader need not decode them."""
        with self._lock:
            return self._commits.pop(data, None)

    def stands(self, session: Session) -> None:
        """A session stands so after its last commit."""
        with self._lock:
            self._sessions[session.session_id] = session
            self._sessions.move_to_end(session.session_id)
            while len(self._sessions) > _SESSIONS:
                self._sessions.popitem(last=False)

    def session(self, session_id: str, seq: int) -> Session | None:
        """The session as it stands after the commit at `seq`; None if it is not known, or has moved on."""
        with self._lock:
            found = self._sessions.get(session_id)
        return found if found is not None and found.seq == seq else None
