"""The glyphs of a page and the lines that they stand in.

A page's own order of drawing is not believed: words, lines and columns come from positions alone. Lengths are
in points, y grows upwards.
"""

import ctypes
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from reprise_research.sources.marks import is_note, is_power, raised

_HYPHENS = {"\ufffe": "-", "\x02": "-", "\u00ad": "-", "\u2010": "-"}
_SPACE = 0.18
"""The share of a letter's size that parts two words."""
_APART = 1.0
"""The share of a letter's size from which what follows may be another column's."""
_WIDE = 0x2E80
"""Characters from here on are as wide as high, and need no space between words."""
_MOST_GLYPHS = 60_000
_SMALL = 0.82
"""The share of a line's size below which a glyph is raised or lowered."""


@dataclass(slots=True)
class Glyph:
    """One character and its box, as high as its font is."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    spaced: bool = False
    """Whether a space was drawn before it."""

    @property
    def size(self) -> float:
        """The height of its font."""
        return self.top - self.bottom


@dataclass(slots=True)
class Line:
    """Glyphs side by side on one height, with no wide gap between them."""

    glyphs: list[Glyph]
    text: str = ""
    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    top: float = 0.0
    size: float = 0.0
    bold: bool = False
    first_word: float = 0.0
    """The width of its first word: what would have had to fit into the line above."""
    cells: list["Line"] = field(default_factory=list)

    def __post_init__(self) -> None:
        glyphs = self.glyphs
        self.size = median(glyph.size for glyph in glyphs)
        usual = [glyph for glyph in glyphs if glyph.size >= _SMALL * self.size] or glyphs
        self.size = median(glyph.size for glyph in usual)
        self.left, self.right = min(glyph.left for glyph in glyphs), max(glyph.right for glyph in glyphs)
        self.bottom = median(glyph.bottom for glyph in usual)
        self.top = self.bottom + self.size
        self.text, self.first_word = _written(glyphs, self.size, self.bottom)


def glyphs_of(page: Any) -> list[Glyph]:
    """The visible characters of a pdfium text page, those that stand upright on the page."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415

    raw = page.raw
    box = pdfium.FS_RECTF()
    pointer = ctypes.byref(box)
    unicode_of, box_of, angle_of = (
        pdfium.FPDFText_GetUnicode,
        pdfium.FPDFText_GetLooseCharBox,
        pdfium.FPDFText_GetCharAngle,
    )
    tight_of = pdfium.FPDFText_GetCharBox
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    bounds = (ctypes.byref(left), ctypes.byref(right), ctypes.byref(bottom), ctypes.byref(top))
    glyphs: list[Glyph] = []
    spaced, upright = True, True
    high = 0
    for index in range(min(pdfium.FPDFText_CountChars(raw), _MOST_GLYPHS)):
        code = unicode_of(raw, index)
        if code in {0, 9, 10, 13, 32, 0xA0, 0x3000}:
            spaced = True
            continue
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            code, high = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00), 0
        if spaced:
            upright = angle_of(raw, index) % 3.14159 < 0.1
        if not upright or not box_of(raw, index, pointer):
            continue
        character = chr(code)
        if 48 <= code <= 57 and tight_of(
            raw, index, *bounds
        ):  # a font may have raised figures of its own, in boxes of usual height
            size = box.top - box.bottom
            if bottom.value > box.bottom + 0.38 * size and 0 < top.value - bottom.value < 0.6 * size:
                box.bottom, box.top = bottom.value, top.value
        if box.top - box.bottom > 1 and box.right > box.left:
            glyphs.append(
                Glyph(_HYPHENS.get(character, character), box.left, box.bottom, box.right, box.top, spaced)
            )
            spaced = False
    return glyphs


def lines_of(glyphs: Iterable[Glyph]) -> list[Line]:
    """The lines of a page from top to bottom, those on one height from left to right; a gap as wide as a
    letter is high parts two."""
    rows: list[list[Glyph]] = []
    for glyph in sorted(_once(glyphs), key=lambda glyph: (-glyph.bottom - 0.5 * glyph.size, glyph.left)):
        middle = glyph.bottom + 0.5 * glyph.size
        for row in reversed(rows[-4:]):
            anchor = row[0]
            if abs(anchor.bottom + 0.5 * anchor.size - middle) < 0.4 * max(anchor.size, glyph.size) and (
                anchor.bottom < middle < anchor.top
                or glyph.bottom < anchor.bottom + 0.5 * anchor.size < glyph.top
            ):
                row.append(glyph)
                break
        else:
            rows.append([glyph])
    lines: list[Line] = []
    for row in rows:
        row.sort(key=lambda glyph: glyph.left)
        part = [row[0]]
        for glyph in row[1:]:
            if glyph.left - part[-1].right > _APART * max(glyph.size, part[-1].size) * 0.9:
                lines.append(Line(part))
                part = []
            part.append(glyph)
        lines.append(Line(part))
    return [line for line in lines if line.text]


def _once(glyphs: Iterable[Glyph]) -> list[Glyph]:
    """The glyphs without those that are drawn again on themselves to look bold."""
    seen: set[tuple[str, int, int]] = set()
    kept = []
    last: tuple[str, int, int] | None = None
    for glyph in glyphs:
        place = (glyph.text, round(glyph.left), round(glyph.bottom))
        if place not in seen or place == last:  # one glyph may be two letters: ff
            seen.add(place)
            kept.append(glyph)
        last = place
    return kept


def _written(glyphs: list[Glyph], size: float, bottom: float) -> tuple[str, float]:
    """The words of a line, raised figures as exponents or left out as marks of notes; and the width of its
    first word."""
    parts: list[str] = []
    first_word = 0.0
    before: Glyph | None = None
    lifted = ""
    for glyph in glyphs:
        gap = glyph.left - before.right if before is not None else 0.0
        is_lifted = (
            glyph.size < _SMALL * size
            and glyph.bottom > bottom + 0.12 * size
            and glyph.text.isalnum()
            and parts
        )
        if lifted and not is_lifted:
            within = gap <= _SPACE * size and glyph.text.isalpha() and lifted.isalpha()
            parts.append(lifted if within else _lifted("".join(parts), lifted))
            lifted = ""
        is_wide = ord(glyph.text[0]) >= _WIDE and before is not None and ord(before.text[-1]) >= _WIDE
        if (
            before is not None
            and not is_wide
            and (gap > _SPACE * size or (glyph.spaced and gap > -0.05 * size))
        ):
            if not first_word:
                first_word = before.right - glyphs[0].left
            if not is_lifted:
                parts.append(" ")
        if is_lifted:
            lifted += glyph.text
        else:
            parts.append(glyph.text)
        before = glyph
    if lifted:
        parts.append(_lifted("".join(parts), lifted))
    text = re.sub(r"\s+", " ", "".join(parts)).strip()
    if text and ord(text[0]) >= _WIDE:
        first_word = glyphs[0].right - glyphs[0].left
    return text, first_word or (glyphs[-1].right - glyphs[0].left)


def _lifted(before: str, text: str) -> str:
    found = re.search(r"[^\W\d_]+$|[\d.,]+$", before)
    base = found[0] if found else before[-1:]
    if is_power(base, text):
        return raised(text)
    return "" if is_note(text) else text
