"""PDFs: that lines, columns, tables and paragraphs come from where the glyphs stand, in whatever order a
program drew them."""

import io
import re
import shutil
from collections import Counter

import pypdfium2
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.pdf.document import read_pdf
from reprise_research.sources.pdf.paragraphs import glued
from reprise_research.sources.unreadable import Unreadable

NORTH = (
    "The Mill Bridge was closed to lorries in April 2021 after an inspection of its steel. The inspection "
    "found 14 cracks in the main "
    "girders. Repairs began in June 2021 and cost 640,000 euros in all. The council paid one half and the "
    "state the other half of it."
)
SOUTH = (
    "Lorries used the Old Bridge while the Mill Bridge was closed to them. The Old Bridge carried 2,300 "
    "lorries a day in the summer of "
    "2021. People in Old Street complained of noise and of dust in their houses. The council measured 71 "
    "decibels at night in Old Street."
)


def read(source: str, paper: str = "width: 210mm, height: 297mm") -> list[str]:
    """The paragraphs of a document set by Typst."""
    made = typst.compile(
        f'#set page({paper})\n#set text(font: "Libertinus Serif", size: 11pt)\n{source}'.encode(),
        format="pdf",
    )
    return [line for line in read_pdf(made)[1].split("\n") if line]


HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
SONG = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [ << "
    b"/Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) "
    b"/Ordering (GB1) /Supplement 2 >> /DW 1000 >> ] >>"
)
"""A font that readers of PDFs bring along: no machine needs to have it."""


def drawn(*pieces: tuple[float, float, str, float], pages: int = 1, font: bytes = HELVETICA) -> bytes:
    """A PDF that draws strings at places (x, y, text, size) in exactly that order, followed by pages that
    only show a grey box."""
    content = "".join(
        f"BT /F1 {size} Tf {x} {y} Td <{text.encode('utf-16-be' if font is SONG else 'ascii').hex()}> Tj ET\n"
        for x, y, text, size in pieces
    ).encode()
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        font,
        b"<< /Title (report_final_v3.docx) /Author (EDGAR Online LLC) >>",
    ]
    for number in range(pages):
        stream = content if not number else b"0.5 g 50 50 400 700 re f\n"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {6 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%sendstream" % (len(stream), stream))
    body, offsets = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        len(body),
    )
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + trailer


def test_paragraphs_headings_and_items_stand_apart() -> None:
    """A heading is no part of the text below it, an item none of the item before it; a paragraph over several
    lines is one."""
    told = read(
        f"= The Mill Bridge\n{NORTH}\n\n== What it carried\n{SOUTH}\n- 14 cracks in the main girders of the "
        "bridge\n- 2,300 lorries"
    )
    assert told[:4] == ["The Mill Bridge", NORTH, "What it carried", SOUTH]
    assert [re.sub(r"^\W+", "", item) for item in told[4:]] == [
        "14 cracks in the main girders of the bridge",
        "2,300 lorries",
    ]


def test_columns_are_read_one_after_the_other() -> None:
    """Also below a title that goes over both of them, and where they stand beside a shorter one."""
    told = read(
        f"#align(center)[#text(size: 18pt)[The Mill Bridge]]\n#columns(2)[{NORTH} "
        f"{NORTH}\n#colbreak()\n{SOUTH}]"
    )
    assert told[0] == "The Mill Bridge"
    assert told[1:] == [f"{NORTH} {NORTH}", SOUTH]


def test_the_order_of_drawing_does_not_matter() -> None:
    """A program may draw row by row over both columns, or from the last line to the first."""
    left = [
        "The Mill Bridge was closed to lorries",
        "in April 2021 after an inspection of",
        "its steel. The inspection found 14",
        "cracks in the main girders.",
    ]
    right = [
        "Lorries used the Old Bridge while the",
        "Mill Bridge was closed to them. The",
        "Old Bridge carried 2,300 lorries a day",
        "in the summer of 2021.",
    ]
    pieces = [
        piece
        for n, (one, other) in enumerate(zip(left, right, strict=True))
        for piece in ((60, 760 - 13 * n, one, 10), (320, 760 - 13 * n, other, 10))
    ]
    expected = [" ".join(left), " ".join(right)]
    for order in (pieces, pieces[::-1], pieces[::2] + pieces[1::2]):
        assert [line for line in read_pdf(drawn(*order))[1].split("\n") if line] == expected


