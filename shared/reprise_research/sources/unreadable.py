"""What a parser says of a document that it refuses, within the process that parses."""


class Unreadable(Exception):
    """A document that cannot be read: `reason` names why (a `FailureReason`), the message says it in a
    sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
