"""How often the judge of statements is right: labelled pairs in thirteen languages and twelve fields, written
without knowing it.

`statements/seen.jsonl` are pairs that its authors have looked at, `statements/kept_back.jsonl` pairs that
they judge by and do not tune on. Precision says how often a word that was said is true, recall how often it
is said where it would be true.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprise_research.judging import Relation, judge
from reprise_research.meaning import encoder

FOLDER = Path(__file__).parent / "statements"
SAID = (Relation.AGREEMENT, Relation.DISPUTE, Relation.COPY)


@dataclass(frozen=True)
class Labelled:
    """A pair and what is right of it."""

    one: str
    other: str
    codes: tuple[str, str]
    right: Relation


def pairs(path: Path) -> Iterator[Labelled]:
    """The pairs of a file."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield Labelled(
            row["one"],
            row["other"],
            (row["language"], row.get("other_language") or row["language"]),
            Relation(row["verdict"]),
        )


def main() -> None:
    """Print a table for each file: English, the other languages, and pairs across two languages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=sorted(FOLDER.glob("*.jsonl")))
    parser.add_argument("--words-alone", action="store_true", help="without the encoder")
    parser.add_argument("--wrong", action="store_true", help="print what was said and is not right")
    arguments = parser.parse_args()
    meaning = None if arguments.words_alone else encoder()
    print(
        "| pairs | languages | verdict | right of said | precision | said of right | recall |\n| --- | --- | "
        "--- | --- | --- | --- | --- |"
    )
    for path in arguments.files:
        said: Counter[tuple[str, Relation, Relation]] = Counter()
        for pair in pairs(path):
            found = judge(pair.one, pair.other, pair.codes, meaning).relation
            kind = (
                "across two"
                if pair.codes[0] != pair.codes[1]
                else "English"
                if pair.codes[0] == "en"
                else "the others"
            )
            said[kind, pair.right, found] += 1
            if arguments.wrong and found in SAID and found is not pair.right:
                print(f"{pair.codes} {pair.right} was called {found}: {pair.one} || {pair.other}")
        for kind in ("English", "the others", "across two"):
            for verdict in SAID:
                hits = said[kind, verdict, verdict]
                told = sum(number for (k, _, f), number in said.items() if k == kind and f is verdict)
                known = sum(number for (k, r, _), number in said.items() if k == kind and r is verdict)
                precision = f"{hits / told:.2f}" if told else "–"
                recall = f"{hits / known:.2f}" if known else "–"
                print(
                    f"| {path.stem} | {kind} | {verdict} | {hits} of {told} | {precision} | {hits} of "
                    f"{known} | {recall} |"
                )


if __name__ == "__main__":
    main()
