"""Which script a text is in."""

import re
from typing import Literal

Script = Literal[
    "latin", "cyrillic", "greek", "han", "kana", "hangul", "arabic", "hebrew", "devanagari", "thai", "other"
]

_RANGES: tuple[tuple[Script, str], ...] = (
    ("latin", r"a-zA-Z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff"),
    ("han", r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df"),
    ("kana", r"\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"),
    ("hangul", r"\uac00-\ud7af\u1100-\u11ff\u3130-\u318f"),
    ("cyrillic", r"\u0400-\u052f"),
    ("greek", r"\u0370-\u03ff\u1f00-\u1fff"),
    ("arabic", r"\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff"),
    ("hebrew", r"\u0590-\u05ff"),
    ("devanagari", r"\u0900-\u097f"),
    ("thai", r"\u0e00-\u0e7f"),
)
_SCRIPTS = {name: re.compile(f"[{characters}]") for name, characters in _RANGES}
_HAN, _KANA = _SCRIPTS["han"], _SCRIPTS["kana"]
_LETTER = re.compile(r"[^\W\d_]")
_UNSPACED = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\u31f0-\u31ff\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff]"
)


def is_han(character: str) -> bool:
    """Return whether one character is a Chinese one."""
    return _HAN.match(character) is not None


def is_kana(character: str) -> bool:
    """Return whether one character is a Japanese syllable."""
    return _KANA.match(character) is not None


def is_unspaced(character: str) -> bool:
    """Return whether one character belongs to a script that puts no spaces between words."""
    return _UNSPACED.match(character) is not None


def shares(text: str) -> dict[Script, float]:
    """Return the share of each script among the letters of a text, 0 to 1; of no letters none."""
    letters = len(_LETTER.findall(text))
    if not letters:
        return {}
    counted: dict[Script, int] = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    return {name: number / letters for name, number in counted.items() if number}


def script_of(text: str) -> Script | None:
    """Return the script that a text is mainly in. A Chinese character says more than a letter, and Japanese
    mixes: a third of the one or a tenth of kana is enough."""
    found = shares(text)
    if not found:
        return None
    if found.get("kana", 0.0) > 0.1:
        return "kana"
    if found.get("han", 0.0) >= 1 / 3:
        return "han"
    if found.get("hangul", 0.0) > 0.3:
        return "hangul"
    name, share = max(found.items(), key=lambda one: (one[1], one[0]))
    return name if share >= 0.4 else "other"
