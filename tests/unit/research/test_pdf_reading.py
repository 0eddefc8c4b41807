"""PDFs: that lines, columns, tables and paragraphs come from where the glyphs stand, in whatever order a program drew them."""

import re
from collections import Counter

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_research.sources.pdf.document import read_pdf
from reprise_research.sources.pdf.paragraphs import glued
from reprise_research.sources.unreadable import Unreadable

NORTH = (
    "The Mill Bridge was closed to lorries in April 2021 after an inspection of its steel. The inspection found 14 cracks in the main "
    "girders. Repairs began in June 2021 and cost 640,000 euros in all. The council paid one half and the state the other half of it."
)
SOUTH = (
    "Lorries used the Old Bridge while the Mill Bridge was closed to them. The Old Bridge carried 2,300 lorries a day in the summer of "
    "2021. People in Old Street complained of noise and of dust in their houses. The council measured 71 decibels at night in Old Street."
)


def read(source: str, paper: str = "width: 210mm, height: 297mm") -> list[str]:
    """The paragraphs of a document set by Typst."""
    made = typst.compile(f"#set page({paper})\n#set text(font: ({FONTS}), size: 11pt)\n{source}".encode(), format="pdf")
    return [line for line in read_pdf(made)[1].split("\n") if line]


FONTS = '"Libertinus Serif", "Noto Serif SC"'


def drawn(*pieces: tuple[float, float, str, float], pages: int = 1) -> bytes:
    """A PDF that draws strings at places (x, y, text, size) in exactly that order, followed by pages that only show a grey box."""
    content = "".join(f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n" for x, y, text, size in pieces).encode()
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
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
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + trailer


def test_paragraphs_headings_and_items_stand_apart() -> None:
    """A heading is no part of the text below it, an item none of the item before it; a paragraph over several lines is one."""
    told = read(
        f"= The Mill Bridge\n{NORTH}\n\n== What it carried\n{SOUTH}\n- 14 cracks in the main girders of the bridge\n- 2,300 lorries"
    )
    assert told[:4] == ["The Mill Bridge", NORTH, "What it carried", SOUTH]
    assert [re.sub(r"^\W+", "", item) for item in told[4:]] == ["14 cracks in the main girders of the bridge", "2,300 lorries"]


def test_columns_are_read_one_after_the_other() -> None:
    """Also below a title that goes over both of them, and where they stand beside a shorter one."""
    told = read(f"#align(center)[#text(size: 18pt)[The Mill Bridge]]\n#columns(2)[{NORTH} {NORTH}\n#colbreak()\n{SOUTH}]")
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
    """As in a page: each row with the headings above it, a cell of two lines as one, and a line for a caption."""
    told = read(
        "Lorries on the bridge, by year\n#v(1em)\n#table(columns: (3cm, 3cm, 5cm), stroke: none, [Year], [Lorries a day], "
        "[What was done], [2019], [2,900], [nothing at all], [2021], [0], [It was repaired from June to March by the council], "
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
    """A line of Chinese may end within a word; a paragraph's last line and the next one's first are not joined."""
    one = "磨坊桥在二〇二一年四月因钢材检查而对卡车关闭，检查发现主梁有十四处裂纹，市议会随后委托一名工程师研究如何修复桥梁。"
    other = "维修工程于二〇二一年六月开始，总共花费六十四万欧元，桥梁在二〇二二年三月重新对卡车开放，工程师此后又测量了两次主梁。"
    assert read(f"{one}\n\n{other}", "width: 100mm, height: 200mm") == [one, other]


def test_a_sentence_goes_on_over_the_end_of_a_page_and_its_notes() -> None:
    """Heads, feet and numbers of pages are left out; notes at a page's foot do not part the sentence above them."""
    text = " ".join(
        f"In the year {1900 + n} the bridge was painted again by the council of the town that it belongs to." for n in range(60)
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
    (told,) = read("It carries 10#super[6] cars and 12 km#super[2] of road.#super[4] It was built in 1931#super[12] of steel and iron.")
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
    """A parted word is whole again, a compound is not: the rest of the document knows, else the form of the word."""
    assert glued(one, other, Counter(known.split())) == expected


def test_pages_that_are_pictures_are_named() -> None:
    """What is not read is said; a title that is a file's name and an author that is a vendor are none."""
    told, text = read_pdf(drawn((60, 760, "The Mill Bridge report of 2021, with its scanned annexes.", 10), pages=5))
    assert text == "The Mill Bridge report of 2021, with its scanned annexes."
    assert told["note"] == "Pages 2–5 of 5 are pictures without text and were not read."
    assert told["title"] is None and told["author"] is None


def test_a_title_is_the_largest_writing_where_no_property_names_one() -> None:
    """Only on the first page, and only if it is larger than the text."""
    made = typst.compile(f"#align(center)[#text(size: 20pt)[On the Mill Bridge]]\n\n{NORTH}\n\n{SOUTH}".encode(), format="pdf")
    assert read_pdf(made)[0]["title"] == "On the Mill Bridge"


def test_what_is_no_pdf_is_refused() -> None:
    with pytest.raises(Unreadable):
        read_pdf(b"%PDF-1.4 and nothing else")


WORDS = st.lists(
    st.sampled_from(
        ["the", "bridge", "was", "closed", "to", "lorries", "in", "April", "after", "an", "inspection", "of", "its", "steel", "girders"]
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=6), st.sampled_from([1, 2]))
def test_no_word_is_lost_or_changes_place(paragraphs: list[list[str]], columns: int) -> None:
    """Whatever is set in one or two columns is read in its order."""
    source = f"#set page(columns: {columns})\n#set text(hyphenate: false)\n" + "\n\n".join(" ".join(words) for words in paragraphs)
    assert " ".join(read(source)).split() == [word for words in paragraphs for word in words]
