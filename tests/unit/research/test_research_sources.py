"""From bytes to texts: kinds, charsets, Markdown and plain text, addresses, robots.txt, files on this
machine, stores."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_contracts.sources import Source, Upload
from reprise_research.errors import TextMissing
from reprise_research.sources.addresses import allowed, resolve
from reprise_research.sources.charset import clean, declared_in_html, decoded
from reprise_research.sources.failures import ACTIONS, SourceFailed
from reprise_research.sources.kinds import kind_of
from reprise_research.sources.local import read_local
from reprise_research.sources.plain import from_markdown, from_text
from reprise_research.sources.robots import NOTHING_ALLOWED, Rule, parse_robots
from reprise_research.sources.settings import FetcherSettings
from reprise_research.sources.site import site_of
from reprise_research.sources.tables import without_tables
from reprise_research.stores import FolderStore, MemoryStore, Store, sha256_of


@pytest.mark.parametrize(
    ("data", "content_type", "name", "expected"),
    [
        (b"%PDF-1.7 rest", "text/html", "", "pdf"),
        (b"\n<!DOCTYPE html><p>x", "", "", "html"),
        (b"<p>no doctype</p>", "text/html", "", "html"),
        (b"# Title\n\ntext", "", "notes.md", "markdown"),
        (b"# Title\n\ntext", "text/plain", "notes.md", "markdown"),
        (b"plain words", "application/octet-stream", "x.bin", "text"),
        ("限速".encode("utf-16"), "text/plain", "", "text"),
    ],
)
def test_kinds(data: bytes, content_type: str, name: str, expected: str) -> None:
    """First bytes tell more than the server, the server more than the name."""
    assert kind_of(data, content_type, name) == expected


@pytest.mark.parametrize(
    ("data", "content_type", "name", "reason"),
    [
        (b"", "", "", "empty"),
        (b"  \n ", "text/plain", "", "empty"),
        (b"PK\x03\x04 a docx", "", "a.docx", "malformed"),
        (b"\x89PNG\r\n", "image/png", "", "unsupported"),
        (b"{}", "application/wasm", "", "unsupported"),
        (b"a\x00b\x00c\x01\x02" * 50, "", "", "not_text"),
        (b"hello, I am no pdf", "application/pdf", "", "malformed"),
        (b"7z\xbc\xaf\x27\x1c", "", "", "unsupported"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, content_type: str, name: str, reason: str) -> None:
    """Each refusal has its reason, a sentence, and advice."""
    with pytest.raises(SourceFailed) as caught:
        kind_of(data, content_type, name)
    assert caught.value.reason == reason
    assert caught.value.detail.endswith(".")
    assert ACTIONS[caught.value.reason]


@pytest.mark.parametrize(
    ("data", "charset", "expected"),
    [
        ("naïve – 限速".encode(), None, "naïve – 限速"),
        (b"\xef\xbb\xbfmark", None, "mark"),
        ("mark".encode("utf-16"), None, "mark"),
        ("Straße".encode("cp1252"), "cp1252", "Straße"),
        ("Straße".encode("cp1252"), "utf-8", "Straße"),
        (b"x", "no-such-charset", "x"),
    ],
)
def test_charsets(data: bytes, charset: str | None, expected: str) -> None:
    """Marks first, then what is declared if it holds, then UTF-8, then the likeliest."""
    assert decoded(data, charset) == expected


def test_chinese_charset_is_guessed_or_declared() -> None:
    """A page in GB18030 is read by what its head declares, and a longer one also by its bytes."""
    text = "哈文布鲁克全市限速三十公里的考察报告指出噪声下降而且居民满意。" * 20
    assert declared_in_html(b'<meta charset="gb18030"><p>') == "gb18030"
    assert decoded(text.encode("gb18030")) == text


@given(st.text(max_size=300))
def test_stored_texts_are_clean(text: str) -> None:
    """Cleaning is idempotent and leaves no control characters, which would break offsets in other
    languages."""
    once = clean(text)
    assert clean(once) == once
    assert not any(ord(c) < 32 and c not in "\n\t" for c in once)


def test_wrapped_text_is_put_back_into_paragraphs() -> None:
    """Lines that were broken at a width become one line again; short lines, lists and Chinese stay as they
    are meant."""
    wrapped = (
        "The registry counts patients and not crashes, so it also\nholds people whose accident was "
        "never reported to the\npolice."
    )
    text = wrapped + "\n\nShort\nlines\n\n- one\n- two"
    assert from_text(text).split("\n")[0].endswith("reported to the police.")
    assert "Short\nlines" in from_text(text)
    assert "- one\n- two" in from_text(text)


@given(st.text(alphabet="ab #*_`[]()!|<>-\n\\:限。1.", max_size=200))
def test_any_text_is_some_markdown(text: str) -> None:
    """No text makes reading Markdown or plain text fail, and no paragraph of the result spans lines of
    nothing."""
    assert "\n\n\n" not in clean(from_markdown(text)[0])
    from_text(text)


def test_markdown_becomes_plain_text() -> None:
    """Markup goes, words stay; the first heading is the title; code, images and front matter are left out."""
    text, title = from_markdown(
        "---\ntitle: x\n---\n# The *Title*\n\nSome **bold** and `code` with a [link](https://e.org/a_(b)) "
        "and\nmore.\n\n"
        "```\nignored\n```\n![pic](p.png)\n> A quote\n\n- item one\n- item two\n\n| a | b |\n| --- | --- "
        "|\n| 1 | 2 |\n\n"
        "snake_case stays, 2 * 3 * 4 too."
    )
    assert title == "The Title"
    assert "Some bold and code with a link and more." in text
    assert "ignored" not in text
    assert "p.png" not in text
    assert "A quote" in text
    assert "- item one\n- item two" in text
    assert "snake_case stays, 2 * 3 * 4 too." in text


PRIVATE = (
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 "
    "::1 :: fe80::1 fc00::1 "
    "ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::10.0.0.1 2002:7f00:1:: nonsense "
    "fec0::1 feff::1 ::10.0.0.1 64:ff9b:1::1 100::1 2001:db8::1 3fff::1 5f00::1 4000::1 "
    "2606:4700::5efe:10.0.0.1 192.88.99.1 198.18.0.1"
)


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private_addresses_are_never_allowed(address: str) -> None:
    """Loopback, private, link-local, multicast and reserved addresses are refused, also when IPv6 wraps
    them."""
    assert not allowed(address, allow_loopback=False)


def test_loopback_is_allowed_only_on_request_and_nothing_else_with_it() -> None:
    """The demo's switch opens this machine, not the network behind it."""
    assert allowed("127.0.0.1", allow_loopback=True)
    assert allowed("::1", allow_loopback=True)
    assert not allowed("10.0.0.1", allow_loopback=True)
    assert not allowed("169.254.169.254", allow_loopback=True)
    assert allowed("93.184.216.34", allow_loopback=False)
    assert allowed("2606:2800:220:1::1", allow_loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]:8080/",
        "http://localhost/",
        "http://printer.local/",
        "http://2130706433/",
        "http://0x7f.1/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://user:pass@example.org/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[bad/",
    ],
)
async def test_forbidden_urls(url: str) -> None:
    """Schemes, credentials, local names and private addresses are refused before any connection, decimal and
    hex forms included."""

    async def resolver(host: str, port: int) -> list[str]:
        return {"2130706433": ["127.0.0.1"], "0x7f.1": ["127.0.0.1"]}.get(host, ["93.184.216.34"])

    with pytest.raises(SourceFailed) as caught:
        await resolve(url, FetcherSettings(resolver=resolver))
    assert caught.value.reason == "blocked_address"


