"""The wire is stable: what was written once is read for ever, and what is written today is what was written
then."""

import os
from pathlib import Path

import pytest

from contract.examples import example, models
from reprise_contracts import asyncapi
from reprise_contracts.wire import Malformed, Message

GOLDEN = Path(__file__).parent / "golden"
DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_a_message_is_written_as_its_golden_file_and_read_back(model: type[Message]) -> None:
    """v1 only grows: a changed file is a changed wire. New messages write theirs with
    REPRISE_WRITE_GOLDEN=1."""
    file = GOLDEN / f"{model.__name__}.json"
    message = example(model)
    if os.environ.get("REPRISE_WRITE_GOLDEN") and not file.exists():
        file.write_bytes(message.encode() + b"\n")
    assert message.encode() == file.read_bytes().strip()
    assert model.decode(file.read_bytes()) == message


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_an_unknown_field_is_left_aside(model: type[Message]) -> None:
    """An old reader survives a newer writer."""
    data = (GOLDEN / f"{model.__name__}.json").read_bytes().strip()
    assert model.decode(data[:-1] + (b"," if data != b"{}" else b"") + b'"of_tomorrow":[1]}') == example(
        model
    )


def test_every_golden_file_has_its_message() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == {model.__name__ for model in models()}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"command_id": "no spaces please"}', b"\xff"])
def test_what_is_no_message_says_why(data: bytes) -> None:
    with pytest.raises(Malformed, match="CreateBatch: "):
        asyncapi.commands.CreateBatch.decode(data)


def test_the_page_of_messages_is_the_one_that_the_contracts_make() -> None:
    assert (DOCS / "messages.md").read_text() == asyncapi.markdown(), (
        "run: python -m reprise_contracts.asyncapi > docs/messages.md"
    )
