"""Write `files/university-assessment.pdf`, a small PDF of two pages, and `files/police-data.pdf`, the same kind of file cut off
halfway. Uses the standard library only: run it again after changing the text, and commit what it writes."""

import textwrap
import zlib
from pathlib import Path

TITLE = "The effect of the 30 km/h limit in Havenbrook: an assessment"
AUTHOR = "Institute of Transport Studies, University of Havenbrook"
PAGES = (
    """The effect of the 30 km/h limit in Havenbrook: an assessment

Institute of Transport Studies, University of Havenbrook, September 2025

Summary

After correction for the long-term trend, the 30 km/h limit reduced the number of people injured on the streets of Havenbrook by 11 percent. The raw difference between the two years is 23 percent, but injuries had been falling by about 6 percent a year before the limit was introduced, and part of the rest is chance. The 95 percent confidence interval reaches from 2 to 19 percent.

Injuries

We compared Havenbrook with four cities of similar size that did not change their limits. Injuries fell there too, by 9 percent in the same period. The effect on pedestrians is clear: pedestrian injuries fell by 21 percent more than in the comparison cities. For cyclists we found no effect.

The number of deaths is too small for any statement, and anyone who makes one should be distrusted.

Travel times

Car journeys across the city take 4 percent longer than before, measured with the position data of 2,300 vehicles. In the evening the difference is 7 percent. The claim of the taxi federation that journeys take 12 percent longer could not be confirmed; it rests on taxi meters, which also run while a car waits.""",
    """Cost

The full cost of the limit in the first year is 2.3 million euros. To the 1.4 million euros for signs and markings that the city reports we add 0.5 million euros for police checks, 0.4 million euros for additional buses, and small items. Later years should cost about 0.9 million euros each.

Whether the limit pays for itself depends on the value that is put on an injury avoided. With the hospital's own figure for treatment, 14,200 euros per injury, the benefits of the first year do not cover the costs. With the city's figure of 60,000 euros they do.

Air quality

Nitrogen dioxide did not change measurably because of the limit once weather is taken into account. The drop that the environment agency reports is also seen in the comparison cities.

Open questions

We did not study the response times of ambulances and the fire service. It is too early to say whether drivers will keep to the limit when the novelty has worn off: average speeds crept up by 0.8 km/h between the third and the twelfth month. Enforcement is weak, and in our view the council should double the number of police checks before it judges the limit.""",
)  # fmt: skip
WIDTH = 88


def main() -> None:
    """Write both files beside this script."""
    folder = Path(__file__).parent / "files"
    whole = document([lines(page) for page in PAGES])
    (folder / "university-assessment.pdf").write_bytes(whole)
    broken = document([lines("Police data on speed checks, 2024 and 2025.")])
    (folder / "police-data.pdf").write_bytes(broken[: len(broken) // 3])


def lines(page: str) -> list[str]:
    """The page's text in lines that fit."""
    found: list[str] = []
    for paragraph in page.split("\n\n"):
        found += [*textwrap.wrap(paragraph, WIDTH), ""]
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
        frame = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
        objects += [frame.encode(), b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content)]
    objects.append(f"<< /Title ({escaped(TITLE)}) /Author ({escaped(AUTHOR)}) /CreationDate (D:20250922090000Z) >>".encode("cp1252"))
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return body + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
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
