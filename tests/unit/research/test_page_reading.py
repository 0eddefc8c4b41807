"""Pages: that what is stored is what a reader of the page sees, word by word and in order, and that what
nobody sees is not read."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_research.sources.page.document import read_page, written
from reprise_research.sources.page.main_text import by_blocks, choose
from reprise_research.sources.page.reading import Reading, parsed, read
from unit.research.research_builders import SAMPLES

OPENING = (
    "<p>The Mill Bridge was closed to lorries in April 2021 after an inspection of its steel. The inspection "
    "found 14 cracks in the main "
    "girders of the bridge, and the council asked an engineer what should be done about them.</p>"
)
CLOSING = (
    "<p>Repairs of the bridge began in June 2021 and cost 640,000 euros. The bridge was opened to lorries "
    "again in March 2022, and the "
    "engineer has measured its girders twice since then without finding another crack in them.</p>"
)


def page(inner: str, head: str = "") -> bytes:
    return (
        "<html><head><title>The Mill "
        f"Bridge</title>{head}</head><body><article>{OPENING}{inner}{CLOSING}</article></body></html>"
    ).encode()


def text_of(inner: str, head: str = "") -> str:
    return read_page(page(inner, head), None)[1]


def between(inner: str, head: str = "") -> str:
    """What stands between the opening and the closing of the page."""
    lines = text_of(inner, head).split("\n")
    return "\n".join(line for line in lines[1:-1] if line)


class Plain(HTMLParser):
    """A second reading of a page, which shares nothing with the first: every word outside of its head, in
    order."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"head", "script", "style"}
        if tag not in {"a", "b", "code", "em", "i", "span", "strong", "tt"}:
            self._parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"head", "script", "style"}
        if tag not in {"a", "b", "code", "em", "i", "span", "strong", "tt"}:
            self._parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(data)

    @classmethod
    def read(cls, html: str) -> list[str]:
        reader = cls()
        reader.feed(html)
        reader.close()
        return "".join(reader._parts).split()


