"""The process in which `yt-dlp` looks at one video; it has no network but its parent (`apart.py`).

Run as `python -m reprise_research.sources.scraping.video_child`.
"""

import io
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from typing import Any, BinaryIO
from urllib.request import Request as CookieRequest

from yt_dlp import YoutubeDL
from yt_dlp.networking import Request, Response
from yt_dlp.networking.exceptions import TransportError
from yt_dlp.utils import DownloadError, ExtractorError, UnsupportedError

from reprise_research.sources.frames import receive, send

_MEMORY = 1_500_000_000
"""Bytes of address space."""
_TYPES = {"vtt": "text/vtt", "srt": "application/x-subrip"}
"""Forms of captions that are read, the best first."""
_CHOICES = {
    "quiet": True,
    "no_warnings": True,
    "logtostderr": True,
    "cachedir": False,
    "skip_download": True,
    "noplaylist": True,
    "extract_flat": "in_playlist",
    "ignore_no_formats_error": True,
    "writesubtitles": True,
    "writeautomaticsub": True,
    "js_runtimes": {},
    "extractor_retries": 0,
    "extractor_args": {"youtube": {"skip": ["hls", "dash", "translated_subs"]}},
}


class _Looking(YoutubeDL):  # type: ignore[misc]
    """`yt-dlp` whose every request goes through the parent."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self._stdin, self._stdout, self._asked = stdin, stdout, 0
        self.refused: dict[int, Mapping[str, Any]] = {}
        """Why requests failed, by their numbers."""
        super().__init__(_CHOICES)

    def urlopen(self, req: Any) -> Response:
        """The answer to a request. Raises `TransportError` for one that is refused."""
        request = Request(req) if isinstance(req, str) else req
        headers = {name: value for name, value in request.headers.items() if isinstance(value, str)}
        if (cookie := self.cookiejar.get_cookie_header(request.url)) is not None:
            headers.setdefault("Cookie", cookie)
        body = request.data
        self._asked += 1
        ask = {"ask": self._asked, "url": request.url, "headers": headers, "post": body is not None}
        send(self._stdout, ask | {"part": self._asked > 1}, bytes(body or b""))
        answer = receive(self._stdin)
        if answer is None:
            sys.exit(0)
        header, data = answer
        if "failed" in header:
            self.refused[self._asked] = header
            raise TransportError(header["detail"])
        self._keep_cookies(request.url, header["cookies"])
        kind = header["type"] + (f"; charset={header['charset']}" if header["charset"] else "")
        return Response(io.BytesIO(data), header["url"], {"Content-Type": kind})

    def _keep_cookies(self, url: str, cookies: Sequence[str]) -> None:
        told = Message()
        for cookie in cookies:
            told["Set-Cookie"] = cookie
        self.cookiejar.extract_cookies(_WithHeaders(told), CookieRequest(url))  # noqa: S310


class _WithHeaders:
    """Headers as the cookie jar takes them."""

    def __init__(self, headers: Message) -> None:
        self._headers = headers

    def info(self) -> Message:
        return self._headers


def main() -> None:
    """Answer one wish."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    wish = receive(stdin)
    if wish is None:
        return
    with _Looking(stdin, stdout) as looking:
        send(stdout, *_answer(looking, wish[0]["url"], wish[0]["languages"]))


def _answer(looking: _Looking, url: str, languages: Sequence[str]) -> tuple[Mapping[str, Any], bytes]:
    try:
        found = looking.extract_info(url, download=False)
    except DownloadError as error:
        if (page := looking.refused.get(1)) is not None:
            return _failed(page["failed"], page["detail"])
        cause = error.exc_info[1] if error.exc_info else None
        if isinstance(cause, ExtractorError) and cause.expected and not isinstance(cause, UnsupportedError):
            return _failed("forbidden", f"The site does not show this video: {cause.orig_msg}"[:300])
        return {"pass": "no video"}, b""
    if not found or found.get("_type", "video") != "video":
        return {"pass": "a list, or nothing"}, b""
    return _captions(looking, found, languages)


def _captions(
    looking: _Looking, found: Mapping[str, Any], languages: Sequence[str]
) -> tuple[Mapping[str, Any], bytes]:
    spoken = str(found.get("language") or "")
    offered = list(_offered(found))
    if not offered:
        return _failed("not_text", "The video has no captions, so that what is said in it cannot be read.")
    language, automatic, track = min(offered, key=lambda one: _rank(one, languages, spoken))
    inline = track.get("data")
    if isinstance(inline, str):
        body = inline.encode()
    else:
        try:
            request = Request(track["url"], headers=track.get("http_headers") or {})
            body = looking.urlopen(request).read()
        except TransportError:
            last = looking.refused[max(looking.refused)]
            return _failed(last["failed"], f"The captions: {last['detail']}")
    told = {
        "done": "captions",
        "type": _TYPES[track["ext"]],
        "title": _line(found.get("title")),
        "channel": _line(found.get("channel") or found.get("uploader") or found.get("creator")),
        "day": _day(found),
        "note": _note(language, automatic=automatic, wanted=languages),
    }
    return told, body


def _offered(found: Mapping[str, Any]) -> Iterator[tuple[str, bool, Mapping[str, Any]]]:
    """Captions that can be read: language, whether a machine made them, the file."""
    for name, automatic in (("subtitles", False), ("automatic_captions", True)):
        for language, tracks in (found.get(name) or {}).items():
            files = {track.get("ext"): track for track in tracks if "m3u8" not in str(track.get("protocol"))}
            form = next((form for form in _TYPES if form in files), None)
            if form is not None and language != "live_chat":
                yield language, automatic, files[form]


def _rank(
    one: tuple[str, bool, Mapping[str, Any]], languages: Sequence[str], spoken: str
) -> tuple[int, bool, bool, str]:
    """Lower is better: wanted languages in their order, then the spoken one; people before machines."""
    language, automatic, _ = one
    wanted = [*languages, *([spoken] if spoken else [])]
    place = next((at for at, code in enumerate(wanted) if _is_same(code, language)), len(wanted))
    return place, automatic, not language.endswith("-orig"), language


def _is_same(wanted: str, language: str) -> bool:
    return (
        language.lower() == wanted.lower()
        or language.lower().partition("-")[0] == wanted.lower().partition("-")[0]
    )


def _note(language: str, *, automatic: bool, wanted: Sequence[str]) -> str | None:
    told = []
    if automatic:
        told.append("Its captions were made by a machine that listened: names and figures may be wrong.")
    if wanted and not any(_is_same(code, language) for code in wanted):
        told.append(f"It has captions in {language}, and none in {' or '.join(wanted)}.")
    return " ".join(told) or None


def _day(found: Mapping[str, Any]) -> str | None:
    day = str(found.get("upload_date") or found.get("release_date") or "")
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdigit() else None


def _line(value: Any) -> str | None:
    return " ".join(str(value).split())[:300] or None if value else None


def _failed(reason: str, detail: str) -> tuple[Mapping[str, Any], bytes]:
    return {"failed": reason, "detail": detail}, b""


if __name__ == "__main__":
    main()
