"""The providers that come along: SearXNG, OpenAlex, Crossref, arXiv, and Brave and Tavily with a key."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from lxml import etree

from reprise_contracts.sources import Work
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.searching.model import Ask, Hit, Query, Request

_PAGES = 5
"""Pages of results that are asked for to fill a limit."""
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"


class SearXNG:
    """A SearXNG of one's own, which asks others; its settings have to allow the format `json`."""

    name, address, needs_key = "searxng", "", False

    async def search(self, query: Query, ask: Ask, address: str, key: str, mail: str) -> list[Hit]:
        """See `Searcher`."""
        hits: dict[str, Hit] = {}
        params = {"q": _narrowed(query), "format": "json"} | _range(query.since)
        for page in range(1, _PAGES + 1):
            answer = _json(
                await ask(Request(f"{address}/search", {**params, "pageno": str(page)})), "SearXNG"
            )
            found = [_web(one, "content", "publishedDate") for one in _list(answer, "results")]
            new = [hit for hit in found if hit is not None and hit.url not in hits]
            hits |= {hit.url: hit for hit in new}
            if not new or len(hits) >= query.limit:
                break
        return list(hits.values())[: query.limit]


class Brave:
    """Brave's index of the web."""

    name, address, needs_key = "brave", "https://api.search.brave.com/res/v1", True

    async def search(self, query: Query, ask: Ask, address: str, key: str, mail: str) -> list[Hit]:
        """See `Searcher`."""
        hits: dict[str, Hit] = {}
        params = {"q": _narrowed(query), "count": str(min(query.limit, 20))}
        if query.since is not None:
            params["freshness"] = f"{query.since.isoformat()}to{datetime.now(UTC).date().isoformat()}"
        for page in range(_PAGES):
            asked = Request(
                f"{address}/web/search",
                {**params, "offset": str(page)},
                {"X-Subscription-Token": key, "Accept": "application/json"},
            )
            answer = _json(await ask(asked), "Brave")
            found = [_web(one, "description", "page_age") for one in _list(answer, "web", "results")]
            new = [hit for hit in found if hit is not None and hit.url not in hits]
            hits |= {hit.url: hit for hit in new}
            if not new or len(hits) >= query.limit:
                break
        return list(hits.values())[: query.limit]


class Tavily:
    """Tavily's search for programs."""

    name, address, needs_key = "tavily", "https://api.tavily.com", True

    async def search(self, query: Query, ask: Ask, address: str, key: str, mail: str) -> list[Hit]:
        """See `Searcher`."""
        body: dict[str, Any] = {"query": query.words, "max_results": min(query.limit, 20)}
        if query.since is not None:
            body["start_date"] = query.since.isoformat()
        if query.allow:
            body["include_domains"] = list(query.allow)
        asked = Request(f"{address}/search", headers={"Authorization": f"Bearer {key}"}, body=body)
        found = [
            _web(one, "content", "published_date")
            for one in _list(_json(await ask(asked), "Tavily"), "results")
        ]
        return [hit for hit in found if hit is not None][: query.limit]


class OpenAlex:
    """OpenAlex's catalogue of publications; where a text is free, its address is the text's."""

    name, address, needs_key = "openalex", "https://api.openalex.org", False

    async def search(self, query: Query, ask: Ask, address: str, key: str, mail: str) -> list[Hit]:
        """See `Searcher`."""
        params = {"search": query.words, "per-page": str(query.limit)}
        if query.since is not None:
            params["filter"] = f"from_publication_date:{query.since.isoformat()}"
        if mail:
            params["mailto"] = mail
        answer = _json(await ask(Request(f"{address}/works", params)), "OpenAlex")
        return [hit for one in _list(answer, "results") if (hit := self._hit(one)) is not None]

    def _hit(self, one: Mapping[str, Any]) -> Hit | None:
        free, main = one.get("best_oa_location") or {}, one.get("primary_location") or {}
        doi = _doi(one.get("doi"))
        urls = (free.get("pdf_url"), free.get("landing_page_url"), main.get("landing_page_url"), _of_doi(doi))
        people = [(person.get("author") or {}).get("display_name") for person in one.get("authorships") or ()]
        abstract = _in_order(one.get("abstract_inverted_index"))
        return _publication(
            urls,
            title=one.get("display_name") or one.get("title"),
            abstract=abstract,
            published=one.get("publication_date"),
            work=_work(
                doi, people, (main.get("source") or {}).get("display_name"), one.get("publication_year")
            ),
        )


class Crossref:
    """Crossref's register of what has a DOI."""

    name, address, needs_key = "crossref", "https://api.crossref.org", False

    async def search(self, query: Query, ask: Ask, address: str, key: str, mail: str) -> list[Hit]:
        """See `Searcher`."""
        params = {"query": query.words, "rows": str(query.limit)}
        if query.since is not None:
            params["filter"] = f"from-pub-date:{query.since.isoformat()}"
        if mail:
            params["mailto"] = mail
        answer = _json(await ask(Request(f"{address}/works", params)), "Crossref")
        return [hit for one in _list(answer, "message", "items") if (hit := self._hit(one)) is not None]

    def _hit(self, one: Mapping[str, Any]) -> Hit | None:
        doi = _doi(one.get("DOI"))
        page = (one.get("resource") or {}).get("primary") or {}
        people = [
            person.get("name") or " ".join(filter(None, (person.get("given"), person.get("family"))))
            for person in one.get("author") or ()
        ]
        days = ((one.get("issued") or {}).get("date-parts") or [[]])[0]
        day = "-".join(f"{part:02}" for part in days if isinstance(part, int)) if len(days) == 3 else None
        year = days[0] if days and isinstance(days[0], int) else None
        return _publication(
            (page.get("URL"), one.get("URL"), _of_doi(doi)),
            title=_first(one.get("title")),
            abstract=_plain(one.get("abstract") or ""),
            published=day,
            work=_work(doi, people, _first(one.get("container-title")), year),
        )


