"""Pages that change in every way in which pages of the web do, and a world that knows what each of them is in
truth.

A change is drawn by chance from what can happen to a page as it stands. It says before anybody looks what a
check has to tell of it (R36): another text, a page that is gone, has moved or is not given out, or nothing at
all. Nothing here is asked of the product.
"""

import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from integration.research.research_server import PageServer, Reply, Request

Answer = Literal[
    "page",
    "not_found",
    "gone",
    "error",
    "forbidden",
    "challenge",
    "challenge_page",
    "moved",
    "redirect",
    "robots",
]
"""What a site does when it is asked for a page."""
Kind = Literal["text", "back", "footer", "tag", "unmodified", "restored", "restored_text", Answer]
"""What happens to a page: another text, the text before, bytes beside the text, another ETag and nothing
else, the first or last answer of 304, the page again as it was or with another text; or the site answers
otherwise."""
READABLE: frozenset[Answer] = frozenset({"page", "moved", "redirect"})
STANDING: dict[Answer, str] = {
    "page": "",
    "redirect": "",
    "moved": "moved",
    "not_found": "gone",
    "gone": "gone",
    "error": "failed",
    "forbidden": "forbidden",
    "robots": "forbidden",
    "challenge": "challenge",
    "challenge_page": "challenge",
}
"""How a source stands whose site answers so."""
OF_A_PAGE: dict[Kind, int] = {
    "text": 24,
    "back": 10,
    "footer": 12,
    "tag": 10,
    "unmodified": 8,
    "not_found": 5,
    "gone": 5,
    "error": 3,
    "forbidden": 3,
    "challenge": 4,
    "challenge_page": 3,
    "moved": 6,
    "redirect": 5,
    "robots": 1,
}
"""What happens to a page that can be read, by weight."""
OF_A_LOSS: dict[Kind, int] = {"restored": 8, "restored_text": 3, "gone": 1, "challenge": 1, "not_found": 1}
"""What happens to a page that cannot."""
SITE = 100
"""Pages of one site, which share its robots.txt."""
_WORDS = (
    "harbour bridge ferry tide gauge valley orchard mill quarry railway tunnel market school theatre archive "
    "meadow forest river island lighthouse canal dike reservoir turbine furnace workshop bakery vineyard "
    "pasture glacier delta estuary marsh cliff plateau station depot warehouse council charter census survey "
    "ledger treaty festival museum library garden fountain avenue terrace courtyard chapel tower rampart"
)
_MARK = re.compile(r"edition (\d+) of page (\d+)")
_PAGE = (
    "<html><head><title>Page {number}</title></head><body><nav>Home | Pages | {visits} visits</nav>"
    "<article><h1>Page {number}</h1>{paragraphs}<p>This is edition {text} of page {number}, and its gauge "
    "stood at {level} millimetres when the surveyors read it.</p></article>"
    "<footer>Read by {visits} people today</footer></body></html>"
)
_CHALLENGE = b"<html><head><title>Just a moment...</title></head><body><p>%s</p></body></html>"
_HUMAN = b"Please verify that you are human before you go on to the page that you asked for."
_REFUSALS: dict[Answer, Reply] = {
    "not_found": Reply(b"no such page", 404),
    "gone": Reply(b"gone for good", 410),
    "error": Reply(b"out of order", 500),
    "forbidden": Reply(b"not for you", 403),
    "challenge": Reply(_CHALLENGE % b"Checking your browser", 403),
    "challenge_page": Reply(_CHALLENGE % _HUMAN),
}


@dataclass(frozen=True)
class Face:
    """How a page shows itself."""

    text: int = 1
    """The edition of its text."""
    visits: int = 0
    """What stands beside its text."""
    tag: int = 0
    answer: Answer = "page"
    conditional: bool = True
    """Whether the site answers 304 to who has it already."""
    place: int = 0
    """Where it has moved to or is shown from, by number."""


@dataclass(frozen=True)
class Known:
    """What is known of a page once every check has told what it had to tell."""

    text: int = 1
    """The last edition that could be read."""
    standing: str = ""
    """How its source stands; empty where it is read as ever."""
    place: int = 0
    """Where it was found when its text was stored or its move was told, by number; 0 is its own address."""

    def after(self, face: Face) -> tuple[str, "Known"]:
        """What a check of this face has to tell, and what is known then. It tells nothing that is known."""
        standing = STANDING[face.answer]
        if face.answer not in READABLE:
            return standing if standing != self.standing else "", replace(self, standing=standing)
        place = face.place if face.answer == "moved" else 0
        if face.text != self.text:
            return "changed", Known(face.text, place=place)
        if place and place != self.place:
            return "moved", replace(self, standing="moved", place=place)
        if place and self.standing in {"", "moved"}:
            return "", self
        return "unchanged" if self.standing else "", replace(self, standing="", place=place)


@dataclass
class Change:
    """One thing that happened to a page, and what a check of it has to tell."""

    page: "Page"
    number: int
    """Of the page's changes, from 1."""
    kind: Kind
    before: Face
    after: Face
    at: datetime
    news: str
    """The outcome that is told once; empty where nothing is to be told."""
    known: Known
    """What is known from here on."""

    def __str__(self) -> str:
        return (
            f"change {self.number} of page {self.page.number}: {self.kind} at {self.at:%H:%M:%S.%f}, from "
            f"{self.before.answer} in edition {self.before.text} to {self.after.answer} in edition "
            f"{self.after.text}"
        )


