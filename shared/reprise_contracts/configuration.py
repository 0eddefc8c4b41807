"""What a front end may offer: `GET /config`."""

from typing import Literal

from reprise_contracts.wire import Message

Role = Literal["viewer", "researcher", "operator"]
"""What a caller may do: look; also start, change and end research; also run the installation. Each includes
those before it."""
Dialect = Literal["reprise", "deep-insights"]
"""In which shapes frames are sent; see `dialects`."""


class Endpoint(Message):
    """Where an engine with a model sends what it reads."""

    host: str
    """Empty without an endpoint: no engine that needs a model can work."""
    leaves_machine: bool


class Features(Message):
    """What the outside may use."""

    phase_rerun: bool
    step_rerun: bool
    plan_edit: bool


class ReportLanguages(Message):
    """Codes of the languages that a report can be asked for in."""

    extractive: tuple[str, ...]
    others: tuple[str, ...]


class Limits(Message):
    """How much one request may hold: bytes of a file, sources at once, characters of a topic and of
    guidance."""

    upload_bytes: int
    sources: int
    topic: int
    guidance: int


class TopicLanguage(Message):
    """In which language a topic is."""

    language: str | None = None
    """Its code; None where it cannot be told."""


class Config(Message):
    """What the front end may offer, and who asks."""

    version: str
    engine: str
    """The engine that works where none is chosen."""
    engines: tuple[str, ...]
    model: str
    endpoint: Endpoint
    features: Features
    formats: tuple[str, ...]
    """Of a report as a file."""
    kinds: tuple[str, ...]
    """Endings of files that can be read, each with its dot."""
    searchers: tuple[str, ...] = ()
    """Names of the providers that a search can ask."""
    languages: ReportLanguages
    limits: Limits
    auth: bool
    """Whether callers have to say who they are."""
    caller: str
    role: Role