def is_subsequence(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(word in rest for word in part)


INLINE = st.sampled_from(["code", "b", "em", "span", "a", "tt", "strong"])
WORDS = st.lists(
    st.sampled_from(
        [
            "the",
            "queue",
            "names",
            "messages",
            "of",
            "alert",
            "hold",
            "and",
            "bridge",
            "cars",
            "14",
            "council.",
            "steel;",
            "girders,",
            "found",
        ]
    ),
    min_size=1,
    max_size=12,
)


@st.composite
def runs(draw: st.DrawFn) -> str:
    """A run of words, some of them marked up as they stand."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        words = " ".join(draw(WORDS))
        tag = draw(st.none() | INLINE)
        parts.append(words if tag is None else f"<{tag}>{words}</{tag}>")
    return draw(st.sampled_from([" ", "", " , "])).join(parts)


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> str:
    """Paragraphs of every make, lists, and boxes within boxes."""
    made = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(
            st.sampled_from(["p", "div", "ul", "section", "text", "h3"] if depth < 3 else ["p", "div"])
        )
        if kind == "ul":
            items = "".join(
                f"<li>{draw(runs())}{draw(st.just('') | blocks(depth + 1))}</li>"
                for _ in range(draw(st.integers(1, 3)))
            )
            made.append(f"<ul>{items}</ul>")
        elif kind == "section":
            made.append(f"<div class='section'>{draw(blocks(depth + 1))} {draw(runs())}</div>")
        elif kind == "text":
            made.append(draw(runs()))
        else:
            made.append(f"<{kind}>{draw(runs())}</{kind}>")
    return "".join(made)


@settings(max_examples=150, deadline=None)
@given(blocks())
def test_the_reading_holds_every_word_of_a_page_in_order(inner: str) -> None:
    """By a second reading that shares no line with the first: none is missing, none is added, none changes
    place."""
    html = f"<html><head><title>T</title></head><body>{inner}</body></html>"
    root = parsed(html)
    assert root is not None
    assert " ".join(block.text for block in read(root).blocks).split() == Plain.read(html)


@settings(max_examples=40, deadline=None)
@given(blocks())
def test_a_kept_block_is_whole(inner: str) -> None:
    """Whatever an extractor makes of a page, each block of the stored text says what the page says there."""
    html = page(inner).decode()
    root = parsed(html)
    assert root is not None
    reading = read(root)
    kept = choose(reading, "The Mill Bridge")
    stored = written(reading, kept)
    assert is_subsequence(stored.split(), Plain.read(html))
    for index in kept:
        assert " ".join(reading.blocks[index].text.split()) in " ".join(stored.split())


def test_paragraphs_that_are_boxes_keep_the_words_beside_their_code() -> None:
    """DocBook writes a paragraph as a `<div>`, with code in it; so do its lists."""
    told = between(
        "<ul><li>Priorities: <ul><li><div class='para'><code>alert</code>: at once;</div></li>"
        "<li><div class='para'><code>emerg</code>: help;</div></li></ul>"
        "<div class='para'>A mark negates, so that <code>hold.!low</code> names messages of the queue "
        "<code>hold</code> with the "
        "priorities <code>info</code> or <code>debug</code> only.</div></li></ul>"
    )
    assert told.split("\n") == [
        "Priorities:",
        "alert: at once;",
        "emerg: help;",
        "A mark negates, so that hold.!low names messages of the queue hold with the priorities info or "
        "debug only.",
    ]


FALSE = "The Mill Bridge collapsed in April 2021 and 31 people died on the bridge."
HIDDEN = {
    "attribute": f"<p hidden>{FALSE}</p>",
    "display": f'<p style="display:none">{FALSE}</p>',
    "spaces": f'<p style=" DISPLAY :  none ! important; color : red">{FALSE}</p>',
    "visibility": f'<p style="visibility:hidden">{FALSE}</p>',
    "opacity": f'<p style="opacity: 0.0">{FALSE}</p>',
    "font size": f'<div style="font-size:0"><p>{FALSE}</p></div>',
    "off the screen": f'<p style="position:absolute; left:-9999px">{FALSE}</p>',
    "indent": f'<p style="text-indent: -999em">{FALSE}</p>',
    "clip": f'<p style="position:absolute;clip:rect(0 0 0 0)">{FALSE}</p>',
    "clip path": f'<p style="clip-path: inset(100%)">{FALSE}</p>',
    "height": f'<div style="height:0;overflow:hidden"><p>{FALSE}</p></div>',
    "scale": f'<p style="transform: scale(0)">{FALSE}</p>',
    "colour": f'<p style="color: #FFF; background: rgb(255, 255, 255)">{FALSE}</p>',
    "transparent": f'<p style="color:transparent">{FALSE}</p>',
    "ground around": f'<div style="background:#fff"><p style="color: hsl(0, 0%, 100%)">{FALSE}</p></div>',
    "colour in spaces": f'<p style="background-color:white;color:rgb(255 255 255)">{FALSE}</p>',
    "clear colour": f'<p style="color:#00000000">{FALSE}</p>',
    "filter": f'<p style="filter: opacity(0%)">{FALSE}</p>',
    "inset": f'<p style="position:absolute;inset:-9999px auto auto -9999px">{FALSE}</p>',
    "moved": f'<p style="translate:-9999px 0">{FALSE}</p>',
    "scaled": f'<p style="scale:0">{FALSE}</p>',
    "template": f"<template><p>{FALSE}</p></template>",
    "noscript": f"<noscript><p>{FALSE}</p></noscript>",
    "dialog": f"<dialog><p>{FALSE}</p></dialog>",
    "withdrawn": f"<p><del>{FALSE}</del></p>",
    "struck": f"<p><s>{FALSE}</s></p>",
    "line through": f'<p style="text-decoration: line-through">{FALSE}</p>',
    "comment": f"<!-- <p>{FALSE}</p> -->",
    "by custom": f'<p class="screen-reader-text">{FALSE}</p>',
    "within": f'<div style="display:none"><div><p>{FALSE}</p></div></div>',
    "input": f'<textarea>{FALSE}</textarea><select><option>{FALSE}</option></select><input type="hidden" '
    f'value="{FALSE}">',
}


@pytest.mark.parametrize("inner", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_no_reader_sees_is_not_read(inner: str) -> None:
    """By attribute, style, place, size, colour or element; what stands around it is read as ever."""
    told = text_of(inner)
    assert "collapsed" not in told
    assert "14 cracks" in told and "640,000 euros" in told


SHEETS = [
    ".off{display:none}",
    "p.off , .x { color:red; display : none }",
    "article > .off { visibility: hidden }",
    "#away { position: absolute; top: -5000px }",
    "@media screen { .off { opacity: 0 } }",
    "@media (min-width: 800px) { .off { font-size: 0 } }",
    ".off { display: block } article .off { display: none }",
    ".off { display: none !important } #away { display: block }",
]


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_pages_own_style_sheet_hides(sheet: str) -> None:
    """Selectors of every make, in cascade order, for a screen of usual width."""
    assert "collapsed" not in text_of(f'<p class="off" id="away">{FALSE}</p>', f"<style>{sheet}</style>")


SHOWN = [
    "@media print { .off { display: none } }",
    "@media (max-width: 600px) { .off { display: none } }",
    ".off { display: none } #away { display: block }",
    ".off:hover { display: none }",
    ".off::before { display: none }",
    ".other .off { display: none }",
    "this is { no: style } sheet at } all {",
]


@pytest.mark.parametrize("sheet", SHOWN)
def test_a_style_sheet_hides_nothing_that_is_shown(sheet: str) -> None:
    """Not what it hides on paper or on a telephone, for a moment, or elsewhere; nor what a heavier rule shows
    again."""
    assert "collapsed" in text_of(f'<p class="off" id="away">{FALSE}</p>', f"<style>{sheet}</style>")


SEEN = {
    "another ground": '<div style="background:#000"><p style="color:#fff">%s</p></div>',
    "no ground": '<p style="color:white">%s</p>',
    "a nearer ground": '<div style="background:#fff"><div style="background:navy">'
    '<p style="color:#ffffff">%s</p></div></div>',
    "a colour within": '<div style="background:#fff;color:#fff"><p style="color:#111">%s</p></div>',
    "half clear": '<p style="filter:opacity(50%%);color:rgba(0,0,0,0.8)">%s</p>',
    "moved a little": '<p style="translate:10px 20px;scale:1.1;position:relative;inset:0">%s</p>',
}


@pytest.mark.parametrize("inner", SEEN.values(), ids=SEEN.keys())
def test_what_stands_out_from_its_ground_is_read(inner: str) -> None:
    """A colour hides only on the ground that is declared nearest; what is a little clear or moved is seen."""
    assert "collapsed" in text_of(inner % FALSE)


def test_a_page_that_its_scripts_show_is_read() -> None:
    """A text that fades in is hidden whole by its styles; a gap without a font size hides nothing that has
    one of its own."""
    body = (
        '<html><body><div class="main" style="opacity:0;transition:opacity '
        f'1s">{OPENING}{CLOSING}</div></body></html>'
    )
    assert "14 cracks" in read_page(body.encode(), None)[1]
    grid = f'<div style="font-size:0"><div style="font-size:16px">{OPENING}</div></div>'
    assert "14 cracks" in read_page(page(grid), None)[1]


RAISED = [
    ("carries 10<sup>6</sup> cars", "carries 10⁶ cars"),
    ("was 41 metres long.<sup>12</sup> It", "was 41 metres long. It"),
    ("It was built in 1931<sup>3</sup> of steel", "It was built in 1931 of steel"),
    ("cost 640,000 euros<sup>4</sup> in", "cost 640,000 euros in"),
    ("an area of 12 km<sup>2</sup> and", "an area of 12 km² and"),
    ("10<sup>-3</sup> of them", "10⁻³ of them"),
    ("E = mc<sup>2</sup> holds", "E = mc² holds"),
    ("dated by <sup>14</sup>C in", "dated by ¹⁴C in"),
    ("on the 21<sup>st</sup> of May", "on the 21st of May"),
    ("much CO<sub>2</sub> and H<sub>2</sub>O", "much CO2 and H2O"),
    ("as was said<sup><a href='#n1'>[1]</a></sup> then", "as was said then"),
    ("as was said<a href='#fn7' role='doc-noteref'>7</a> then", "as was said then"),
    ("as was said <a href='#cite-2'>[2]</a> then", "as was said then"),
    ("as was said.<sup>[2]</sup>It is", "as was said. It is"),
    (
        "as was said <span>[</span><a href='#fn7' role='doc-noteref'>7</a><span>]</span>, then",
        "as was said , then",
    ),
    ("calls f[] and g()<sup>1</sup> then", "calls f[] and g() then"),
    ("written <ruby>橋<rp>(</rp><rt>はし</rt><rp>)</rp></ruby> there", "written 橋 there"),
]


@pytest.mark.parametrize(("inner", "expected"), RAISED)
def test_raised_figures_are_exponents_or_marks_of_notes(inner: str, expected: str) -> None:
    """An exponent stays one, a note's mark is no digit and glues no sentences."""
    assert between(
        f"<p>The council says that it {inner}, as far as anybody in the town of the bridge knows.</p>"
    ) == (f"The council says that it {expected}, as far as anybody in the town of the bridge knows.")


def test_formulae_are_text() -> None:
    """MathML by its structure, also where it is told only to those who do not see its picture."""
    formula = "<math><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math>"
    seen = between(
        f"<p>The energy of the falling bridge is {formula} by a well-known law of physics that is older than "
        "it.</p>"
    )
    assert "is E = mc² by" in seen
    aside = (
        f"<span style='display:none'>{formula}</span><img class='mwe-math-fallback-image-inline' "
        f"alt='{{\\displaystyle E=mc^2}}'>"
    )
    assert "is E = mc² by" in between(
        f"<p>The energy of the falling bridge is {aside} by a well-known law of physics that is old.</p>"
    )


def test_tables_are_rows_with_their_headings_and_keep_the_lists_in_their_cells() -> None:
    """A row says its headings; a list in a cell is all there; a heading over two lines is one; a caption is a
    line."""
    told = between(
        "<table><caption>Lorries on the bridge</caption><tr><th>Year</th><th>Lorries</th><th>Why</th></tr>"
        "<tr><td>2021</td><td>0</td><td><ul><li>cracks</li><li>a closed road</li></ul></td></tr>"
        "<tr><td>2022</td><td>2,300</td><td>It was repaired</td></tr></table>"
        "<table><thead><tr><th rowspan=2></th><th "
        "colspan=2>Cost</th></tr><tr><th>plan</th><th>actual</th></tr></thead>"
        "<tr><th>Steel</th><td>300</td><td>340</td></tr><tr><th>Paint</th><td>20</td><td>18</td></tr></table>"
    )
    assert told.split("\n") == [
        "Lorries on the bridge",
        "Year: 2021; Lorries: 0; Why: cracks, a closed road.",
        "Year: 2022; Lorries: 2,300; Why: It was repaired.",
        "Steel – Cost plan: 300; Cost actual: 340.",
        "Paint – Cost plan: 20; Cost actual: 18.",
    ]


def test_captions_of_figures_are_kept() -> None:
    """What stands below a picture in the text is text."""
    caption = "The girder in which the first of the cracks was found."
    assert caption in text_of(
        f"<figure><img src='x.png' alt='no'><figcaption>{caption}</figcaption></figure>"
    )


def test_blocks_are_parted_by_blank_lines_and_items_are_not() -> None:
    """A line is a paragraph or an item; a blank line ends a block, which whoever parts sentences can rely
    on."""
    told = text_of(
        "<h2>Reasons</h2><ul><li>The steel was brittle.</li><li>The lorries were "
        "heavy.</li></ul><p>Two<br>lines of one poem.</p>"
    )
    assert (
        "\n\nReasons\n\nThe steel was brittle.\nThe lorries were heavy.\n\nTwo lines of one poem.\n\n" in told
    )


@pytest.mark.parametrize(
    ("head", "body", "title", "author"),
    [
        (
            "<title>One year | The Times</title><meta property='og:site_name' content='The Times'>",
            "",
            "One year",
            None,
        ),
        ("<title>Bridge - Town</title>", "<h1>Bridge</h1>", "Bridge", None),
        ("<title>A - B</title>", "", "A - B", None),
        (
            "<title>x</title><meta name='citation_title' content='On bridges'><meta name='citation_author' "
            "content='Ann Lee'>",
            "",
            "On bridges",
            "Ann Lee",
        ),
        ("<title>x</title><meta name='author' content='EDGAR Online LLC'>", "", "x", None),
        ("<title>x</title><meta name='author' content='admin'>", "", "x", None),
        ("<title>x</title><meta name='author' content='https://example.org/ann'>", "", "x", None),
        (
            "<title>x</title><script "
            'type="application/ld+json">{"@type":"NewsArticle","headline":"Cracks","author":[{"name":"Ann '
            'Lee"}]}'
            "</script>",
            "",
            "Cracks",
            "Ann Lee",
        ),
    ],
)
def test_titles_and_authors_are_titles_and_authors(
    head: str, body: str, title: str, author: str | None
) -> None:
    """Without the site's name; no account, no address, no vendor."""
    told, _ = read_page(
        f"<html><head>{head}</head><body>{body}{OPENING}{CLOSING}</body></html>".encode(), None
    )
    assert (told["title"], told["author"]) == (title, author)


@pytest.mark.parametrize("file", sorted((SAMPLES / "web").rglob("*.html")), ids=lambda file: file.stem)
def test_the_samples_are_stored_word_by_word(file: Path) -> None:
    """What is kept of each sample is in the page, in order."""
    html = file.read_text()
    told = read_page(html.encode(), None)[1]
    assert (
        is_subsequence(re.findall(r"\w+", told), re.findall(r"\w+", " ".join(Plain.read(html))))
        or "; " in told
    )


def test_a_page_of_links_gives_its_blocks() -> None:
    """What no extractor wants is read block by block."""
    root = parsed("<body><nav>Home</nav><div>Open from nine to five on weekdays.</div></body>")
    assert root is not None
    reading: Reading = read(root)
    assert written(reading, by_blocks(reading)) == "Open from nine to five on weekdays."


def test_a_page_without_a_body_element_is_read() -> None:
    """A parser that is older than HTML 5 puts an article behind a title into the head; a browser shows it."""
    text = (
        "The tide in the bay rises four metres at springs. It wears the piers of the bridge by 2 cm a "
        "year, engineers say."
    )
    _, told = read_page(
        f"<html><title>The tide</title><article><p>{text}</p></article></html>".encode(), None
    )
    assert told == text


def test_a_term_and_what_is_said_of_it_are_one_line_and_headings_stay() -> None:
    """A heading that leads back to the contents is one all the same."""
    told = text_of(
        "<section id='signals'><h2><a href='#top' role='doc-backlink'>Signals of the bridge</a></h2>"
        "<p>Three signals tell lorries on either side of the bridge whether they may pass it now.</p>"
        "<dl><dt>RED</dt><dd>This is the signal at which lorries have to stop before the bridge.</dd>"
        "<dt>GREEN</dt><dt>WHITE</dt><dd>These are the signals at which lorries may pass.</dd></dl></section>"
    ).split("\n")
    assert "Signals of the bridge" in told
    assert "RED: This is the signal at which lorries have to stop before the bridge." in told
    assert "GREEN, WHITE: These are the signals at which lorries may pass." in told


LEAD = "The bridge over the mill stream is open again, a year after cracks in its steel were found by chance."


@pytest.mark.parametrize(
    "lead",
    [
        f'<p class="teaser-text">{LEAD}</p>',
        f"<h2>{LEAD}</h2>",
        f'<div class="article-intro"><div>{LEAD}</div></div>',
    ],
)
def test_what_stands_between_title_and_text_is_read(lead: str) -> None:
    """However a site calls or sets it; what is named as beside the text there is not."""
    beside = f'<div class="newsletter"><p>{LEAD.replace("bridge", "letter")}</p></div>'
    whole = (
        f"<html><body><article><header><h1>Open again</h1>{lead}{beside}</header>"
        f"{OPENING}{CLOSING}</article></body></html>"
    )
    text = read_page(whole.encode(), None)[1]
    assert text.count(LEAD) == 1 and "letter" not in text
    assert text.index(LEAD) < text.index("The Mill Bridge was closed")


def test_what_only_points_elsewhere_is_not_read() -> None:
    """A paragraph that is a link, and a heading over nothing but links; a link within a sentence stays."""
    told = between(
        '<p><a href="/x">Read more: the bridge over the sea, and what became of it</a></p>'
        '<p>The council has published <a href="/r">the report of the engineer</a> on its site.</p>'
        '<div><h3>Other bridges of the town</h3><p><a href="/a">One bridge of stone</a></p>'
        '<p><a href="/b">One bridge of wood</a></p></div>'
    )
    assert told == "The council has published the report of the engineer on its site."


def test_a_text_that_waits_for_scripts_is_read_and_a_menu_is_no_text() -> None:
    """What is hidden is measured by running text: an article that styles hide until scripts run is most of
    it."""
    menu = "".join(f"<li><a href='/{n}'>Entry {n} of it</a></li>" for n in range(300))
    whole = (
        f"<html><body><ul>{menu}</ul><article style='display:none'><h1>Bridge</h1>"
        f"{OPENING}{CLOSING}</article></body></html>"
    )
    assert "14 cracks" in read_page(whole.encode(), None)[1]


def test_a_text_that_a_page_only_states_is_read() -> None:
    """`articleBody` where the page shows none of it; where it does, the page's own words count."""
    words = " ".join(re.sub(r"<[^>]+>", "", part) for part in (OPENING, CLOSING))
    stated = (
        f'<script type="application/ld+json">{{"@type": "NewsArticle", "articleBody": "{words}"}}</script>'
    )
    shell = (
        f"<html><head><title>Bridge</title>{stated}</head><body><p>Please wait a moment.</p></body></html>"
    )
    told, text = read_page(shell.encode(), None)
    assert (told["method"], "14 cracks" in text) == ("json-ld", True)
    assert told["note"] is not None and "articleBody" in told["note"]
    assert read_page(page("", stated), None)[0]["method"] != "json-ld"


def test_control_characters_break_no_page() -> None:
    """As they stand and as references, in title, text and table."""
    told, text = read_page(
        page(
            "<p>The bridge \x01was &#3;measured twice by him.</p><table><tr><th>a&#2;</th><td>b</td></tr>"
            "<tr><th>c</th><td>d\x0c</td></tr></table>"
        ).replace(b"The Mill Bridge</title>", b"A &#3;title</title>"),
        None,
    )
    assert "The bridge was measured twice by him." in text and told["title"] == "A title"
    assert not re.search("[\x00-\x08\x0b-\x1f]", text)
