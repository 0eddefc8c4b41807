"""Prompts: text files with versions, filled in, and evidence fenced so that nothing in it can be taken for an
instruction.

A cache of prompts serves what begins as an earlier question did. So what many questions share comes first:
the material where they ask of the same, the instructions where they ask the same of other material, and last
what is one question's own."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from string import Template

from reprise_research.text.words import shorten

NAMES = (
    "system",
    "reader",
    "summarise",
    "gather",
    "combine",
    "goals",
    "plan",
    "investigate",
    "more",
    "check",
    "mend",
    "outline",
    "section",
    "edit",
    "again",
)
_SOME = 80
"""Characters that are left of every material."""
_HEAD = re.compile(r"version: (\S+)\n\n")
_LOOKALIKE = re.compile(
    r"\[(?=\s*(?:/|end\b|material\b|source\b|system\b|inst\b))|<(?=\s*[|/]?\s*(?:im_|system|user|assistant|end|start_|eot_|s>|\|))|"
    r"<(?=\|)|(?<=\|)>|<(?=<\s*/?sys>)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Prompt:
    """One file: its version, recorded with what was made by it (R6), and its text with `$names` to fill
    in."""

    name: str
    version: str
    text: str

    def fill(self, **values: str) -> str:
        """The text with every name replaced; raises KeyError for one without a value. Values are not looked
        into for names."""
        return Template(self.text).substitute(values)


Prompts = Callable[[str], Prompt]
"""Gives the prompt of a name."""


@cache
def prompt(name: str) -> Prompt:
    """The prompt of that name. Raises ValueError for a file that does not begin with its version."""
    raw = files(__package__).joinpath(f"{name}.txt").read_text("utf-8")
    head = _HEAD.match(raw)
    if head is None:
        raise ValueError(f"the prompt {name} does not begin with its version")
    return Prompt(name, head[1], raw[head.end() :].strip())


@dataclass(frozen=True)
class Material:
    """A text that others wrote: its label, by which an answer names it, a title, and the text."""

    label: str
    title: str
    text: str


def truncate(material: tuple[Material, ...], characters: int) -> tuple[Material, ...]:
    """The material with texts of so many characters in all, as far as some are left of each: the longest are
    cut to one length."""
    lengths = sorted(len(one.text) for one in material)
    cap, left = 0, characters
    for number, length in enumerate(lengths):
        cap = max(_SOME, left // (len(lengths) - number))
        if length > cap:
            break
        left -= length
    return tuple(
        replace(one, text=shorten(one.text, cap)) if len(one.text) > cap else one for one in material
    )


class Fence:
    """Sets material apart by a mark that the material cannot contain.

    `mark` is the session's: the same in all of its questions, so that what they share stays the same byte for
    byte and a cache of prompts can serve it, and made from what no source can know. Without one it is a hash
    of all that it encloses. A mark that stands in the material is changed, and what looks like a fence or a
    turn of a conversation is defused all the same."""

    def __init__(self, material: tuple[Material, ...], mark: str = "") -> None:
        self._material = material
        told = mark or "\x00".join(f"{one.label}\x01{one.title}\x01{one.text}" for one in material)
        number, self.mark = 0, mark or _mark(told)
        while any(self.mark in one.text or self.mark in one.title for one in material):
            number += 1
            self.mark = _mark(f"{told}\x00{number}")

    def __str__(self) -> str:
        return "\n\n".join(self._enclosed(one) for one in self._material)

    def _enclosed(self, one: Material) -> str:
        title = " ".join(defused(one.title).split())[:120]
        return (
            f"[material {self.mark} {one.label}] {title}\n{defused(one.text)}\n[end {self.mark} {one.label}]"
        )


def defused(text: str) -> str:
    """The text without what could be read as a fence or as a turn of a conversation; its length stays the
    same."""
    return _LOOKALIKE.sub(lambda found: {"[": "(", ">": "›"}.get(found.group(), "‹"), text)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
