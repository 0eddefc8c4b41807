"""Plain text into Markdown that shows exactly that text: no source can add a heading, a tag, an entity, or a
link that hides its target."""

import re

_INLINE = re.compile(r"[\\`*_\[\]{}~|^$]")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LINE_START = re.compile(r"^(\s*)([#>+=-]|\d{1,9}[.)](?=\s|$))")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_AUTOLINK = re.compile(r"(?i)\b(?:ftp://|(?:mailto|javascript|data):)")
"""What some readers of Markdown make a link of, but for addresses of the web: those stand there as they are,
for all to see."""


def escaped(text: str) -> str:
    """One line of Markdown that renders as the text; control and direction characters are left out."""
    text = _CONTROL.sub("", " ".join(text.split()))
    text = _ENTITY.sub("&amp;", text)
    text = _INLINE.sub(lambda found: "\\" + found.group(), text)
    text = text.replace("<", "&lt;").replace(">", "&gt;")
    text = _LINE_START.sub(_guard, text)
    return _AUTOLINK.sub(lambda found: found.group().replace(":", "\\:"), text)


def printable(text: str) -> str:
    """The text without characters that are no text: control and direction marks, and lone surrogates."""
    return _CONTROL.sub("", text).encode("utf-8", "ignore").decode()


def link(title: str, url: str) -> str:
    """A Markdown link to an http or https address, its text escaped; the text alone for any other address."""
    if not re.match(r"https?://[^\s<>]+$", url):
        return escaped(title)
    target = (
        url.replace("\\", "%5C")
        .replace("(", "%28")
        .replace(")", "%29")
        .replace("|", "%7C")
        .replace('"', "%22")
    )
    return f"[{escaped(title)}](<{target}>)"


def _guard(found: re.Match[str]) -> str:
    marker = found.group(2)
    if marker[0].isdigit():
        return f"{found.group(1)}{marker[:-1]}\\{marker[-1]}"
    return f"{found.group(1)}\\{marker}"
