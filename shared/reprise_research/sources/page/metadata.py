"""What a page says of itself: title, author and date, as its head and its marks name them; nothing is guessed
from running text."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement

from reprise_research.sources.charset import printable

_SEPARATOR = re.compile(r"\s+[|\-–—·:»«•/]{1,2}\s+")
_DAY = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
_DATE_NAMES = (
    "article:published_time datepublished date dc.date dc.date.issued dcterms.created dcterms.date "
    "citation_publication_date citation_date "
    "parsely-pub-date sailthru.date publish-date pubdate"
)
_AUTHOR_NAMES = (
    "citation_author author dc.creator dcterms.creator article:author parsely-author byl twitter:creator"
)
_ARTICLES = re.compile(
    r"article|posting|report|page|creativework|book|dataset|recipe|event|review", re.IGNORECASE
)


@dataclass(frozen=True)
class Head:
    """What a page names; None for what it does not."""

    title: str | None = None
    author: str | None = None
    published: str | None = None
    body: str = ""
    """The text of the article as the page states it for machines (`articleBody` of JSON-LD)."""


def head_of(root: HtmlElement) -> Head:
    """Title, author and date of a page, read before anything is taken out of its tree."""
    metas = _metas(root)
    linked = list(_linked_data(root))
    title, author = _title(root, metas, linked), _author(root, metas, linked)
    return Head(
        _tidy(title),
        _tidy(author),
        _published(root, metas, linked),
        max((str(node.get("articleBody") or "") for node in linked), key=len, default=""),
    )


def _metas(root: HtmlElement) -> dict[str, list[str]]:
    metas: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower()
        value = " ".join((meta.get("content") or "").split())
        if name and value:
            metas.setdefault(name, []).append(value)
    return metas


def _linked_data(root: HtmlElement) -> Iterator[dict[str, Any]]:
    """The articles that a page describes as JSON-LD."""
    for script in root.xpath("//script[@type='application/ld+json']"):
        try:
            waiting: list[Any] = [json.loads(script.text or "")]
        except (ValueError, RecursionError):
            continue
        for _ in range(500):
            if not waiting:
                break
            node = waiting.pop(0)
            if isinstance(node, list):
                waiting += node
            elif isinstance(node, dict):
                if _ARTICLES.search(str(node.get("@type", ""))):
                    yield node
                waiting += [
                    value
                    for key, value in node.items()
                    if key in {"@graph", "mainEntity", "mainEntityOfPage"}
                ]


def _title(root: HtmlElement, metas: dict[str, list[str]], linked: list[dict[str, Any]]) -> str | None:
    for name in ("citation_title", "dc.title", "dcterms.title"):
        if name in metas:
            return metas[name][0]
    site = {name.lower() for key in ("og:site_name", "application-name") for name in metas.get(key, [])}
    whole = " ".join((root.findtext(".//title") or "").split())
    heads = [" ".join(head.text_content().split()) for head in root.iter("h1")]
    for told in (metas.get("og:title", [""])[0], *(str(node.get("headline") or "") for node in linked)):
        if told and told.lower() not in site:
            return _without_site(told, site, heads)
    if len(heads) == 1 and heads[0] and heads[0].lower() in whole.lower():
        return heads[0]
    return _without_site(whole, site, heads) or next((head for head in heads if head), None)


def _without_site(title: str, site: set[str], heads: list[str]) -> str:
    """A title without the name of the site behind or before it."""
    parts = _SEPARATOR.split(title)
    if len(parts) > 1:
        for kept in (title[: title.rfind(parts[-1])], title[title.find(parts[1]) :]):
            left = kept.strip(" |-–—·:»«•/")
            gone = parts[-1] if kept is not None and title.startswith(left) else parts[0]
            if gone.lower() in site or any(left.lower() == head.lower() for head in heads):
                return left
    return title


def _author(root: HtmlElement, metas: dict[str, list[str]], linked: list[dict[str, Any]]) -> str | None:
    for name in (
        "citation_author",
        "author",
        "dc.creator",
        "dcterms.creator",
        "article:author",
        "parsely-author",
        "byl",
        "twitter:creator",
    ):
        named = [value for value in metas.get(name, []) if not re.match(r"https?://|@|www\.", value)]
        if named:
            return ", ".join(dict.fromkeys(named[:10]))
    for node in linked:
        people = node.get("author")
        names = [_name(one) for one in (people if isinstance(people, list) else [people])]
        if any(names):
            return ", ".join(dict.fromkeys(name for name in names[:10] if name))
    for mark in root.xpath("//*[@itemprop='author']|//a[@rel='author']|//meta[@itemprop='author']"):
        inner = mark.find(".//*[@itemprop='name']")
        told = " ".join((inner if inner is not None else mark).text_content().split())
        if 0 < len(told) <= 80:
            return told
    return None


def _name(one: Any) -> str:
    told = one.get("name") if isinstance(one, dict) else one
    return " ".join(told.split()) if isinstance(told, str) and not told.startswith("http") else ""


def _published(root: HtmlElement, metas: dict[str, list[str]], linked: list[dict[str, Any]]) -> str | None:
    dates = [
        *(value for name in _DATE_NAMES.split() for value in metas.get(name, [])),
        *(str(node.get(name) or "") for node in linked for name in ("datePublished", "dateCreated")),
        *root.xpath("//time[@pubdate]/@datetime"),
        *root.xpath("//*[@itemprop='datePublished']/@datetime"),
        *root.xpath("//article//time/@datetime")[:1],
    ]
    return next(
        (found[0] for date in dates if (found := _DAY.match(str(date).strip().replace("/", "-")))), None
    )


def _tidy(told: str | None) -> str | None:
    return " ".join(printable(told).split()) if told else None
