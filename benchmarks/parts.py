"""Makes the list of English verbs, adjectives and adverbs again from WordNet 3.0 (Debian's wordnet-base):

    python benchmarks/parts.py /usr/share/wordnet shared/reprise_research/languages/parts_en.tsv

Each line has a word and the parts of speech that it can be (`n`, `v`, `a`, `r`), the most frequent first in
the texts that WordNet's authors marked. Words that are nouns alone are left out, but for those that look like
forms of a verb, and so are adjectives and adverbs that those texts do not have.
"""

import argparse
import re
from collections import defaultdict
from pathlib import Path

FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
OF_SENSE = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
FORMS = ("ing", "ed")
"""Nouns that end so stand in the list: otherwise they would be taken for forms of a verb."""
PLAIN = re.compile(r"[a-z]{2,}")


def _is_told(lemma: str, kinds: set[str], seen: int) -> bool:
    if kinds == {"n"}:
        return lemma.endswith(FORMS)
    return "v" in kinds or seen > 0


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wordnet", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in (arguments.wordnet / "cntlist.rev").read_text("latin-1").splitlines():
        key, _, number = line.split()
        lemma, rest = key.split("%")
        counts[lemma][OF_SENSE[rest[0]]] += int(number)
    kinds: dict[str, set[str]] = defaultdict(set)
    for kind, name in FILES.items():
        for line in (arguments.wordnet / f"index.{name}").read_text("latin-1").splitlines():
            if not line.startswith(" "):
                kinds[line.split()[0]].add(kind)
    rows = {
        lemma: "".join(sorted(own, key=lambda kind: (-counts[lemma][kind], "nvar".index(kind))))
        for lemma, own in kinds.items()
        if PLAIN.fullmatch(lemma) and _is_told(lemma, own, sum(counts[lemma].values()))
    }
    for line in (arguments.wordnet / "verb.exc").read_text("latin-1").splitlines():
        form = line.split()[0]
        if PLAIN.fullmatch(form):
            rows.setdefault(form, "vn" if "n" in kinds[form] else "v")
    head = "# Parts of speech of English words that are no nouns alone, most frequent first: WordNet 3.0.\n"
    arguments.target.write_text(
        head + "".join(f"{word}\t{parts}\n" for word, parts in sorted(rows.items())), "utf-8"
    )


if __name__ == "__main__":
    main()
