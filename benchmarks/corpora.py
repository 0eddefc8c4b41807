"""What the research benchmark reads: the samples, and handbooks that Debian packages install, each with its
documents' own abstracts.

The abstract of a document is taken out of what is read. Where a page has none that is marked, its first
paragraph stands for it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import lxml.html

DOC = Path("/usr/share/doc")
SAMPLES = Path(__file__).parents[1] / "samples"
_MOST = 20
_SHORTEST = 12
"""Words of a paragraph that can stand for an abstract."""


@dataclass(frozen=True)
class Paper:
    """A document: its name, what is read of it, and its own abstract, which is not in there; empty if it has
    none."""

    name: str
    data: bytes
    abstract: str = ""


@dataclass(frozen=True)
class Corpus:
    """Documents and the question asked of them. `missing` says why there are none."""

    name: str
    topic: str
    papers: tuple[Paper, ...] = ()
    missing: str = ""
    facts: tuple[tuple[str, ...], ...] = ()
    """Contradictions that are known: the words that both sides give."""
    gaps: tuple[str, ...] = field(default=())
    """What is known to be missing: a word of a statement that says so."""


def corpora() -> Iterator[Corpus]:
    """Every corpus, those that are not installed with their reason."""
    yield samples()
    yield _handbook("en-US", "How is a Debian system installed, kept up to date and secured?")
    yield _handbook("zh-CN", "怎样安装、升级并保护一个 Debian 系统？")
    yield _pages(
        "debian-reference-en",
        Path("/usr/share/debian-reference"),
        "ch*.en.html",
        "How are packages managed, and how does the system start?",
    )
    yield _pages("debian-faq", DOC / "debian/FAQ", "*.en.html", "What is Debian, and how is it upgraded?")
    yield _pages(
        "debian-policy",
        DOC / "debian-policy/policy.html",
        "ch-*.html",
        "What must a Debian package do, and what must it never do?",
    )


def samples() -> Corpus:
    """The demo's batch."""
    files = sorted(
        path
        for path in SAMPLES.rglob("*")
        if path.suffix in {".html", ".pdf", ".md", ".txt"} and path.parent != SAMPLES
    )
    return Corpus(
        "samples",
        (SAMPLES / "topic.txt").read_text("utf-8").strip(),
        tuple(Paper(path.name, path.read_bytes()) for path in files),
        facts=(
            ("23 percent", "11 percent"),
            ("1.4 million", "2.3 million"),
            ("1.2 decibels", "2.1 decibels"),
            ("4 percent", "12 percent"),
            ("60,000 euros", "14,200 euros"),
        ),
        gaps=("ambulances", "trade"),
    )


def _handbook(language: str, topic: str) -> Corpus:
    """Chapters of the Debian Administrator's Handbook: each opens with highlights, and has its sections on
    pages of their own."""
    folder, name = DOC / "debian-handbook/html" / language, f"debian-handbook {language}"
    if not folder.is_dir():
        return Corpus(name, topic, missing="the package debian-handbook is not installed")
    papers = []
    for path in sorted(folder.glob("[a-z]*.html")):
        page = lxml.html.parse(str(path)).getroot()
        highlights = page.find_class("highlights")
        if not highlights:
            continue
        abstract = " ".join(highlights[0].text_content().split())
        sections = [href.partition("#")[0] for href in page.xpath("//dl[@class='toc']//a/@href")]
        for toc in page.find_class("toc"):
            toc.drop_tree()
        highlights[0].drop_tree()
        body = [lxml.html.tostring(element, encoding="unicode") for element in page.xpath("//body")]
        for section in dict.fromkeys(s for s in sections if s and (folder / s).is_file()):
            body += [
                lxml.html.tostring(e, encoding="unicode")
                for e in lxml.html.parse(str(folder / section)).getroot().xpath("//body")
            ]
        text = "".join(re.sub(r"</?body[^>]*>", "", part) for part in body)
        title = page.findtext(".//title") or path.stem
        papers.append(
            Paper(
                path.name,
                "<html><head><meta "
                f"charset='utf-8'><title>{title}</title></head><body>{text}</body></html>".encode(),
                abstract,
            )
        )
    return Corpus(name, topic, tuple(papers[:_MOST]))


def _pages(package: str, folder: Path, pattern: str, topic: str) -> Corpus:
    """Pages of a manual, whose first paragraph stands for their abstract."""
    if not folder.is_dir() or not list(folder.glob(pattern)):
        return Corpus(package, topic, missing=f"the package {package} is not installed")
    papers = []
    for path in sorted(folder.glob(pattern))[:_MOST]:
        page = lxml.html.parse(str(path)).getroot()
        first = next((p for p in page.iter("p") if len(p.text_content().split()) >= _SHORTEST), None)
        abstract = " ".join(first.text_content().split()) if first is not None else ""
        if first is not None:
            first.drop_tree()
        papers.append(Paper(path.name, lxml.html.tostring(page, encoding="utf-8"), abstract))
    return Corpus(package, topic, tuple(papers))
