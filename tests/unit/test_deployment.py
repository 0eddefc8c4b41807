"""What is written for a deployment agrees with the code that it deploys."""

import re
from importlib import metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet

from reprise_cli.commands.bootstrap import variable_users
from reprise_cli.commands.doctor import flattened
from reprise_contracts.nodes import PHASES
from reprise_runtime.roles import ROLES
from reprise_runtime.s3.rights import WRITES, user_of
from reprise_runtime.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
OLDEST = "3.11.2"
"""The Python of Debian 12, the oldest that everything has to install on."""


def test_the_users_of_the_nats_servers_are_those_of_the_code() -> None:
    """The file is generated: who changes a right makes it anew."""
    assert (ROOT / "deploy/nats/users.conf").read_text() == variable_users(), "run: reprise bootstrap --nats-users > deploy/nats/users.conf"


def test_every_secret_comes_from_the_environment_and_has_no_default() -> None:
    """Whoever starts the file without secrets is told what to do, and no password stands in it."""
    for role in ROLES:
        assert f"${{REPRISE_SECRETS__{role.upper()}:?run deploy/make-env}}" in COMPOSE
    assert "${REPRISE_AUTH__TOKENS:?" in COMPOSE
    values = re.findall(r"(?:PASSWORD|SECRET_KEY|SECRETS__[A-Z0-9]+|API_KEY):[ ]?([^\n},]*)", COMPOSE)
    assert len(values) > 20
    assert [value for value in values if not re.match(r"$|\*|(?:&\w+ )?\$\{\w+:\?|:\?", value)] == []


def test_every_setting_can_be_set_beside_the_compose_file() -> None:
    """In `.env`, but for what the file or the image decides: a line there that did nothing would mislead whoever wrote it."""
    decided = {"NATS__CREDS", "NATS__INBOX_PREFIX", "SECRETS", "SYNC", "LOG__FORMAT", "STATE_DIR", "HOST", "PORT"}
    known = {name for name, _ in flattened(Settings.model_construct().public())}
    named = set(re.findall(r"^ +(REPRISE_\w+):", COMPOSE, re.MULTILINE))
    assert known - named == {f"REPRISE_{name}" for name in decided}
    assert {name for name in named if name not in known} == {f"REPRISE_SECRETS__{role.upper()}" for role in ROLES}


def test_every_service_runs_as_its_own_user() -> None:
    """On NATS all of them, in the store those that have something to do there; only bootstrap has the operator's rights."""
    for role in ("gateway", "orchestrator", "scheduler", *PHASES):
        assert f"REPRISE_NATS__USER: {role}" in COMPOSE
        assert (f"REPRISE_S3__ACCESS_KEY: {user_of(role)}\n" in COMPOSE) == (role in WRITES)
    assert COMPOSE.count("REPRISE_NATS__USER: admin") == 1


def test_every_pinned_version_installs_on_the_oldest_python() -> None:
    """A release may ask for a later patch of Python than the one that made the lock file noticed."""
    pinned = dict(line.split("==") for line in (ROOT / "requirements.lock").read_text().split() if "==" in line)
    asked = {found.name: found.metadata["Requires-Python"] for found in metadata.distributions() if pinned.get(found.name) == found.version}
    assert len(asked) > 80
    assert {name: needs for name, needs in asked.items() if needs and not SpecifierSet(needs).contains(OLDEST)} == {}