def test_tables_are_rows_with_their_headings() -> None:
    """As in a page: each row with the headings above it, a cell of two lines as one, and a line for a
    caption."""
    told = read(
        "Lorries on the bridge, by year\n#v(1em)\n#table(columns: (3cm, 3cm, 5cm), stroke: none, [Year], "
        "[Lorries a day], "
        "[What was done], [2019], [2,900], [nothing at all], [2021], [0], [It was repaired from June to "
        "March by the council], "
        "[2022], [2,100], [It was opened])\n#v(1em)\n" + NORTH
    )
    assert told == [
        "Lorries on the bridge, by year",
        "Year: 2019; Lorries a day: 2,900; What was done: nothing at all.",
        "Year: 2021; Lorries a day: 0; What was done: It was repaired from June to March by the council.",
        "Year: 2022; Lorries a day: 2,100; What was done: It was opened.",
        NORTH,
    ]


def test_chinese_lines_are_joined_without_spaces() -> None:
    """A line of Chinese may end within a word; a paragraph's last line and the next one's first are not
    joined."""
    one = (
        "磨坊桥在二〇二一年四月因钢材检查而对卡车关闭，检查发现主梁有十四处裂纹，"
        "市议会随后委托一名工程师研究如何修复桥梁。"
    )
    other = (
        "维修工程于二〇二一年六月开始，总共花费六十四万欧元，"
        "桥梁在二〇二二年三月重新对卡车开放，工程师此后又测量了两次主梁。"
    )
    wide, top, page = 21, 700.0, []
    for paragraph in (one, other):
        lines = [paragraph[at : at + wide] for at in range(0, len(paragraph), wide)]
        page += [(60, top - 16 * number, line, 11) for number, line in enumerate(lines)]
        top -= 16 * len(lines) + 12
    told = read_pdf(drawn(*page, font=SONG))[1]
    assert [line for line in told.split("\n") if line] == [one, other]


def test_a_sentence_goes_on_over_the_end_of_a_page_and_its_notes() -> None:
    """Heads, feet and numbers of pages are left out; notes at a page's foot do not part the sentence above
    them."""
    text = " ".join(
        f"In the year {1900 + n} the bridge was painted again by the council of the town that it belongs to."
        for n in range(60)
    )
    told = read(
        '#set page(header: [The bridge, Release 1.2], numbering: "1 / 1")\n#set par(justify: true)\n'
        + text.replace("1930 the", "1930#footnote[A note.] the"),
        "width: 120mm, height: 140mm",
    )
    whole = max(told, key=len)
    assert whole == text
    assert not any("Release" in line or re.fullmatch(r"\d+ / \d+", line) for line in told)


def test_exponents_and_marks_of_notes() -> None:
    """A raised figure after ten is an exponent, one after a word is a note's mark."""
    (told,) = read(
        "It carries 10#super[6] cars and 12 km#super[2] of road.#super[4] It was built in 1931#super[12] of "
        "steel and iron."
    )
    assert told == "It carries 10⁶ cars and 12 km² of road. It was built in 1931 of steel and iron."


@pytest.mark.parametrize(
    ("one", "other", "known", "expected"),
    [
        ("the au-", "thority", "", "the authority"),
        ("a state-of-the-", "art sensor", "", "a state-of-the-art sensor"),
        ("the non-", "destructive test", "", "the non-destructive test"),
        ("the non-", "linear test", "nonlinear", "the nonlinear test"),
        ("a part-", "time job", "part-time", "a part-time job"),
        ("Anglo-", "American", "", "Anglo-American"),
        ("from 1990-", "2000", "", "from 1990-2000"),
        ("限速", "三十", "", "限速三十"),
        ("限速", "30 km", "", "限速 30 km"),
    ],
)
def test_compounds_keep_their_hyphen(one: str, other: str, known: str, expected: str) -> None:
    """A parted word is whole again, a compound is not: the rest of the document knows, else the form of the
    word."""
    assert glued(one, other, Counter(known.split())) == expected


