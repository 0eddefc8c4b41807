"""A report as DOCX: real headings, lists and tables that an office program knows, citations and references
linked both ways."""

import io
import zipfile
from datetime import UTC, datetime

import docx
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from reprise_contracts.artifacts import Phase4
from reprise_research.documents import Outdated
from reprise_research.documents.model import (
    Block,
    Cite,
    Code,
    Drawing,
    Grid,
    Heading,
    Line,
    Listing,
    Page,
    Prose,
    Quote,
    Text,
    read,
)
from reprise_research.documents.pdf import picture
from reprise_research.languages import language
from reprise_research.text.markup import printable

_ACCENT, _MUTED, _WARNING = RGBColor(0x0B, 0x6E, 0x75), RGBColor(0x57, 0x60, 0x6A), RGBColor(0xB3, 0x59, 0x00)
_EPOCH = (1980, 1, 1, 0, 0, 0)

_LOCALES = {
    "en": "en-GB",
    "zh": "zh-CN",
    "de": "de-DE",
    "fr": "fr-FR",
    "es": "es-ES",
    "pt": "pt-PT",
    "it": "it-IT",
    "nl": "nl-NL",
    "ru": "ru-RU",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "ar": "ar-SA",
    "hi": "hi-IN",
}
"""What a word processor checks the spelling by."""


def write(report: Phase4, outdated: Outdated | None) -> bytes:
    """The document's bytes."""
    page = read(report)
    writer = _Writer(page)
    writer.opening(outdated)
    for block in page.blocks:
        writer.block(block)
    writer.references()
    file = io.BytesIO()
    writer.document.save(file)
    return _without_times(file.getvalue())


