"""Bytes into text: byte order mark, then what the server says, then UTF-8, then the likeliest other
encoding."""

import codecs
import re
import unicodedata

from charset_normalizer import from_bytes

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no text holds, and no tree of elements can; pages smuggle it in as references to characters."""
_SAMPLE = 64_000
_SPOILT = 25
"""Bytes beyond ASCII for each that UTF-8 does not explain, in a text that is UTF-8 all the same."""


def decoded(data: bytes, charset: str | None = None) -> str:
    """The text of some bytes; never fails, for what no encoding explains becomes replacement characters."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    for name in (charset, "utf-8"):
        if name:
            try:
                return data.decode(name)
            except (LookupError, UnicodeDecodeError):
                continue
    if (charset or "utf-8").lower().replace("_", "-") in {"utf-8", "utf8"}:
        told = data.decode(
            "utf-8", "replace"
        )  # a few spoilt bytes, as where a page was cut, do not make it another encoding
        if told.count("\ufffd") * _SPOILT < sum(byte > 127 for byte in data):
            return told
    sample = data[:_SAMPLE]
    if sum(byte > 127 for byte in sample) < 0.2 * len(
        sample
    ):  # a few accents among ASCII: too little to guess from
        return data.decode("cp1252", "replace")
    best = from_bytes(sample).best()
    return data.decode(best.encoding if best is not None else "cp1252", "replace")


def declared_in_html(data: bytes) -> str | None:
    """The charset that a page's head names."""
    found = _META.search(data[:4096])
    return found[1].decode("ascii") if found else None


def clean(text: str) -> str:
    """The form in which texts are stored: NFC, lines ended by \\n, no control characters, no trailing space,
    no runs of empty lines."""
    text = unicodedata.normalize(
        "NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n").replace("\u00ad", "")
    )
    lines = [" ".join(line.split(" ")).rstrip() for line in printable(text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def printable(text: str) -> str:
    """The text without control characters and halves of characters."""
    return _CONTROL.sub("", text)
