"""Who speaks: two sources of one site are one voice."""

from urllib.parse import urlsplit

from tld import get_fld

from reprise_contracts.sources import Source


def site_of(source: Source, final_url: str | None = None) -> str:
    """The registered domain of a page (public suffix list); host and port where there is none; of an upload
    its name."""
    url = final_url or source.url
    if url is None:
        name = (
            source.upload.filename if source.upload is not None and source.upload.filename else source.title
        )
        return f"file:{name or source.source_id}"
    parts = urlsplit(url)
    found = get_fld(url, fail_silently=True, search_private=True)
    return str(found) if found else parts.netloc.rpartition("@")[2].lower()
