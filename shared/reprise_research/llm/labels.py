"""Labels as models give them: a small one names a source by its title, or a finding by its words, as often as
by its label."""

import re
from collections.abc import Iterable

from reprise_research.llm.prompts import Material

_LABEL = re.compile(r"[A-Z]\d+")
_TELLING = 12
"""Characters that can hardly begin two materials by chance."""


class Labels:
    """What some material can be named by."""

    def __init__(self, material: Iterable[Material]) -> None:
        self._material = tuple(material)
        self._known = frozenset(one.label for one in self._material)

    def meant(self, said: str) -> str | None:
        """The one label that is meant: the label itself, with or without brackets, or words that stand in one
        material alone."""
        named: list[str] = [label for label in _LABEL.findall(said) if label in self._known]
        if named and len(said.strip(" []().:")) <= len(named[0]) + 2:
            return named[0]
        words = " ".join(said.split()).strip(' []"“”.…').lower()
        if len(words) < _TELLING:
            return None
        holding = [
            one.label
            for one in self._material
            if words in " ".join(f"{one.title}\n{one.text}".split()).lower()
        ]
        return holding[0] if len(holding) == 1 else None

    def all_meant(self, said: Iterable[str]) -> list[str]:
        """Every label that is meant, once, in the order given."""
        return list(dict.fromkeys(label for one in said if (label := self.meant(one)) is not None))
