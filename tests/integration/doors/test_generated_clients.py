"""Clients that strangers' generators make of `/openapi.json` start, preview, rerun and read. The programs are
in `tests/contract/openapi`; `make test` installs the generators."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from integration.doors.house import House
from stack import ROOT

HERE = ROOT / "tests" / "contract" / "openapi"
GENERATOR = HERE / ".venv" / "bin" / "openapi-python-client"
SCRIPTS = HERE / "node_modules" / ".bin"
PATH = os.pathsep.join(
    [str(GENERATOR.parent), os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)]
)
MISSING = "The generators of clients are not installed: `make test` does it"


def run(*command: object, folder: Path) -> str:
    """What a program prints; its failure fails the test, in its words."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=os.environ | {"PATH": PATH, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture
def contract(house: House, tmp_path: Path) -> Path:
    """The contract as the gateway tells it, in a folder of the test's own."""
    answer = httpx.get(f"{house.url}/openapi.json", trust_env=False)
    (tmp_path / "openapi.json").write_text(answer.text)
    return tmp_path


def check(printed: str, command: str) -> None:
    found = json.loads(printed)
    assert (found["run"], found["command"], found["outcome"]) == (["phase2"], command, "completed")
    assert (found["fresh"], found["moved"], len(found["steps"])) == ("fresh", True, 2)
    assert found["report"].startswith("#") and found["problem"] == "/problems/not_found"


def test_a_python_client(house: House, contract: Path) -> None:
    if not GENERATOR.exists():
        pytest.skip(MISSING)
    arguments = ("generate", "--path", "openapi.json", "--output-path", "generated_client", "--meta", "none")
    told = run(GENERATOR, *arguments, folder=contract)
    assert "may be missing" not in told, told
    check(
        run(GENERATOR.parent / "python", HERE / "program.py", house.url, folder=contract).splitlines()[-1],
        "generated-1",
    )


def test_a_typescript_client(house: House, contract: Path) -> None:
    node = shutil.which("node", path=PATH)
    if node is None or not (SCRIPTS / "openapi-typescript").exists():
        pytest.skip(MISSING)
    for name in ("program.ts", "tsconfig.json", "package.json"):
        shutil.copy(HERE / name, contract)
    (contract / "node_modules").symlink_to(HERE / "node_modules")
    flags = ("-o", "schema.d.ts", "--default-non-nullable", "false")  # what has a default may be left out
    run(SCRIPTS / "openapi-typescript", "openapi.json", *flags, folder=contract)
    run(SCRIPTS / "tsc", "-p", ".", folder=contract)
    check(run(node, "program.js", house.url, folder=contract).splitlines()[-1], "generated-2")
