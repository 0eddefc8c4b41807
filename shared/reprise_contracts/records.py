"""What an attempt was told from outside: every call to a model, by the hash of its exact question, and all
that the attempt read (R32).

One object beside each artifact that was made with calls. The artifact names it by its hash (`Meta.record`),
it is swept with the artifact, and it alone, with the stored texts, makes the artifact again, byte for byte.
"""

import gzip

from pydantic import Field

from reprise_contracts.jobs import Job
from reprise_contracts.wire import Malformed, Message, Sha256, digest


class CallAnswer(Message):
    """One call: what was asked, by its hash, and what came."""

    question: Sha256
    where: str = ""
    text: str = ""
    cut: str = ""
    """Why it is not all, if it is not."""
    refused: str = ""
    """In the endpoint's words, why it took no question of this length; then there is no text."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    counted: bool = False
    """Whether the endpoint counted them."""
    most_tokens: int = 0
    """What it might have cost, which had to be free before it was asked (R29)."""
    seconds: float = 0.0


class CallRecord(Message):
    """Everything that one attempt was told, and read."""

    job: Job
    profile: dict[str, str] = Field(default_factory=dict)
    """What was known of the endpoint when the attempt began, and settings that shape a question."""
    calls: tuple[CallAnswer, ...] = ()
    inputs: dict[str, str] = Field(default_factory=dict)
    """By node: the artifacts that it read, whole."""
    previous: str = ""
    """The artifact of the node before, where it was read."""

    def packed(self) -> bytes:
        """As it is stored. Equal records have equal bytes."""
        return gzip.compress(self.encode(), 6, mtime=0)

    @classmethod
    def unpacked(cls, data: bytes) -> "CallRecord":
        """What `packed` made; raises `Malformed`."""
        try:
            return cls.decode(gzip.decompress(data))
        except (OSError, EOFError, gzip.BadGzipFile) as error:
            raise Malformed(f"CallRecord: {error}") from error


def question_of(model: str, messages: object, schema: object, answer: int) -> str:
    """The hash that names a question: all that can change its answer, and nothing of where or when it is
    asked."""
    return digest([model, messages, schema, answer])
