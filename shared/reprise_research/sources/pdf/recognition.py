"""Text of pages that are pictures, by `tesseract`: its words with their places, as glyphs are taken."""

import csv
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from reprise_research.sources.pdf.glyphs import Glyph

MOST_PAGES = 50
"""Pages of one document that are recognised."""
_DOTS = 200 / 72
"""Pixels for a point: 200 to the inch."""
_MOST_PIXELS = 30_000_000
_LEAST = 30.0
"""Per cent of confidence below which a word is a speck."""


class Unrecognised(Exception):
    """The program could not be run on a page; its words say why."""


@dataclass(frozen=True)
class Recognition:
    """How pages are recognised."""

    program: str
    languages: str
    """As `tesseract` takes them: `eng+deu`."""
    begin: Callable[[], None] = lambda: None
    """Told before each page: every page has the time that a document has."""

    def words(self, page: Any) -> list[Glyph]:
        """The words on the picture of a page, each as one glyph, in points. Raises `Unrecognised`."""
        self.begin()
        width, height = page.get_size()
        scale = min(_DOTS, (_MOST_PIXELS / max(1.0, width * height)) ** 0.5)
        bitmap = page.render(scale=scale, grayscale=True)
        rows = bytes(bitmap.buffer)
        across = b"".join(
            rows[at : at + bitmap.width] for at in range(0, bitmap.height * bitmap.stride, bitmap.stride)
        )
        picture = b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + across
        asked = [
            self.program,
            "stdin",
            "stdout",
            "-l",
            self.languages,
            "--dpi",
            str(round(72 * scale)),
            "tsv",
        ]
        try:
            done = subprocess.run(  # noqa: S603
                asked, input=picture, capture_output=True, check=False, env={"OMP_THREAD_LIMIT": "1"}
            )
        except OSError as error:
            raise Unrecognised(str(error.strerror)) from None
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise Unrecognised(lines[0][:200] if lines else f"it ended with {done.returncode}")
        return list(_glyphs(done.stdout.decode("utf-8", "replace"), scale, height))


def _glyphs(table: str, scale: float, height: float) -> Iterator[Glyph]:
    """The words of a table of `tesseract`'s, each as high as its line: letters differ, a font does not."""
    top, bottom = 0.0, 0.0
    for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        left, above = int(row["left"]) / scale, height - int(row["top"]) / scale
        if row["level"] == "4":
            top, bottom = above, above - int(row["height"]) / scale
        word = (row["text"] or "").strip()
        if row["level"] == "5" and word and float(row["conf"]) >= _LEAST:
            yield Glyph(word, left, bottom, left + int(row["width"]) / scale, top, spaced=True)