def scanned(*pieces: tuple[float, float, str, float]) -> bytes:
    """A PDF of two pages: one with a text, and a picture of one that draws these pieces."""
    page = pypdfium2.PdfDocument(drawn(*pieces))[0]
    picture = io.BytesIO()
    page.render(scale=150 / 72, grayscale=True).to_pil().save(picture, "PDF", resolution=150)
    both = pypdfium2.PdfDocument(drawn((60, 760, "The report on the Mill Bridge has one scanned page.", 10)))
    both.import_pages(pypdfium2.PdfDocument(picture.getvalue()))
    made = io.BytesIO()
    both.save(made)
    return made.getvalue()


COLUMNS = [
    (60, 700, "The bridge was closed to lorries", 11),
    (60, 686, "after 14 cracks had been found in", 11),
    (60, 672, "its main girders.", 11),
    (330, 700, "Repairs began in June 2021 and", 11),
    (330, 686, "cost 640,000 euros, which the", 11),
    (330, 672, "county paid.", 11),
]


@pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="it needs tesseract (apt install tesseract-ocr)"
)
async def test_a_scanned_page_is_read_by_columns_and_said_to_be_recognised() -> None:
    """Where a language is set; without one the page is named, with one that is not there it is said why."""
    made = scanned(*COLUMNS)
    async with ParserPool(size=1, ocr="eng", seconds=120) as parsers:
        found = await parsers.parse("pdf", made)
    assert "closed to lorries after 14 cracks had been found in its main girders." in found.text
    assert "Repairs began in June 2021 and cost 640,000 euros, which the county paid." in found.text
    assert found.text.startswith("The report on the Mill Bridge has one scanned page.")
    assert found.note == (
        "Page 2 of 2 is a picture, read by text recognition (OCR, eng): words and figures may be wrong."
    )
    async with ParserPool(size=1) as parsers:
        unread = await parsers.parse("pdf", made)
    assert unread.note == "Page 2 is a picture without text and was not read."
    async with ParserPool(size=1, ocr="xyz", seconds=120) as parsers:
        without = await parsers.parse("pdf", made)
    assert "was not read (" in (without.note or "") and "xyz" in (without.note or "")


def test_pages_that_are_pictures_are_named() -> None:
    """What is not read is said; a title that is a file's name and an author that is a vendor are none."""
    told, text = read_pdf(
        drawn((60, 760, "The Mill Bridge report of 2021, with its scanned annexes.", 10), pages=5)
    )
    assert text == "The Mill Bridge report of 2021, with its scanned annexes."
    assert told["note"] == "Pages 2–5 of 5 are pictures without text and were not read."
    assert told["title"] is None and told["author"] is None


def test_a_title_is_the_largest_writing_where_no_property_names_one() -> None:
    """Only on the first page, and only if it is larger than the text."""
    made = typst.compile(
        f"#align(center)[#text(size: 20pt)[On the Mill Bridge]]\n\n{NORTH}\n\n{SOUTH}".encode(), format="pdf"
    )
    assert read_pdf(made)[0]["title"] == "On the Mill Bridge"


def test_what_is_no_pdf_is_refused() -> None:
    with pytest.raises(Unreadable):
        read_pdf(b"%PDF-1.4 and nothing else")


WORDS = st.lists(
    st.sampled_from(
        [
            "the",
            "bridge",
            "was",
            "closed",
            "to",
            "lorries",
            "in",
            "April",
            "after",
            "an",
            "inspection",
            "of",
            "its",
            "steel",
            "girders",
        ]
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=6), st.sampled_from([1, 2]))
def test_no_word_is_lost_or_changes_place(paragraphs: list[list[str]], columns: int) -> None:
    """Whatever is set in one or two columns is read in its order."""
    source = f"#set page(columns: {columns})\n#set text(hyphenate: false)\n" + "\n\n".join(
        " ".join(words) for words in paragraphs
    )
    assert " ".join(read(source)).split() == [word for words in paragraphs for word in words]