class _Writer:
    """Writes into one document. A bookmark's id counts up, as the format wants it."""

    def __init__(self, page: Page) -> None:
        self.document: Document = docx.Document()
        self._page = page
        self._bookmarks = 0
        self._dress()

    def opening(self, outdated: Outdated | None) -> None:
        """What stands above the text: whether it is outdated, the title, how it was made."""
        if outdated is not None:
            frame = language(self._page.language).report
            label, sentence = f"{frame.outdated}{frame.colon} ", frame.no_longer
            warning = self.document.add_paragraph()
            for text, bold in ((label, True), (sentence, False)):
                run = warning.add_run(text)
                run.bold, run.font.color.rgb = bold, _WARNING
            for cause in outdated.causes:
                self.document.add_paragraph(printable(cause), style="List Bullet")
        self.document.add_heading(printable(self._page.title), level=0)
        for block in self._page.note:
            paragraph = self._block(block)
            for run in paragraph.runs if paragraph is not None else ():
                run.font.size, run.font.color.rgb, run.italic = Pt(9), _MUTED, False

    def block(self, block: Block) -> None:
        """One block of the text."""
        self._block(block)

    def references(self) -> None:
        """The numbered sources, each with links to where it is cited."""
        if not self._page.references:
            return
        self.document.add_heading(printable(self._page.references_title), level=1)
        for reference in self._page.references:
            paragraph = self.document.add_paragraph()
            paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = (
                Cm(0.9),
                Cm(-0.9),
            )
            self._bookmark(
                paragraph, f"ref-{reference.number}", paragraph.add_run(f"[{reference.number}]")._r
            )
            paragraph.add_run("\t")
            if reference.url:
                self._link(paragraph, reference.title, url=reference.url)
            else:
                paragraph.add_run(printable(reference.title))
            paragraph.add_run(
                "".join(f", {printable(told)}" for told in (reference.author, reference.published) if told)
                + ". "
            )
            for place in range(1, self._page.cited.get(reference.number, 0) + 1):
                self._link(
                    paragraph,
                    chr(96 + place) if place <= 26 else str(place),
                    anchor=f"cite-{reference.number}-{place}",
                )
                paragraph.add_run(" ")

    def _dress(self) -> None:
        properties = self.document.core_properties
        properties.title, properties.author, properties.comments = printable(self._page.title)[:255], "", ""
        properties.created = properties.modified = datetime(*_EPOCH, tzinfo=UTC)
        properties.language = _LOCALES.get(self._page.language, self._page.language)
        for section in self.document.sections:
            section.page_width, section.page_height = Cm(21), Cm(29.7)
            section.left_margin = section.right_margin = Cm(2.5)
        for name, size in (("Normal", 11), ("Title", 22), ("Heading 1", 14), ("Heading 2", 12)):
            style = self.document.styles[name]
            style.font.size = Pt(size)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            fonts.set(qn("w:eastAsia"), "Noto Serif CJK SC" if name == "Normal" else "Noto Sans CJK SC")
            if name != "Normal":
                style.font.color.rgb = RGBColor(0x12, 0x34, 0x3B)

    def _block(self, block: Block, style: str | None = None) -> Paragraph | None:
        if isinstance(block, Heading):
            return self._filled(self.document.add_heading(level=max(block.level - 1, 1)), block.line)
        if isinstance(block, Prose):
            return self._filled(self.document.add_paragraph(style=style), block.line)
        if isinstance(block, Listing):
            for item in block.items:
                for inner in item:
                    self._block(inner, "List Number" if block.ordered else "List Bullet")
        elif isinstance(block, Quote):
            for inner in block.blocks:
                self._block(inner, "Quote")
        elif isinstance(block, Code):
            self._run(self.document.add_paragraph(), Text(block.text, code=True))
        elif isinstance(block, Grid):
            self._grid(block)
        else:
            self._drawing(block)
        return None

    def _grid(self, grid: Grid) -> None:
        table = self.document.add_table(rows=1, cols=len(grid.header), style="Table Grid")
        for cell, line in zip(table.rows[0].cells, grid.header, strict=True):
            self._cell(cell, line, head=True)
        for row in grid.rows:
            for cell, line in zip(table.add_row().cells, row, strict=False):
                self._cell(cell, line)
        if len(grid.header) == 2:
            table.autofit = False
            for column, width in zip(table.columns, (Cm(3.6), Cm(12.4)), strict=True):
                for cell in column.cells:
                    cell.width = width
        self.document.add_paragraph()

    def _cell(self, cell: _Cell, line: Line, *, head: bool = False) -> None:
        self._filled(cell.paragraphs[0], line)
        space = cell.paragraphs[0].paragraph_format
        space.space_before = space.space_after = Pt(3)
        for run in cell.paragraphs[0].runs:
            run.font.size = Pt(10)
            run.bold = head or run.bold

    def _drawing(self, drawing: Drawing) -> None:
        self.document.add_picture(io.BytesIO(picture(drawing.chart, self._page.language)), width=Cm(16))

    def _filled(self, paragraph: Paragraph, line: Line) -> Paragraph:
        for part in line:
            if isinstance(part, Cite):
                mark = self._link(paragraph, f"[{part.number}]", anchor=f"ref-{part.number}", size=9)
                self._bookmark(paragraph, f"cite-{part.number}-{part.place}", mark)
            elif part.href:
                self._link(paragraph, part.text, url=part.href)
            else:
                self._run(paragraph, part)
        return paragraph

    @staticmethod
    def _run(paragraph: Paragraph, part: Text) -> None:
        run = paragraph.add_run(printable(part.text))
        run.bold, run.italic = part.strong or None, part.emphasis or None
        if part.code:
            run.font.name = "Courier New"

    def _link(
        self, paragraph: Paragraph, text: str, *, url: str = "", anchor: str = "", size: int | None = None
    ) -> BaseOxmlElement:
        """A run that leads to an address or to a bookmark; python-docx has no call for it."""
        link = OxmlElement("w:hyperlink")
        if url:
            kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
            link.set(qn("r:id"), paragraph.part.relate_to(url, kind, is_external=True))
        else:
            link.set(qn("w:anchor"), anchor)
        run = Run(OxmlElement("w:r"), paragraph)
        run.text, run.font.color.rgb = printable(text), _ACCENT
        if size is not None:
            run.font.size = Pt(size)
        link.append(run._r)  # the element is what the format nests
        paragraph._p.append(link)
        return link

    def _bookmark(self, paragraph: Paragraph, name: str, around: BaseOxmlElement) -> None:
        """A place that links lead to, around a run or a link of the paragraph."""
        self._bookmarks += 1
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for mark in (start, end):
            mark.set(qn("w:id"), str(self._bookmarks))
        start.set(qn("w:name"), name)
        around.addprevious(start)
        around.addnext(end)


def _without_times(data: bytes) -> bytes:
    """The same package without the times of its making, so that equal reports give equal bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            new.writestr(zipfile.ZipInfo(name, _EPOCH), old.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
