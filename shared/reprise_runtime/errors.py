"""The one error tree. Whether trying again can help is the class; whose fault it is says the docstring.

RepriseError
├── Retryable            nothing is wrong with what was asked: the same again may succeed
│   ├── Unavailable      a server does not answer, or is not there yet
│   │   └── NotPermitted the server's rights do not allow it: an operator has to, nothing is lost meanwhile
│   ├── PublishTimeout   no confirmation came; the message may be stored all the same
│   ├── StoreUnavailable the object store does not answer, or answers 5xx
│   ├── Conflict         a compare-and-set append lost: read again, decide again
│   ├── StreamFull       a stream that discards new messages has no room
│   │   └── NoRoom       JetStream as a whole has none: an operator has to make some, nothing is lost
│   │                    meanwhile
│   └── Reset            the stream followed is not the one that it was: start from a snapshot
├── Terminal             the same again fails again
│   ├── ObjectMissing    no such object: a pointer is older than a sweep
│   ├── ObjectCorrupt    the bytes are not the ones that were named
│   └── Refused          a rule or a limit says no; carries the problem
└── AlreadyHeld          not a failure: what was to be stored is still there
"""

from reprise_contracts.problems.model import Problem


class RepriseError(Exception):
    """Anything that went wrong in an effect."""


class Retryable(RepriseError):
    """The same again may succeed."""


class Unavailable(Retryable):
    """A server does not answer, or is not there yet."""


class NotPermitted(Unavailable):
    """The NATS user may not do this. Retryable: what waits is kept until its rights are mended."""


class PublishTimeout(Retryable):
    """No confirmation came in time. The message may be stored: publish again under the same id."""


class StoreUnavailable(Retryable):
    """The object store does not answer, or has a fault of its own."""


class Conflict(Retryable):
    """Somebody else appended first: read again and decide again."""


class StreamFull(Retryable):
    """The stream takes no new messages until some are done."""


class NoRoom(StreamFull):
    """JetStream is at its limit of disk or memory, or cannot reserve what a stream may take. What waits is
    kept until there is room."""

    advice = (
        "give JetStream more disk or memory (`max_file_store`, `max_memory_store`, or a larger disk), let "
        "streams take less "
        "(REPRISE_LIMITS__…), or delete batches; what waits goes on by itself"
    )


class Reset(Retryable):
    """The stream was created anew since; positions in it mean nothing any more."""


class Terminal(RepriseError):
    """The same again fails again."""


class ObjectMissing(Terminal):
    """There is no such object."""


class ObjectCorrupt(Terminal):
    """The stored bytes do not have the hash that was named."""


class Refused(Terminal):
    """A rule or a limit says no. `problem` says which and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class AlreadyHeld(RepriseError):
    """The stream still holds a message on this subject and keeps one only: there is nothing to do."""
