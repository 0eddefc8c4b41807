"""A PDF as a stored text, and what it says of itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from reprise_research.sources.names import author_of, title_of
from reprise_research.sources.pdf.glyphs import Glyph, Line, glyphs_of, lines_of
from reprise_research.sources.pdf.paragraphs import leading_words, text_of
from reprise_research.sources.pdf.recognition import MOST_PAGES, Recognition, Unrecognised
from reprise_research.sources.plain import from_text
from reprise_research.sources.unreadable import Unreadable

_MOST_PAGES = 3000
_MOST_GLYPHS = 1_500_000
"""Characters of a document whose places are looked at; what follows is read in the order in which it was
drawn."""


def read_pdf(body: bytes, recognition: Recognition | None = None) -> tuple[dict[str, str | None], str]:
    """Title, author, date, a note on pages that are pictures; and the text. Raises `Unreadable`."""
    import pypdfium2  # noqa: PLC0415

    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable("forbidden", "The PDF is protected by a password.") from None
        raise Unreadable("malformed", "The PDF is damaged and cannot be opened.") from None
    if len(document) > _MOST_PAGES:
        raise Unreadable("too_large", f"The PDF has {len(document)} pages; at most {_MOST_PAGES} are read.")
    pages: list[list[Line]] = []
    rest: list[str] = []
    pictures = _Pictures(recognition)
    seen = 0
    for number in range(len(document)):
        page = document[number]
        reader = page.get_textpage()
        if seen > _MOST_GLYPHS:
            rest.append(from_text(reader.get_text_bounded().replace("\r\n", "\n").replace("\ufffe", "-")))
        else:
            glyphs = glyphs_of(reader)
            seen += len(glyphs)
            pages.append(lines_of(glyphs))
            if not pages[-1] and _shows_something(page):
                pages[-1] = lines_of(pictures.read(number + 1, page))
        reader.close()
        page.close()
    told = document.get_metadata_dict()
    whole = len(document)
    document.close()
    text, first = text_of(pages)
    text = "\n\n".join([text, *rest])
    if pictures.why and not text.strip():
        raise Unreadable("not_text", f"The PDF holds pictures of pages, which were not read: {pictures.why}.")
    published = re.match(r"D:(\d{4})(\d\d)(\d\d)", told.get("CreationDate") or "")
    answer = {
        "method": "pypdfium2",
        "title": title_of(told.get("Title"), text) or leading_words(first) or None,
        "author": author_of(told.get("Author"), text),
        "published": "-".join(published.groups()) if published else None,
        "note": _note(pictures, len(pages), whole) if text.strip() else None,
    }
    return answer, text


@dataclass
class _Pictures:
    """The pages of a document that are pictures."""

    recognition: Recognition | None
    read_pages: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    why: str = ""
    """What kept the last one from being recognised."""

    def read(self, number: int, page: object) -> list[Glyph]:
        """The words of a page, where they can be recognised."""
        words: list[Glyph] = []
        if self.recognition is not None and not self.why:
            if len(self.read_pages) >= MOST_PAGES:
                self.why = f"at most {MOST_PAGES} are"
            else:
                try:
                    words = self.recognition.words(page)
                except Unrecognised as failed:
                    self.why = str(failed).rstrip(".")
        (self.read_pages if words else self.unread).append(number)
        return words


def _shows_something(page: object) -> bool:
    """Whether a page without text shows pictures: a scan, and no blank page."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415

    drawn = [pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM, pdfium.FPDF_PAGEOBJ_PATH]
    return any(True for _ in page.get_objects(filter=drawn))  # type: ignore[attr-defined]


def _note(pictures: _Pictures, read: int, whole: int) -> str | None:
    told = []
    if pictures.read_pages and pictures.recognition is not None:
        which = f"{_ranges(pictures.read_pages)} of {whole}"
        shown = (
            f"Page {which} is a picture" if len(pictures.read_pages) == 1 else f"Pages {which} are pictures"
        )
        languages = pictures.recognition.languages
        told.append(f"{shown}, read by text recognition (OCR, {languages}): words and figures may be wrong.")
    if pictures.unread:
        named = _ranges(pictures.unread)
        why = f" ({pictures.why})" if pictures.why else ""
        told.append(
            f"Page {named} is a picture without text and was not read{why}."
            if len(pictures.unread) == 1
            else f"Pages {named} of {whole} are pictures without text and were not read{why}."
        )
    if read < whole:
        told.append(
            f"It is very long: from page {read + 1} of {whole} on, columns and tables were not told apart."
        )
    return " ".join(told) or None


def _ranges(numbers: Iterable[int]) -> str:
    """Numbers in order, runs of them as `2–5`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    told = [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(told[:12]) + (" and more" if len(told) > 12 else "")
