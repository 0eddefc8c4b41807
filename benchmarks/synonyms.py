"""Makes the list of English words of one meaning again from WordNet 3.0 (Debian's wordnet-base):

    python benchmarks/synonyms.py /usr/share/wordnet shared/reprise_research/judging/synonyms.tsv

Each line has a word, or a verb with what completes it (`turn down`), and the numbers of the meanings that it
shares with others, each with its part of speech. Of a word only those meanings are told that it has in the
texts that WordNet's authors marked; of verbs of two words, which they hardly mark, all.
"""

import argparse
import re
from collections import defaultdict
from pathlib import Path

FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
OF_SENSE = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
PLAIN = re.compile(r"[a-z]{3,}")
VERB = re.compile(r"[a-z]{2,}_[a-z]{2,}")


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wordnet", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    seen: dict[tuple[str, str, int], int] = defaultdict(int)
    for line in (arguments.wordnet / "cntlist.rev").read_text("latin-1").splitlines():
        key, number, count = line.split()
        lemma, rest = key.split("%")
        seen[lemma, OF_SENSE[rest[0]], int(number)] += int(count)
    words: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind, name in FILES.items():
        for line in (arguments.wordnet / f"index.{name}").read_text("latin-1").splitlines():
            if line.startswith(" "):
                continue
            fields = line.split()
            for number, place in enumerate(fields[6 + int(fields[3]) :], 1):
                plain = PLAIN.fullmatch(fields[0]) and seen[fields[0], kind, number]
                if plain or (kind == "v" and VERB.fullmatch(fields[0])):
                    words[kind, place].add(fields[0])
    shared: dict[str, list[str]] = defaultdict(list)
    meanings = [(key[0], own) for key, own in sorted(words.items()) if any(PLAIN.fullmatch(w) for w in own)]
    for number, (kind, own) in enumerate((kind, own) for kind, own in meanings if len(own) > 1):
        for word in own:
            shared[word.replace("_", " ")].append(f"{number}{kind}")
    head = "# English words of one meaning, and the numbers of their meanings: WordNet 3.0.\n"
    lines = (f"{word}\t{' '.join(numbers)}\n" for word, numbers in sorted(shared.items()))
    arguments.target.write_text(head + "".join(lines), "utf-8")


if __name__ == "__main__":
    main()
