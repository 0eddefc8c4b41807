"""Write `files/university-assessment.pdf` from `university-assessment.txt`, and `files/police-data.pdf`, a
PDF that is cut off.

Uses the standard library only. Run it again after a change of the text, and commit what it writes."""

import textwrap
import zlib
from pathlib import Path

TITLE = "The effect of the 30 km/h limit in Havenbrook: an assessment"
AUTHOR = "Institute of Transport Studies, University of Havenbrook"
WIDTH = 88


def main() -> None:
    """Write both files beside this script."""
    folder = Path(__file__).parent / "files"
    text = (folder.parent / "university-assessment.txt").read_text("utf-8")
    whole = document([lines(page.strip()) for page in text.split("\f")])
    (folder / "university-assessment.pdf").write_bytes(whole)
    broken = document([lines("Police data on speed checks, 2024 and 2025.")])
    (folder / "police-data.pdf").write_bytes(broken[: len(broken) // 3])


def lines(page: str) -> list[str]:
    """The page's text in lines that fit."""
    found: list[str] = []
    for paragraph in page.split("\n\n"):
        found += [*textwrap.wrap(" ".join(paragraph.split()), WIDTH), ""]
    return found


def document(pages: list[list[str]]) -> bytes:
    """A PDF with one text in Helvetica per page (PDF 1.4, ISO 32000-1)."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        content = zlib.compress(text_stream(page))
        fonts = "/Resources << /Font << /F1 3 0 R >> >>"
        frame = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R {fonts} >>"
        )
        objects += [
            frame.encode(),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    objects.append(
        f"<< /Title ({escaped(TITLE)}) /Author ({escaped(AUTHOR)}) /CreationDate (D:20250922090000Z) "
        ">>".encode("cp1252")
    )
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return body + (b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R /Info %d 0 R "
                  b">>\nstartxref\n%d\n%%%%EOF\n") % (
        size, table, size, size - 1, len(body),
    )  # fmt: skip


def text_stream(page: list[str]) -> bytes:
    """The drawing operators of one page."""
    rows = "\n".join(f"({escaped(line)}) Tj T*" for line in page)
    return f"BT /F1 10 Tf 60 780 Td 14 TL\n{rows}\nET".encode("cp1252")


def escaped(text: str) -> str:
    """Text as a PDF string holds it."""
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


if __name__ == "__main__":
    main()
