"""What is written for a deployment agrees with the code that it deploys."""

import contextlib
import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from reprise_cli.commands.bootstrap import variable_users
from reprise_cli.commands.doctor import flattened
from reprise_contracts.nodes import PHASES
from reprise_runtime.nats.connection import WORKS_WITH
from reprise_runtime.roles import ROLES
from reprise_runtime.s3.rights import WRITES, user_of
from reprise_runtime.settings import Settings, Timings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
_spec = importlib.util.spec_from_file_location("locked", ROOT / "deploy/locked.py")
assert _spec is not None and _spec.loader is not None
locked = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(locked)
OLDEST = "3.11.2"
"""The Python of Debian 12, the oldest that everything has to install on."""


def test_the_users_of_the_nats_servers_are_those_of_the_code() -> None:
    """The file is generated: who changes a right makes it anew."""
    assert (ROOT / "deploy/nats/users.conf").read_text() == variable_users(), (
        "run: reprise bootstrap --nats-users > deploy/nats/users.conf"
    )


def test_every_secret_comes_from_the_environment_and_has_no_default() -> None:
    """Whoever starts the file without secrets is told what to do, and no password stands in it."""
    for role in ROLES:
        assert f"${{REPRISE_SECRETS__{role.upper()}:?run deploy/make-env}}" in COMPOSE
    assert "${REPRISE_AUTH__TOKENS:?" in COMPOSE
    values = re.findall(r"(?:PASSWORD|SECRET_KEY|SECRETS__[A-Z0-9]+|API_KEY):[ ]?([^\n},]*)", COMPOSE)
    assert len(values) > 20
    assert [value for value in values if not re.match(r"$|\*|(?:&\w+ )?\$\{\w+:\?|:\?", value)] == []


def test_every_setting_can_be_set_beside_the_compose_file() -> None:
    """In `.env`, but for what the file or the image decides: a line there that did nothing would mislead
    whoever wrote it."""
    decided = {
        "NATS__CREDS",
        "NATS__INBOX_PREFIX",
        "SECRETS",
        "SYNC",
        "LOG__FORMAT",
        "STATE_DIR",
        "HOST",
        "PORT",
    }
    known = {name for name, _ in flattened(Settings.model_construct().public())}
    named = set(re.findall(r"^ +(REPRISE_\w+):", COMPOSE, re.MULTILINE))
    assert known - named == {f"REPRISE_{name}" for name in decided}
    assert {name for name in named if name not in known} == {
        f"REPRISE_SECRETS__{role.upper()}" for role in ROLES
    }


def test_every_service_runs_as_its_own_user() -> None:
    """On NATS all of them, in the store those that have something to do there; only bootstrap has the
    operator's rights."""
    for role in ("gateway", "orchestrator", "scheduler", *PHASES):
        assert f"REPRISE_NATS__USER: {role}" in COMPOSE
        assert (f"REPRISE_S3__ACCESS_KEY: {user_of(role)}\n" in COMPOSE) == (role in WRITES)
    assert COMPOSE.count("REPRISE_NATS__USER: admin") == 1


def test_the_import_says_which_nats_client_works_where_a_private_method_is_gone() -> None:
    """A release without it is told by its version, at once, and with what to install: the bounds of the
    project."""
    program = (
        "from nats.aio.client import Client; del Client._process_info; import reprise_runtime.nats.connection"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{ROOT / 'shared'}"},
    )
    assert done.returncode == 1
    version = metadata.version("nats-py")
    assert f"ImportError: nats-py {version} has no _process_info: pip install '{WORKS_WITH}'" in done.stderr
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert WORKS_WITH in project["dependencies"]


