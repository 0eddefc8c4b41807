"""Print the part of requirements.lock that some extras of pyproject.toml need, for pip to install with
`--require-hashes`.

Standard library only: it runs before anything is installed. The lock file says of each package which others
ask for it; what is printed is what the extras name, and all that these ask for in turn.

    python deploy/locked.py research,office > part.lock; pip install --require-hashes --no-deps -r part.lock
    python deploy/locked.py --alone build    # without what the project itself needs
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OWN = "reprise-research"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def canonical(requirement: str) -> str:
    """The name that a requirement begins with, in the form in which names are compared."""
    found = NAME.match(requirement)
    assert found is not None, requirement  # noqa: S101 - a file of ours
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def named(project: Mapping[str, Any], extras: Iterable[str]) -> Iterator[str]:
    """The packages that the project and these extras name themselves; an extra may name another."""
    asked = [*project["dependencies"]]
    for extra in extras:
        asked += project["optional-dependencies"][extra]
    for requirement in asked:
        if canonical(requirement) == OWN:
            own = requirement[requirement.index("[") + 1 : requirement.index("]")]
            yield from named({**project, "dependencies": []}, own.replace(" ", "").split(","))
        else:
            yield canonical(requirement)


def entries(lock: str) -> dict[str, tuple[str, set[str]]]:
    """By package: its lines, and the packages that ask for it."""
    found: dict[str, tuple[str, set[str]]] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock):
        if NAME.match(block):
            lines, _, why = block.partition("    # via")
            askers = {canonical(word) for word in re.findall(r"[A-Za-z0-9][^\s#]*", why) if word[0] != "("}
            found[canonical(block)] = (lines.rstrip() + "\n", askers)
    return found


def part(lock: str, project: Mapping[str, Any], extras: Iterable[str]) -> str:
    """The lines of all that is needed."""
    there, needed = entries(lock), set(named(project, extras))
    assert needed <= set(there), f"run `make lock`: it lacks {needed - set(there)}"  # noqa: S101 - as above
    while more := {name for name, (_, askers) in there.items() if askers & needed} - needed:
        needed |= more
    return "".join(lines for name, (lines, _) in there.items() if name in needed)


if __name__ == "__main__":
    *options, extras = sys.argv[1:]
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    if options == ["--alone"]:
        document["dependencies"] = []
    wanted = [extra for extra in extras.split(",") if extra]
    sys.stdout.write(part((ROOT / "requirements.lock").read_text(), document, wanted))
