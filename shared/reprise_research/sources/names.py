"""Whether what a document gives as its title and its author is one, and not what a program, a template or a
vendor put there."""

import re

_TEMPLATES = re.compile(
    r"(?:python-docx|openpyxl|xlsxwriter|pandoc|docx4j|apache poi|microsoft office user|windows user|steve "
    r"canny|author|user|owner|"
    r"admin|administrator|root|editor|editors|staff|webmaster|guest|\(?(?:anonymous|unspecified)\)?|unknown|unbekannt|default|test|pc|hp|dell|lenovo|"
    r"untitled\d*|unnamed|document\d*|word document|powerpoint presentation|presentation\d*|slide \d+|page "
    r"\d+|title|none|null|-)",
    re.IGNORECASE,
)
"""What programs and templates write where a document names its author and its title."""
_COMPANY = re.compile(
    r"\b(?:llc|inc|ltd|limited|gmbh|corp|corporation|s\.?a\.?s?|b\.?v|plc|software|systems|solutions)\b\.?|[®™]",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"\S*\.(?:docx?|xlsx?|pptx?|indd|tex|dvi|pdf|html?|md|txt|odt|rtf|qxd|pages|fm|p65|ai|eps)", re.IGNORECASE
)
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+")
_ACCOUNT = re.compile(r"[a-z][a-z0-9._-]*|\S*\d\S*|[A-Z]{1,4}\d+")
_NO_NAME = re.compile(r"©|\(c\)|copyright\b|e-?mail\b|see\b|created (?:by|with)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


def author_of(named: str | None, text: str) -> str | None:
    """An author as a document names one; None for an account, a program, an address, or a company that the
    text does not know."""
    told = _ADDRESS.sub("", " ".join((named or "").split())).strip(" ,;<>()") if named else ""
    told = re.sub(r"^(?:by|von|par|por|di)\s+(?=[A-ZÀ-Þ])", "", told, flags=re.IGNORECASE)[:300]
    if not told or _TEMPLATES.fullmatch(told) or _FILE.fullmatch(told) or not _WORD.search(told):
        return None
    if _ACCOUNT.fullmatch(told) or _NO_NAME.match(told):
        return None
    return told if _is_in(told, text) or not _COMPANY.search(told) else None


def title_of(named: str | None, text: str) -> str | None:
    """A title as a document's properties give it; None for a file's name, a number, or words of which the
    text knows few."""
    told = re.sub(r"^Microsoft (?:Word|PowerPoint|Excel) - ", "", " ".join((named or "").split()))[:300]
    words = _WORD.findall(told)
    letters = sum(character.isalpha() for character in told)
    if (
        not words
        or _TEMPLATES.fullmatch(told)
        or _FILE.search(told)
        or letters < 0.5 * len(told.replace(" ", ""))
    ):
        return None
    start = text[:20_000].lower()
    known = sum(word.lower() in start for word in words)
    return told if not text or known >= 0.5 * len(words) else None


def _is_in(name: str, text: str) -> bool:
    return bool(text) and " ".join(_WORD.findall(name.lower())) in " ".join(_WORD.findall(text.lower()))
