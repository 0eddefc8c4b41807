"""The words around a place in a sentence."""

_OPENERS = (", ", "; ", ": ", " – ", " — ", "，", "；", "：", "(", "、", "،")
_CLOSERS = (", ", "; ", ": ", " – ", " — ", "，", "；", "。", ")", "、", "،")
_ENDS = ".!?…。！？।"


def clause(sentence: str, begin: int, stop: int, limit: int = 90) -> tuple[int, int]:
    """Return where the clause around `sentence[begin:stop]` begins and ends, cut to about `limit` characters
    between words."""
    left = max(sentence.rfind(mark, 0, begin) for mark in _OPENERS)
    start = 0 if left < 0 else left + 1
    ends = (sentence.find(mark, stop) for mark in _CLOSERS)
    end = min((position for position in ends if position >= 0), default=len(sentence.rstrip(_ENDS)))
    while start < begin and sentence[start] == " ":
        start += 1
    room = max(limit - (stop - begin), 20)
    if begin - start > room * 2 // 3:
        start = _word_start(sentence, begin - room * 2 // 3)
    if end - stop > room // 2:
        end = sentence.rfind(" ", stop, stop + room // 2)
        end = stop if end < 0 else end
    return start, end


def _word_start(sentence: str, position: int) -> int:
    space = sentence.find(" ", position)
    return position if space < 0 else space + 1