async def test_one_private_address_among_public_ones_is_enough() -> None:
    """A name that also resolves to a private address is refused."""

    async def resolver(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.5"]

    with pytest.raises(SourceFailed):
        await resolve("https://example.org/", FetcherSettings(resolver=resolver))


def test_robots() -> None:
    """The group for us counts, else everyone's; the longest rule wins; patterns with * and $ work."""
    text = """
    User-agent: Other
    Disallow: /

    User-agent: *
    Disallow: /private
    Allow: /private/open
    Disallow: /*.cgi$
    # a comment
    """
    rules = parse_robots(text, "ReprisePrepare")
    assert rules.allows("https://e.org/")
    assert not rules.allows("https://e.org/private/a")
    assert rules.allows("https://e.org/private/open/b")
    assert not rules.allows("https://e.org/run.cgi")
    assert rules.allows("https://e.org/run.cgi?x=1")
    assert not parse_robots("User-agent: repriseprepare\nDisallow: /", "ReprisePrepare").allows(
        "https://e.org/x"
    )
    assert parse_robots("User-agent: *\nDisallow:", "ReprisePrepare").allows("https://e.org/x")
    assert not NOTHING_ALLOWED.allows("https://e.org/")


@given(st.text(alphabet="ab*$/", min_size=1, max_size=12), st.text(alphabet="ab$/", max_size=12))
def test_patterns_fit_as_expressions_would(pattern: str, path: str) -> None:
    """The linear matching finds what an expression finds that tries every place."""
    body = ".*".join(re.escape(part) for part in pattern.removesuffix("$").split("*"))
    expected = re.match(body + ("$" if pattern.endswith("$") else ""), path, re.DOTALL) is not None
    assert Rule(pattern, allow=True).matches(path) == expected


def test_a_hostile_robots_txt_costs_no_time() -> None:
    """Many stars and a long path of the same letter are matched once from left to right."""
    rules = parse_robots("User-agent: *\n" + ("Disallow: /" + "a*" * 900 + "b\n") * 100, "ReprisePrepare")
    began = time.process_time()
    assert rules.allows("https://e.org/" + "a" * 4000)
    assert time.process_time() - began < 2


async def test_other_ports_are_asked_only_where_they_are_allowed() -> None:
    """A web server's ports, those that an operator names, and on this machine any."""

    async def resolver(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    for port in ("", ":80", ":443", ":8443"):
        await resolve(
            f"http://example.org{port}/", FetcherSettings(resolver=resolver, ports=frozenset({8443}))
        )
    with pytest.raises(SourceFailed) as caught:
        await resolve("http://example.org:22/", FetcherSettings(resolver=resolver, ports=frozenset({8443})))
    assert caught.value.reason == "blocked_address"
    assert (await resolve("http://127.0.0.1:9999/", FetcherSettings(allow_loopback=True))).port == 9999


@given(st.text(max_size=300))
def test_any_robots_txt_can_be_read(text: str) -> None:
    """No file makes the parser fail."""
    parse_robots(text, "x").allows("https://e.org/a/b?c=d")


def test_sites_are_registered_domains() -> None:
    """Pages of one registered domain are one voice; bare addresses speak for themselves, port and all; so do
    files."""

    def site(url: str) -> str:
        return site_of(Source(source_id="s", url=url))

    assert (
        site("https://www.news.example.co.uk/a") == site("https://sport.example.co.uk/b") == "example.co.uk"
    )
    assert site("https://one.github.io/") != site("https://two.github.io/")
    assert site("http://127.0.0.1:8001/a") != site("http://127.0.0.1:8002/a")
    assert site("http://127.0.0.1:8001/a") == site("http://127.0.0.1:8001/b")
    assert site("http://wiki.intern/a") == site("http://wiki.intern/b")
    upload = Upload(sha256="0" * 64, bytes=1, filename="a/notes.md")
    assert site_of(Source(source_id="s", upload=upload)) == "file:a/notes.md"


def test_folders_are_walked_in_order(tmp_path: Path) -> None:
    """Supported files below a folder, by name; hidden ones, others and links that lead out are left."""
    for name in ("b.md", "a/c.txt", ".hidden/d.md", "a/.e.md", "pic.png"):
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text("text")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "docs" / "link.txt").symlink_to(tmp_path / "secret.txt")
    found = list(read_local(tmp_path / "docs"))
    assert [(file.filename, file.content_type) for file in found] == [
        ("a/c.txt", "text/plain"),
        ("b.md", "text/markdown"),
    ]
    assert [file.filename for file in read_local(tmp_path / "docs" / "pic.png")] == ["pic.png"]


def test_local_files_that_cannot_be_taken(tmp_path: Path) -> None:
    """What is not there, is too large, or holds nothing is refused in words."""
    with pytest.raises(FileNotFoundError):
        list(read_local(tmp_path / "nothing"))
    with pytest.raises(ValueError, match="no file that can be read"):
        list(read_local(tmp_path))
    (tmp_path / "big.txt").write_text("x" * 100)
    with pytest.raises(ValueError, match="at most"):
        list(read_local(tmp_path / "big.txt", largest=10))


@pytest.mark.parametrize("kind", ["memory", "folder"])
async def test_stores_keep_what_they_promise(kind: str, tmp_path: Path) -> None:
    """Content is named by its hash, kept once, given back as it was; what is missing is a named problem."""
    store: Store = MemoryStore() if kind == "memory" else FolderStore(tmp_path)
    text = "Text with 限速 and \U0001f600."
    assert await store.put_text(text) == await store.put_text(text) == sha256_of(text.encode())
    assert await store.get_text(sha256_of(text.encode())) == text
    key = await store.put_raw(b"\x00\x01")
    assert await store.get_raw(key) == b"\x00\x01"
    for get in (store.get_raw, store.get_text):
        with pytest.raises(TextMissing):
            await get("f" * 64)
    if kind == "folder":
        assert await FolderStore(tmp_path).get_text(sha256_of(text.encode())) == text
        with pytest.raises(ValueError, match="sha256"):
            await store.get_raw("../../etc/passwd")


def test_a_crawl_delay_is_read_of_our_own_group() -> None:
    """The delay of the group that is for us, else of everyone's; what is no number counts for nothing."""
    text = "User-agent: *\nCrawl-delay: 5\nDisallow: /a\n\nUser-agent: other\nCrawl-delay: 60"
    rules = parse_robots(text, "ReprisePrepare")
    assert rules.delay == 5.0 and not rules.allows("https://e.org/a")
    for value in ("soon", "-1", "inf", "nan"):
        assert parse_robots(f"User-agent: *\nCrawl-delay: {value}", "ReprisePrepare").delay == 0.0


def test_a_table_of_a_document_keeps_its_headings() -> None:
    """Each row is told with the headings above it, whether the document came as Markdown or was made into
    it."""
    text, title = from_markdown(
        "# Ferry\n\n| Year | Passengers |\n| --- | --- |\n| 2023 | 905000 |\n| 2024 | 931000 |\n\n---\n\nThe "
        "end of it.\n"
    )
    assert title == "Ferry"
    assert without_tables(text).split("\n") == [
        "Ferry",
        "",
        "Year: 2023; Passengers: 905000.",
        "Year: 2024; Passengers: 931000.",
        "",
        "The end of it.",
    ]
