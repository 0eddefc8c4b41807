"""What is wrong with a document is said in a caller's words: the field, and what it must be."""

import pytest
from pydantic import ValidationError

from reprise_contracts import asyncapi, commands, validation
from reprise_contracts.wire import Message
from reprise_gateway.doors.problems import invalid

SOURCES = [{"text": "a"}]


@pytest.mark.parametrize(
    ("model", "document", "said"),
    [
        (commands.BatchRequest, {"sources": SOURCES}, "topic is required."),
        (commands.BatchRequest, {"topic": "t", "sources": []}, "sources may not be empty."),
        (
            commands.BatchRequest,
            {"topic": "t" * 2001, "sources": SOURCES},
            "topic may have at most 2,000 characters.",
        ),
        (
            commands.BatchRequest,
            {"topic": "t", "sources": SOURCES * 1001},
            "sources may have at most 1,000 entries.",
        ),
        (commands.BatchRequest, {"topic": 1, "sources": SOURCES}, "topic must be a text."),
        (commands.BatchRequest, {"topic": "t", "sources": "a"}, "sources must be a list."),
        (commands.BatchRequest, {"topic": "t", "sources": SOURCES, "colour": 1}, "colour is not known here."),
        (
            commands.BatchRequest,
            {"topic": "t", "sources": [{"url": "ftp://a"}]},
            "sources.0.url must begin with http:// or https:// and have no spaces.",
        ),
        (commands.Target, {"steps": [0]}, "steps.0 must be at least 1."),
        (commands.Target, {"steps": ["x"]}, "steps.0 must be a whole number."),
        (
            commands.Target,
            {"phase": "phase9"},
            "phase must be 'phase0', 'phase1', 'phase2', 'phase3' or 'phase4'.",
        ),
        (commands.Target, {}, "phase is refused: name one of `phase`, `steps` and `stale`."),
        (commands.Options, {"dry_run": "perhaps"}, "dry_run must be true or false."),
        (
            commands.Options,
            {"language": "German!"},
            "language must be the code of a language, such as en, de or zh-Hans.",
        ),
        (commands.Options, {"force": "yes"}, "force must be true or false."),
        (commands.Options, {"refetch": 1}, "refetch must be true or false."),
        (commands.StartOptions, {"allow_partial": "true"}, "allow_partial must be true or false."),
        (commands.SessionRequest, {"topic": "t", "start": 0}, "start must be true or false."),
        (commands.EndCall, {"batch_id": "b", "delete": 1.0}, "delete must be true or false."),
        (commands.Options, {"max_tokens": True}, "max_tokens must be a whole number."),
        (commands.Target, {"stale": 1}, "stale must be true."),
        (
            commands.Rerun,
            {"command_id": "a b", "target": {"phase": "phase1"}},
            "command_id must be 1 to 128 letters, digits, - or _.",
        ),
    ],
)
def test_a_fault_is_said_in_words(model: type[Message], document: dict[str, object], said: str) -> None:
    """No word of the validating library and no pattern reaches a caller."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(document, extra="forbid")
    assert invalid(caught.value).detail == said


def test_every_pattern_of_the_contracts_has_words() -> None:
    """A pattern that nobody described would be shown as it is."""

    def patterns(schema: object) -> set[str]:
        if isinstance(schema, dict):
            own = {str(schema["pattern"])} if isinstance(schema.get("pattern"), str) else set()
            return own.union(*(patterns(value) for value in schema.values()))
        return set().union(*(patterns(value) for value in schema)) if isinstance(schema, list) else set()

    found = patterns(asyncapi.document())
    assert found
    assert found <= validation.PATTERNS.keys()
