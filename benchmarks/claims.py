"""What the checks of a model's claims see without a reader: `python benchmarks/claims.py`.

Each line of `benchmarks/claims/CODE.txt` and `CODE_kept_back.txt` is a passage with a claim that it carries
and one that it does not, and what makes the second one false. They were written before anybody looked at
what is caught, on fields that the samples do not touch. A claim counts as refused where code objects to it
or doubts it, which is all that stands between a false claim and the report where no reader is asked
(`REPRISE_LLM__CHECK=false`).
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from reprise_research.llm.grounding import contradiction, objection

FOLDER = Path(__file__).parent / "claims"
SETS = ("en", "de", "zh", "en_kept_back", "de_kept_back")


class Case(NamedTuple):
    """A passage, a claim that it carries, one that it does not, and what is wrong with that one."""

    kind: str
    passage: str
    right: str
    false: str


def cases(name: str) -> list[Case]:
    """The cases of one set."""
    lines = (FOLDER / f"{name}.txt").read_text("utf-8").splitlines()
    return [Case(*line.split("|")) for line in lines]


def refused(claim: str, passage: str) -> str:
    """Why a claim is refused without a reader; empty if it stands."""
    return objection(claim, (passage,)) or contradiction(claim, (passage,))


def main() -> None:
    """Print a table, and with `--each` every claim that is judged wrongly."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--each", action="store_true", help="show what is judged wrongly")
    each = asked.parse_args().each
    sys.stdout.write("| set | right ones kept | false ones refused | by kind |\n| --- | --- | --- | --- |\n")
    for name in SETS:
        own = cases(name)
        kept = [case for case in own if not refused(case.right, case.passage)]
        caught = [case for case in own if refused(case.false, case.passage)]
        every, some = Counter(case.kind for case in own), Counter(case.kind for case in caught)
        kinds = ", ".join(f"{kind} {some[kind]} of {count}" for kind, count in sorted(every.items()))
        sys.stdout.write(f"| {name} | {len(kept)} of {len(own)} | {len(caught)} of {len(own)} | {kinds} |\n")
        if each:
            for case in own:
                if why := refused(case.right, case.passage):
                    sys.stdout.write(f"  refused though right: {case.right} ({why})\n")
                if case not in caught:
                    sys.stdout.write(f"  kept though false ({case.kind}): {case.false}\n")


if __name__ == "__main__":
    main()
