"""Which language a text is in, as far as reading it differs: by its script, and for Latin script by its commonest words."""

import re

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(["the", "of", "and", "to", "in", "is", "that", "for", "it", "was", "on", "are", "with", "as", "by", "at", "from"])
_SAMPLE = 20_000


def is_han(character: str) -> bool:
    """Whether one character is a Chinese one."""
    return _HAN.match(character) is not None


def han_share(text: str) -> float:
    """The share of Chinese characters among the letters, 0 to 1."""
    letters = len(_LETTER.findall(text))
    return len(_HAN.findall(text)) / letters if letters else 0.0


def is_chinese(text: str) -> bool:
    """Whether a phrase reads as Chinese: at least a third of its letters are, for a character says more than a letter."""
    return han_share(text) >= 1 / 3 and not _KANA.search(text)


def language_of(text: str) -> str | None:
    """`zh`, `ja`, `ko`, `en`, or None for another language that this code cannot name. Looks at the first 20,000 characters."""
    sample = text[:_SAMPLE]
    letters = len(_LETTER.findall(sample))
    if not letters:
        return None
    if len(_KANA.findall(sample)) / letters > 0.1:
        return "ja"
    if len(_HANGUL.findall(sample)) / letters > 0.3:
        return "ko"
    if len(_HAN.findall(sample)) / letters > 0.3:
        return "zh"
    words = [word.lower() for word in _WORD.findall(sample)]
    if words and sum(word in _ENGLISH for word in words) / len(words) > 0.12:
        return "en"
    return None
