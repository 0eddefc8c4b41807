"""Captions of a film or a talk (SubRip, WebVTT, json3) as a transcript: what was said, cut where the speaker
pauses, with its times.

A line begins with its time, `[12:04]`. Speech without full stops is cut at its longest pauses, so that each
line can be quoted as it is.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from reprise_research.sources.charset import decoded
from reprise_research.sources.formats.document import Document
from reprise_research.sources.unreadable import Unreadable

_TIME = re.compile(
    r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})\s*-->\s*(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
)
_VOICE = re.compile(r"<v(?:\.[\w.]+)?\s+([^>]+)>")
_TAG = re.compile(r"</?[^>]*>|\{\\[^}]*\}")
_SOUND = re.compile(r"[\[(][^\])]{1,40}[\])]|[♪♫#]+[^♪♫]*[♪♫#]*|>>+|-(?=\s)")
_ENDED = re.compile(r"[.!?。！？…؟।][\"'”’»)\]]*$")
_LEAST, _USUAL, _MOST = 100, 170, 240
"""Characters of a line."""
_UNSPACED = 3
"""How many times fewer characters a line has in a script without spaces."""
_TURN = 2.0
"""Seconds of silence after which somebody begins anew."""
NOTE = "It is a transcript of speech, quoted as it was said, with its times."
_JOINED_SCRIPT = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True)
class Cue:
    """Words that are shown together, in seconds from the beginning."""

    start: float
    end: float
    text: str
    voice: str = ""


def read_captions(body: bytes, name: str, charset: str | None) -> Document:
    """A transcript of captions. Raises `Unreadable` for what holds none."""
    text = decoded(body, charset).replace("\r\n", "\n").replace("\r", "\n")
    cues = list(_json_cues(text) if text.lstrip().startswith("{") else _cues(text))
    if not cues:
        raise Unreadable("malformed", "It is called captions, but holds no words with their times.")
    return Document(transcript(cues), "captions", note=NOTE)


def transcript(cues: list[Cue]) -> str:
    """What was said, in lines that begin with their times."""
    lines: list[str] = []
    for part in _parted(_once(cues)):
        voices = {cue.voice for cue in part}
        stamp, voice = _stamp(part[0].start), voices.pop() if len(voices) == 1 else ""
        said = _said(part)
        if said:
            lines.append(f"[{stamp}] {voice + ': ' if voice else ''}{said}")
    return "\n".join(lines)


def _cues(text: str) -> Iterator[Cue]:
    """The cues of SubRip and WebVTT: a line of times, and the lines below it."""
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip().split("\n")
        at = next((number for number, line in enumerate(lines[:3]) if _TIME.search(line)), None)
        if at is None or (found := _TIME.search(lines[at])) is None:
            continue
        start, end = _seconds(*found.groups()[:4]), _seconds(*found.groups()[4:])
        told = "\n".join(lines[at + 1 :])
        voice = _VOICE.search(told)
        yield Cue(start, end, html.unescape(_TAG.sub("", told)), " ".join(voice[1].split()) if voice else "")


def _json_cues(text: str) -> Iterator[Cue]:
    """The cues of json3, whose words have times of their own."""
    try:
        events = json.loads(text).get("events", [])
    except (ValueError, AttributeError):
        return
    for event in events if isinstance(events, list) else []:
        segments = event.get("segs") if isinstance(event, dict) else None
        if not isinstance(segments, list):
            continue
        begin = float(event.get("tStartMs") or 0) / 1000
        whole = begin + float(event.get("dDurationMs") or 0) / 1000
        starts = [
            begin + float(one.get("tOffsetMs") or 0) / 1000 for one in segments if isinstance(one, dict)
        ]
        for number, one in enumerate(one for one in segments if isinstance(one, dict)):
            word = str(one.get("utf8") or "")
            if word.strip():
                later = starts[number + 1] if number + 1 < len(starts) else min(whole, starts[number] + 0.5)
                yield Cue(starts[number], max(starts[number], later), word)


def _seconds(hours: str | None, minutes: str, seconds: str, part: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(part.ljust(3, "0")) / 1000


def _once(cues: list[Cue]) -> list[Cue]:
    """The cues without lines that roll up and are shown again, and without sounds."""
    kept: list[Cue] = []
    shown: list[str] = []
    for cue in cues:
        lines = [" ".join(line.split()) for line in cue.text.split("\n")]
        fresh = [line for line in lines if line and line not in shown]
        shown = [line for line in lines if line] or shown
        said = " ".join(_SOUND.sub(" ", " ".join(fresh)).split())
        if said:
            kept.append(
                Cue(
                    cue.start,
                    cue.end,
                    said if len(lines) > 1 or cue.text[:1] != " " else f" {said}",
                    cue.voice,
                )
            )
    return kept


def _parted(cues: list[Cue]) -> Iterator[list[Cue]]:
    """The cues of each line: cut where a sentence ends, else at the longest pause, and wherever another
    speaks."""
    open_part: list[Cue] = []
    for number, cue in enumerate(cues):
        open_part.append(cue)
        following = cues[number + 1] if number + 1 < len(cues) else None
        if following is None:
            break
        length = len(_said(open_part)) * (_UNSPACED if _JOINED_SCRIPT.search(cue.text) else 1)
        silent = following.start - cue.end
        if (
            (following.voice and cue.voice and following.voice != cue.voice)
            or silent >= _TURN
            or (_ENDED.search(cue.text) and length >= _LEAST)
        ):
            yield open_part
            open_part = []
        elif length >= _MOST:
            at = _best_cut(open_part)
            yield open_part[:at]
            open_part = open_part[at:]
    if open_part:
        yield open_part


def _best_cut(part: list[Cue]) -> int:
    """After how many cues to cut: at the longest pause of the second half, a sentence's end before any
    other."""
    whole = sum(len(cue.text) for cue in part)
    best, weight, length = len(part), -1.0, 0
    for number in range(1, len(part)):
        length += len(part[number - 1].text)
        if length < _LEAST / _MOST * whole:
            continue
        before = part[number - 1]
        pause = (
            part[number].start
            - before.end
            + (10.0 if _ENDED.search(before.text) else 0.5 if before.text.endswith(",") else 0.0)
        )
        if pause - 0.002 * abs(length - _USUAL) > weight:
            best, weight = number, pause - 0.002 * abs(length - _USUAL)
    return best


def _said(part: list[Cue]) -> str:
    said = ""
    for cue in part:
        joins = bool(said) and _JOINED_SCRIPT.match(cue.text.strip()) and _JOINED_SCRIPT.match(said[-1])
        said += cue.text.strip() if joins or not said else f" {cue.text.strip()}"
    return said


def _stamp(seconds: float) -> str:
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
