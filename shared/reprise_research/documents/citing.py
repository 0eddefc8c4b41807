"""A report's references for programs that keep them: BibTeX, RIS and CSL-JSON. Nothing is guessed: what a
source does not say of itself is left out."""

import json
import re
from collections.abc import Iterator
from typing import Any

from reprise_contracts.artifacts import Phase4, Reference

_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def bibtex(report: Phase4, _outdated: object = None) -> bytes:
    """An entry for each reference: an article where a venue is known, else something on the web."""
    return "\n\n".join(map(_bibtex, report.references)).encode() + b"\n"


def ris(report: Phase4, _outdated: object = None) -> bytes:
    """A record for each reference, with the line ends that the format asks for."""
    return "".join(line + "\r\n" for one in report.references for line in _ris(one)).encode()


def csl(report: Phase4, _outdated: object = None) -> bytes:
    """The references as items of the Citation Style Language."""
    return json.dumps([_csl(one) for one in report.references], ensure_ascii=False, indent=1).encode() + b"\n"


def _authors(one: Reference) -> tuple[str, ...]:
    """The authors one by one where a catalogue names them, else as the source does."""
    if one.work is not None and one.work.authors:
        return one.work.authors
    return (one.author,) if one.author else ()


def _dates(one: Reference) -> list[int]:
    """Year, month and day as far as they are known."""
    found = _DAY.match(one.published or "")
    if found is not None:
        return [int(part) for part in found.groups() if part]
    return [one.work.year] if one.work is not None and one.work.year else []


def _venue(one: Reference) -> str | None:
    return one.work.venue if one.work is not None else None


def _bibtex(one: Reference) -> str:
    dates = _dates(one)
    fields = {
        "title": one.title,
        "author": " and ".join(f"{{{_tex(name)}}}" if "," in name else _tex(name) for name in _authors(one)),
        "journal": _venue(one) or "",
        "year": str(dates[0]) if dates else "",
        "month": str(dates[1]) if len(dates) > 1 else "",
        "doi": (one.work.doi if one.work is not None else None) or "",
        "url": one.url or "",
    }
    lines = [
        f"  {name} = {{{value if name in {'author', 'url', 'doi'} else _tex(value)}}},"
        for name, value in fields.items()
        if value
    ]
    return "\n".join([f"@{'article' if _venue(one) else 'misc'}{{ref{one.number},", *lines, "}"])


def _tex(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in text)


def _ris(one: Reference) -> Iterator[str]:
    dates = _dates(one)
    yield f"TY  - {'JOUR' if _venue(one) else 'ELEC' if one.url else 'GEN'}"
    yield f"ID  - ref{one.number}"
    yield f"TI  - {_line(one.title)}"
    for name in _authors(one):
        yield f"AU  - {_line(name)}"
    told = {
        "PY": str(dates[0]) if dates else "",
        "DA": "/".join(f"{part:02}" for part in dates) if len(dates) == 3 else "",
        "JO": _line(_venue(one) or ""),
        "DO": (one.work.doi if one.work is not None else None) or "",
        "UR": one.url or "",
    }
    yield from (f"{tag}  - {value}" for tag, value in told.items() if value)
    yield "ER  - "


def _line(text: str) -> str:
    return " ".join(text.split())


def _csl(one: Reference) -> dict[str, Any]:
    dates = _dates(one)
    item: dict[str, Any] = {
        "id": f"ref{one.number}",
        "type": "article-journal" if _venue(one) else "webpage" if one.url else "document",
        "title": one.title,
        "author": [{"literal": name} for name in _authors(one)],
        "issued": {"date-parts": [dates]} if dates else None,
        "container-title": _venue(one),
        "DOI": one.work.doi if one.work is not None else None,
        "URL": one.url,
    }
    return {name: value for name, value in item.items() if value}
