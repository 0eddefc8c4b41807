"""The message contract is a valid AsyncAPI document, and every message that it names is made here and fits
its own schema."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from contract.examples import example
from reprise_contracts import asyncapi
from reprise_contracts.wire import Message
from reprise_runtime.nats.rights import rights
from reprise_runtime.roles import OUTSIDE

PARSER = Path(__file__).parent / "asyncapi"
MESSAGES = {
    model.__name__: model for channel in asyncapi.channels() for model in (*channel.messages, *channel.reply)
}
CHECK = """
import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';
const {Parser} = createRequire(process.argv[1])('@asyncapi/parser');
const {document, diagnostics} = await new Parser().parse(readFileSync(0, 'utf8'));
const errors = diagnostics.filter((found) => found.severity === 0)
  .map((found) => `${found.path.join('.')}: ${found.message}`);
console.log(JSON.stringify({errors, channels: document?.channels().all().length ?? 0}));
"""


def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(asyncapi.document()))
    return made


def test_the_document_names_every_message_of_the_table_and_no_other() -> None:
    assert set(document()["components"]["messages"]) == set(MESSAGES)


@pytest.mark.parametrize("model", MESSAGES.values(), ids=lambda model: model.__name__)
def test_a_message_fits_the_schema_that_others_read_of_it(model: type[Message]) -> None:
    """As it is sent: what a reader in another language makes of the document takes it."""
    schemas = document()["components"]["schemas"]
    wanted = {"$ref": f"#/components/schemas/{model.__name__}", "components": {"schemas": schemas}}
    jsonschema_rs.validate(wanted, json.loads(example(model).encode()))


def test_any_client_is_said_of_what_the_outside_user_may_publish_and_of_nothing_else() -> None:
    """The page, the document and the server's permissions agree on who may send what."""
    allowed = rights(OUTSIDE).publish
    may_publish = {
        channel.name
        for channel in asyncapi.channels()
        if any(_covers(wildcard, channel.address) for wildcard in allowed)
    }
    assert may_publish == {
        channel.name for channel in asyncapi.channels() if channel.sender == asyncapi.ANYONE
    }
    operations = document()["operations"]
    assert may_publish == {name for name, operation in operations.items() if operation["action"] == "receive"}


def _covers(wildcard: str, address: str) -> bool:
    """Whether a permission lets a message with such an address through: `*` stands for one token, `>` for the
    rest."""
    tokens, wanted = address.split("."), wildcard.split(".")
    if wanted[-1] == ">":
        wanted, tokens = wanted[:-1], tokens[: len(wanted) - 1]
    return len(tokens) == len(wanted) and all(
        want in ("*", token) for want, token in zip(wanted, tokens, strict=True)
    )


def test_every_reference_leads_somewhere() -> None:
    made = document()

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(found := part.get("$ref"), str):
                place: Any = made
                for step in found.removeprefix("#/").split("/"):
                    place = place[step]
            for inner in part.values():
                walk(inner)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)

    walk(made)


def test_the_official_parser_takes_it() -> None:
    """AsyncAPI's own parser finds no error, and as many channels as the table has. `make test` installs
    it."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    node = shutil.which("node", path=path)
    if node is None or not (PARSER / "node_modules" / "@asyncapi" / "parser").is_dir():
        pytest.skip("AsyncAPI's parser is not installed: `make test` does it, with npm")
    program = [node, "--input-type=module", "-e", CHECK, str(PARSER / "package.json")]
    done = subprocess.run(
        program, input=json.dumps(document()), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["errors"] == [] and found["channels"] == len(asyncapi.channels())
