"""Raised and lowered characters: exponents and indices as characters of their own, marks of notes told apart
from them."""

import re

_RAISED = str.maketrans("0123456789+-−=()nixy", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱˣʸ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_RAISABLE = re.compile(r"[0-9+\-−=()nixy]+")
_LOWERABLE = re.compile(r"[0-9+\-−=()]+")
_SIMPLE = re.compile(r"[\w.]*")
_NOTE = re.compile(
    r"[\[(]?(?:note |n |nb |fn "
    r")?(?:\d{1,3}|[a-z]{1,2}|[ivx]{1,5}|[*†‡§¶#]+)[\])]?(?:[,;–-]\s*[\[(]?(?:\d{1,3}|[a-z])[\])]?)*",
    re.IGNORECASE,
)
_POWER = re.compile(r"[-−+]?\d{1,3}|[nixyk]|[-−]?\d?[nxk]|[nk][-−+]\d")
_UNIT_NAMES = "m km cm mm dm nm µm μm in ft yd mi s sec ha px kg"
_UNITS = frozenset(_UNIT_NAMES.split())
_LARGEST_BASE = 64


def raised(text: str) -> str:
    """A text as an exponent: 10 and `6` make 10⁶; `^(...)` where it has no raised characters."""
    text = text.strip()
    return text.translate(_RAISED) if _RAISABLE.fullmatch(text) else (f"^{bracketed(text)}" if text else "")


def lowered(text: str) -> str:
    """A text as an index."""
    text = text.strip()
    return text.translate(_LOWERED) if _LOWERABLE.fullmatch(text) else (f"_{bracketed(text)}" if text else "")


def bracketed(text: str) -> str:
    """A text in brackets, unless it is a single word or number."""
    text = text.strip()
    return text if _SIMPLE.fullmatch(text) else f"({text})"


def is_note(text: str) -> bool:
    """Whether a raised text can be a note's mark."""
    return _NOTE.fullmatch(text) is not None


def is_power(base: str, text: str) -> bool:
    """Whether a raised text is an exponent, by what stands before it: a unit, one letter, or a small or a
    round number."""
    if not _POWER.fullmatch(text):
        return False
    if base[-1:].isdigit():
        number = base.strip(".,")
        is_small = number.isdigit() and int(number) <= _LARGEST_BASE and not base.endswith((".", ","))
        return text[0] in "-−+n" or number in {"1", "10"} or is_small
    if base in {")", "]"}:
        return text.lstrip("-−").isalpha() or text in {"2", "3"} or text[0] in "-−"
    if not base.isalpha():
        return False
    return base in _UNITS or len(base) == 1 or (len(base) == 2 and not set(base.lower()) & set("aeiouy"))
