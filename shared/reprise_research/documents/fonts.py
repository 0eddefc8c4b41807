"""Fonts for PDF: those that typst brings, those of the extra, and the system's. What none of them can show is
found out and said."""

import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import typst
from fontTools.ttLib import TTFont, TTLibError

_CARRIED = "pylopdf_fonts_zh_cn"
"""A wheel that holds Noto Sans SC and Noto Serif SC (OFL), and nothing else."""
_CERTAIN = 0x0530
"""Below are Latin, Greek and Cyrillic, which the embedded fonts have."""
_PUNCTUATION = range(0x2000, 0x2070)
_SILENT = {"Cc", "Cf", "Cn", "Zl", "Zp", "Zs"}
"""Categories of characters that show nothing."""


def folders() -> list[Path]:
    """Where fonts lie besides the system's own places."""
    found = find_spec(_CARRIED)
    return (
        [Path(place) for place in found.submodule_search_locations]
        if found and found.submodule_search_locations
        else []
    )


def missing(text: str) -> str:
    """The characters of a text that no font can show, in order, each once."""
    wanted = {
        ord(c)
        for c in text
        if ord(c) >= _CERTAIN and ord(c) not in _PUNCTUATION and unicodedata.category(c) not in _SILENT
    }
    for path, index in _font_files():
        if not wanted:
            break
        wanted -= _coverage(path, index)
    return "".join(map(chr, sorted(wanted)))


@cache
def _font_files() -> tuple[tuple[str, int], ...]:
    """The file and index of every font, the carried ones first; the embedded fonts have no file."""
    own = tuple(str(folder) for folder in folders())
    found = {(str(font.path), font.index) for font in typst.Fonts(font_paths=folders()).fonts() if font.path}
    return tuple(sorted(found, key=lambda font: (not font[0].startswith(own or "\0"), font)))


@cache
def _coverage(path: str, index: int) -> frozenset[int]:
    try:
        with TTFont(path, fontNumber=index, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (OSError, TTLibError, KeyError):
        return frozenset()
