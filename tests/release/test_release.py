"""What a stranger does with a release: builds it, installs the wheel into an empty environment, starts it,
and researches a text."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.release

ROOT = Path(__file__).parents[2]
STARTS = 120.0
"""Seconds that a first start may take."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both distributions, the wheel built from the source distribution and not from the
    checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts' folder of an environment with the wheel and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "-q", "--disable-pip-version-check"]
    part = subprocess.run(
        [sys.executable, ROOT / "deploy/locked.py", "all"], check=True, capture_output=True, text=True
    )
    (folder / "part.lock").write_text(part.stdout)
    for what in (
        ["install", "--require-hashes", "-r", "part.lock"],
        ["install", "--no-deps", str(wheel)],
        ["check"],
    ):
        subprocess.run([*pip, *what], check=True, capture_output=True, cwd=folder)
    return folder / "bin"


@pytest.fixture
def address(installed: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a stack that this installation runs."""
    ports = [free_port() for _ in range(3)]
    command = [
        str(installed / "reprise"),
        "up",
        "--state-dir",
        str(tmp_path / "state"),
        "--port",
        str(ports[0]),
    ]
    command += ["--nats-port", str(ports[1]), "--s3-port", str(ports[2])]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "REPRISE_", "VIRTUAL_ENV"))
    }
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as stack:
        url = f"http://127.0.0.1:{ports[0]}"
        try:
            until(lambda: get(f"{url}/readyz")[0] == 200, STARTS)
            yield url
        finally:
            stack.send_signal(signal.SIGTERM)
            stack.wait(60)


def test_the_wheel_carries_the_web_app_the_licence_and_the_types(wheel: Path) -> None:
    """Every package of ours is typed, and nothing that a user needs stays behind in the checkout."""
    names = zipfile.ZipFile(wheel).namelist()
    packages = {name.split("/")[0] for name in names if name.startswith("reprise_") and name.endswith(".py")}
    assert {f"{package}/py.typed" for package in packages} <= set(names)
    assert "reprise_gateway/static/index.html" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_what_the_readme_links_to_comes_with_the_source(built: Path) -> None:
    """Pages and pictures: no link of it leads out of the package into nothing."""
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = {str(parent) for name in names for parent in Path(name).parents}
    linked = re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / "README.md").read_text())
    assert len(linked) > 8
    assert [link for link in linked if "://" not in link and link not in names | folders] == []


def test_a_stranger_starts_it_and_researches_a_text(address: str, installed: Path, tmp_path: Path) -> None:
    """The page is served, and a research ends with a report that quotes the text."""
    assert b"<title>" in get(f"{address}/")[1]
    (tmp_path / "lake.txt").write_text(
        "The level of the lake fell by 40 centimetres last summer. The dry spring was the reason.", "utf-8"
    )
    command = [
        str(installed / "reprise"),
        "--server",
        address,
        "--json",
        "research",
        "lake.txt",
        "-t",
        "Why is the lake low?",
        "--follow",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    session = json.loads(done.stdout)["session_id"]
    status, report = get(f"{address}/sessions/{session}/report?format=md")
    assert status == 200 and b"fell by 40 centimetres" in report


def get(url: str) -> tuple[int, bytes]:
    """The status and the body of an answer; 0 where there is none."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # an address of this test
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def until(true: Callable[[], bool], seconds: float) -> None:
    """Ask again until it is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not start"
        time.sleep(0.5)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
