"""What is known of each language, as data: one file `<code>.toml` is one language, and adding a language is
adding its file.

`language(code)` reads a file once, checks it and gives it as frozen objects
(`reprise_research.languages.model`). Code that works on text asks for what it needs by name and holds no word
of any language itself.
"""

from functools import cache
from importlib.resources import files

from reprise_research.languages.model import Language, parse

__all__ = ["LANGUAGES", "Language", "knows", "language"]

_FOLDER = files("reprise_research.languages")

LANGUAGES: tuple[str, ...] = tuple(
    sorted(file.name.removesuffix(".toml") for file in _FOLDER.iterdir() if file.name.endswith(".toml"))
)
"""The codes (BCP 47, without region) of all languages that have a file."""


@cache
def language(code: str) -> Language:
    """Return the language with this code; region and script are ignored (`zh-Hans` is `zh`). Raises
    `KeyError` for an unknown one, and `ValueError` for a file that is not valid."""
    primary = code.partition("-")[0].lower()
    if primary not in LANGUAGES:
        raise KeyError(code)
    return parse(primary, _FOLDER.joinpath(f"{primary}.toml").read_text("utf-8"))


def knows(code: str) -> bool:
    """Return whether there is a file for a language."""
    return code.partition("-")[0].lower() in LANGUAGES
