"""Which language's numbers a text is read with."""

from reprise_research.languages import knows
from reprise_research.text.language import language_of


def language_for(text: str, given: str | None) -> tuple[str, bool]:
    """Return the code of the language to read in, and whether it is known to be the text's; English, unsure,
    where none is."""
    for code in (given, None if given is not None and knows(given) else language_of(text)):
        if code is not None and knows(code):
            return code.partition("-")[0].lower(), True
    return "en", False
