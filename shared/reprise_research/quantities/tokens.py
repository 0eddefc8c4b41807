"""A folded text as words, numbers and marks."""

import re
from dataclasses import dataclass
from functools import lru_cache

_MARKS = "\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
WORD = re.compile(rf"[^\W\d_][^\W\d_{_MARKS}]*(?:[{_MARKS}]+[^\W\d_{_MARKS}]*)*")
_TOKEN = re.compile(rf"(?P<d>\d+(?:[.,'٫٬]\d+)*)|(?P<w>{WORD.pattern})|(?P<s>[^\s\w]|_|\w)")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Parallel lists: the token, where it begins and ends, and `d` (digits), `w` (word) or `s` (one other
    character)."""

    words: list[str]
    starts: list[int]
    ends: list[int]
    kinds: list[str]

    def __len__(self) -> int:
        return len(self.words)

    def touches(self, index: int) -> bool:
        """Whether no space stands before a token."""
        return index > 0 and self.starts[index] == self.ends[index - 1]


@lru_cache(maxsize=256)
def tokenize(low: str) -> Tokens:
    """Return the tokens of a folded text in lower case."""
    found = Tokens([], [], [], [])
    for match in _TOKEN.finditer(low):
        found.words.append(match[0])
        found.starts.append(match.start())
        found.ends.append(match.end())
        found.kinds.append(match.lastgroup or "s")
    return found