def images() -> dict[str, str]:
    """The images of the one file that names them, by service, as they are without settings."""
    document = yaml.safe_load((ROOT / "deploy/images.yml").read_text())
    found = {name: service["image"] for name, service in document["services"].items()}
    found["base"] = document["services"]["build"]["build"]["args"]["BASE_IMAGE"]
    return {name: re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", value) for name, value in found.items()}


def test_every_image_has_a_version_and_reprise_its_own() -> None:
    """No `latest`, nothing without a tag: what is started tomorrow is what was tried today."""
    for name, value in images().items():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?", value), (name, value)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert images()["reprise"] == images()["build"] == f"reprise:{version}"


def test_what_the_web_app_is_built_from_is_where_the_image_is_built() -> None:
    """Whatever a page takes from outside its own folder is copied beside it, where the image is built."""
    web = ROOT / "services/web"
    outside = {
        (path.parent / found).resolve().relative_to(ROOT).parts[0]
        for path in web.joinpath("src").rglob("*.ts*")
        for found in re.findall(r'from "(\.\.?/[^"?]+)', path.read_text())
        if not (path.parent / found).resolve().is_relative_to(web)
    }
    assert outside
    dockerfile, context = (ROOT / "deploy/Dockerfile").read_text(), (ROOT / ".dockerignore").read_text()
    for folder in outside:
        assert f"COPY {folder} /{folder}\n" in dockerfile and f"!{folder}\n" in context


def test_no_image_is_named_outside_the_file() -> None:
    """The compose files take every image from it, or from a setting that has no default; so do the Dockerfile
    and the Makefile."""
    for path in (ROOT / "docker-compose.yml", *(ROOT / "deploy").glob("compose.*.yml")):
        for name, service in yaml.safe_load(path.read_text())["services"].items():
            named = str(service.get("image", ""))
            assert re.fullmatch(r"|\$\{\w+:\?[^}]*\}", named), (path.name, name, named)
            if path.name == "docker-compose.yml":
                assert service["extends"]["file"] == "deploy/images.yml", name
    written = [ROOT / "deploy/Dockerfile", ROOT / "Makefile", *(ROOT / "tests/containers").glob("*.py")]
    repositories = {value.partition(":")[0] for value in images().values()} - {"reprise", "nats"}
    for path in written:
        text = path.read_text()
        assert ":latest" not in text and not [
            repository for repository in repositories if f"{repository}:" in text
        ], path


def test_the_search_engine_answers_the_workers_and_nobody_else() -> None:
    """Its settings allow the JSON that the workers read, its secret is made, and no port leads to it."""
    service = yaml.safe_load(COMPOSE)["services"]["searxng"]
    assert service["profiles"] == ["search"] and "ports" not in service
    assert service["environment"] == {"SEARXNG_SECRET": "${SEARXNG_SECRET:?run deploy/make-env}"}
    (mounted,) = service["volumes"]
    settings = yaml.safe_load((ROOT / mounted.partition(":")[0]).read_text())
    assert settings["search"]["formats"] == ["html", "json"] and settings["server"]["limiter"] is False
    assert "secret_key" not in settings["server"]


def test_containers_have_limits_and_an_end_to_their_logs_and_time_to_drain() -> None:
    """Whatever goes wrong in one, the machine stays usable; a service is not killed while it drains."""
    document = yaml.safe_load(COMPOSE)
    once = {"bootstrap", "store-files", "cli"}
    for name, service in document["services"].items():
        if name != "cli":
            assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}, name
        if name not in once:
            assert "mem_limit" in service, name
    for role in ("gateway", "orchestrator", "scheduler", *(f"worker-{phase}" for phase in PHASES)):
        grace = document["services"][role]["stop_grace_period"]
        assert grace == "1m${REPRISE_TIMINGS__DRAIN:-20}s", role
    assert Timings().drain == 20


def test_the_parts_of_the_lock_file_have_hashes_and_all_that_they_need() -> None:
    """Each extra's part holds what the installed packages of it ask for, on this machine."""
    lock, project = (
        (ROOT / "requirements.lock").read_text(),
        tomllib.loads((ROOT / "pyproject.toml").read_text())["project"],
    )
    assert "://" not in lock
    for extras in ((), ("research", "office"), ("gateway", "mcp"), ("cli", "operate")):
        taken = locked.entries(locked.part(lock, project, extras))
        for lines, _ in taken.values():
            assert "--hash=sha256:" in lines
        for name in taken:
            with contextlib.suppress(metadata.PackageNotFoundError):
                for text in metadata.requires(name) or ():
                    needs = Requirement(text)
                    if needs.marker is None or needs.marker.evaluate({"extra": ""}):
                        assert locked.canonical(needs.name) in taken, (extras, name, text)


def test_every_pinned_version_installs_on_the_oldest_python() -> None:
    """A release may ask for a later patch of Python than the one that made the lock file noticed."""
    pinned = dict(re.findall(r"^(\S+)==([^\s;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    asked = {
        found.name: found.metadata["Requires-Python"]
        for found in metadata.distributions()
        if pinned.get(found.name) == found.version
    }
    assert len(asked) > 80
    assert {
        name: needs for name, needs in asked.items() if needs and not SpecifierSet(needs).contains(OLDEST)
    } == {}