class Arxiv:
    """arXiv's preprints, in full."""

    name, address, needs_key = "arxiv", "https://export.arxiv.org/api", False

    async def search(self, query: Query, ask: Ask, address: str, key: str, mail: str) -> list[Hit]:
        """See `Searcher`."""
        words = " AND ".join(f"all:{word}" for word in re.findall(r"[^\W_]+", query.words)) or "all:*"
        since = f" AND submittedDate:[{query.since:%Y%m%d}0000 TO 299912312359]" if query.since else ""
        params = {"search_query": words + since, "max_results": str(query.limit), "sortBy": "relevance"}
        answer = await ask(Request(f"{address}/query", params))
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(answer, parser)
        except (etree.XMLSyntaxError, ValueError):
            raise SourceFailed("malformed", "arXiv did not answer the search with Atom.") from None
        return [hit for one in root.iter(f"{_ATOM}entry") if (hit := self._hit(one)) is not None]

    def _hit(self, one: Any) -> Hit | None:
        pdf = next(
            (link.get("href") for link in one.iter(f"{_ATOM}link") if link.get("title") == "pdf"), None
        )
        day = (one.findtext(f"{_ATOM}published") or "")[:10]
        return _publication(
            (pdf, one.findtext(f"{_ATOM}id")),
            title=one.findtext(f"{_ATOM}title"),
            abstract=one.findtext(f"{_ATOM}summary") or "",
            published=day,
            work=_work(
                _doi(one.findtext(f"{_ARXIV}doi")),
                [name.text for name in one.iter(f"{_ATOM}name")],
                one.findtext(f"{_ARXIV}journal_ref") or "arXiv",
                int(day[:4]) if day[:4].isdigit() else None,
            ),
        )


def _narrowed(query: Query) -> str:
    """The words with the domains to which they are narrowed, as indexes of the web read them."""
    if not query.allow:
        return query.words
    return f"{query.words} ({' OR '.join(f'site:{domain}' for domain in query.allow)})"


def _range(since: date | None) -> dict[str, str]:
    """The smallest of SearXNG's ranges that reaches back to a day."""
    if since is None:
        return {}
    days = (datetime.now(UTC).date() - since).days
    named = next(
        (name for name, most in (("day", 1), ("week", 7), ("month", 31), ("year", 366)) if days <= most), ""
    )
    return {"time_range": named} if named else {}


def _json(answer: bytes, who: str) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        raise SourceFailed("malformed", f"{who} did not answer the search with JSON.") from None


def _list(answer: Any, *path: str) -> list[Mapping[str, Any]]:
    """The records that an answer holds at a place; none where it holds something else."""
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []


def _web(one: Mapping[str, Any], snippet: str, published: str) -> Hit | None:
    url = one.get("url")
    if not isinstance(url, str) or not re.fullmatch(r"https?://\S{1,4000}", url):
        return None
    return Hit(url, _plain(one.get("title")), _plain(one.get(snippet))[:1000], _day(one.get(published)))


def _publication(urls: Iterable[Any], *, title: Any, abstract: str, published: Any, work: Work) -> Hit | None:
    url = next(
        (url for url in urls if isinstance(url, str) and re.fullmatch(r"https?://\S{1,4000}", url)), None
    )
    if url is None:
        return None
    told = _plain(abstract)
    return Hit(url, _plain(title), told[:300], _day(published), work, told)


def _work(doi: str | None, people: Iterable[Any], venue: Any, year: Any) -> Work:
    names = tuple(_plain(name) for name in people if isinstance(name, str) and name.strip())
    return Work(
        doi=doi,
        authors=names[:100],
        venue=_plain(venue) or None,
        year=year if isinstance(year, int) and 1000 <= year <= 3000 else None,
    )


def _doi(told: Any) -> str | None:
    found = re.search(r"10\.\d{4,9}/\S+", told) if isinstance(told, str) else None
    return found[0].lower() if found else None


def _of_doi(doi: str | None) -> str | None:
    return f"https://doi.org/{doi}" if doi else None


def _in_order(index: Any) -> str:
    """An abstract that is told as the places of each of its words."""
    if not isinstance(index, dict):
        return ""
    at = {place: word for word, places in index.items() if isinstance(places, list) for place in places}
    return " ".join(str(at[place]) for place in sorted(place for place in at if isinstance(place, int)))


def _first(told: Any) -> Any:
    return told[0] if isinstance(told, list) and told else told


def _plain(told: Any) -> str:
    """A text without the tags that some answers have in it, on one line."""
    return " ".join(re.sub(r"</?[\w:]+[^<>]*>", " ", told).split()) if isinstance(told, str) else ""


def _day(told: Any) -> str | None:
    found = re.match(r"(?:1[5-9]|20)\d\d-[01]\d-[0-3]\d", told) if isinstance(told, str) else None
    return found[0] if found else None