@dataclass
class Page:
    """One page, its site's answers and its story."""

    number: int
    site: PageServer
    face: Face = Face()
    known: Known = Known()
    editions: int = 1
    former: int = 1
    """The edition before this one."""
    changes: list[Change] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/page/{self.number}"

    @property
    def url(self) -> str:
        return self.site.url(self.path)

    @property
    def elsewhere(self) -> str:
        """Where it has moved to or is shown from."""
        return f"/elsewhere/{self.number}/{self.face.place}"

    def reply(self, request: Request) -> Reply:
        """What its site answers now, at every address that it ever had: who was just led to one of them is
        told nothing else there."""
        face = self.face
        if face.answer in {"moved", "redirect"} and request.path == self.path:
            status = 301 if face.answer == "moved" else 302
            return Reply(b"", status, {"location": self.site.url(self.elsewhere)})
        if face.answer in _REFUSALS:
            return _REFUSALS[face.answer]
        tag = f'"{face.text}-{face.visits}-{face.tag}"'
        if face.conditional and request.headers.get("if-none-match") == tag:
            return Reply(b"", 304, {"etag": tag})
        return Reply(self._body(), headers={"etag": tag})

    def _body(self) -> bytes:
        """The page in HTML: its words are its own, one sentence names the edition."""
        chance, text = random.Random(self.number), self.face.text
        paragraphs = "".join(f"<p>{_paragraph(chance)}</p>" for _ in range(4))
        level = 1_000 + 37 * self.number + 11 * text
        named = {"number": self.number, "visits": self.face.visits, "text": text, "level": level}
        return _PAGE.format(paragraphs=paragraphs, **named).encode()


def edition_of(text: str) -> tuple[int, int] | None:
    """The page and the edition that a stored text is of; None where it does not say one and one only."""
    found = set(_MARK.findall(text))
    if len(found) != 1:
        return None
    edition, page = found.pop()
    return int(page), int(edition)


def _paragraph(chance: random.Random) -> str:
    sentences = []
    for _ in range(3):
        one, two, three, four = chance.sample(_WORDS.split(), 4)
        year, share = chance.randrange(1850, 2020), chance.randrange(2, 90)
        sentences.append(
            f"The {one} beside the {two} was opened in {year}, and {share} percent of its visitors came from "
            f"the {three} or by way of the {four}."
        )
    return " ".join(sentences)


_SHOWN: dict[str, Callable[[Face], Face]] = {
    "text": lambda face: face,
    "back": lambda face: face,
    "footer": lambda face: replace(face, visits=face.visits + 1),
    "tag": lambda face: replace(face, tag=face.tag + 1),
    "unmodified": lambda face: replace(face, conditional=not face.conditional),
}
"""What happens to a page while its site answers as before."""


class World:
    """All sites and pages."""

    def __init__(self, sites: list[PageServer], pages: int, chance: random.Random, *, robots: bool) -> None:
        self._chance = chance
        self._robots = robots
        """Whether pages are closed to robots by chance."""
        self.kinds: Counter[str] = Counter()
        self.pages = [Page(number, sites[(number - 1) // SITE]) for number in range(1, pages + 1)]
        for page in self.pages:
            page.face = replace(page.face, conditional=chance.random() < 0.7)
            page.site.pages[page.path] = page.reply
        for site in sites:
            own = [page for page in self.pages if page.site is site]
            site.pages["/robots.txt"] = lambda request, own=own: _robots(own)  # type: ignore[misc]

    def change(self, page: Page, kind: Kind | None = None) -> Change:
        """Something happens to a page; what it is, by chance unless it is said."""
        before = page.face
        kind = kind or self._draw(page)
        after = self._after(page, kind)
        news, known = page.known.after(after)
        page.face, page.known = after, known
        page.site.pages[page.elsewhere] = page.reply
        number = len(page.changes) + 1
        change = Change(page, number, kind, before, after, datetime.now(UTC), news, known)
        page.changes.append(change)
        self.kinds[kind] += 1
        return change

    def _draw(self, page: Page) -> Kind:
        face = page.face
        if face.answer == "robots":  # who has read the rules before still reads the page: nothing else moves
            return "restored"
        table = OF_A_PAGE if face.answer in READABLE else OF_A_LOSS
        kinds = [
            kind
            for kind in table
            if kind != face.answer
            and (kind != "robots" or (self._robots and face.answer == "page"))
            and (kind != "back" or page.former != face.text)
        ]
        return self._chance.choices(kinds, [table[kind] for kind in kinds])[0]

    def _after(self, page: Page, kind: Kind) -> Face:
        face = page.face
        if kind in {"text", "restored_text"}:
            page.editions, page.former = page.editions + 1, face.text
            face = replace(face, text=page.editions, visits=face.visits + 1)
        elif kind == "back":
            text, page.former = page.former, face.text
            face = replace(face, text=text)
        if kind in _SHOWN:
            return _SHOWN[kind](face)
        answer: Answer = "page" if kind in {"restored", "restored_text"} else kind  # type: ignore[assignment]  # of an `Answer`
        moves = answer in {"moved", "redirect"}
        return replace(face, answer=answer, place=face.place + moves)


def _robots(pages: list[Page]) -> Reply:
    closed = [f"Disallow: {page.path}$" for page in pages if page.face.answer == "robots"]
    return Reply("\n".join(["User-agent: *", *closed, ""]).encode(), headers={"content-type": "text/plain"})


@asynccontextmanager
async def opened(pages: int, chance: random.Random, *, robots: bool) -> AsyncIterator[World]:
    """A world whose sites answer."""
    async with AsyncExitStack() as stack:
        count = (pages + SITE - 1) // SITE
        sites = [await stack.enter_async_context(PageServer()) for _ in range(count)]
        yield World(sites, pages, chance, robots=robots)
