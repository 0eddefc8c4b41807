"""Pages that the gateway writes itself: the contract to read, and what stands in for the web app where it is
not built."""

import html
import json
from typing import Any

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
    "1rem;color:#1b1f24;background:#fff}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.9rem}pre{background:#f4f5f7;padding:.8rem;overflow:auto}"
    "details{border-top:1px solid #d9dde3;padding:.5rem "
    "0}summary{cursor:pointer}b{display:inline-block;min-width:4.5rem;color:#0a5}"
    "small{color:#57606a}"
)


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )


HOME = _page(
    "Reprise",
    "<h1>Reprise</h1><p>The web app is not part of this installation. The API is described at <a "
    'href="/docs">/docs</a> '
    '(<a href="/openapi.json">OpenAPI</a>, <a href="/asyncapi">AsyncAPI</a>), and <code>reprise '
    "--help</code> does the rest.</p>",
)


def api_pages(document: dict[str, Any]) -> str:
    """An OpenAPI document as one page: every call with its parameters and bodies, then the schemas."""
    calls: list[str] = []
    for path, methods in document["paths"].items():
        calls += [_call(path, method, call) for method, call in methods.items()]
    schemas = [
        _folded(f"<code>{html.escape(name)}</code>", _json(schema)) for name, schema in _schemas(document)
    ]
    title = f"{document['info']['title']} {document['info']['version']}"
    intro = (
        '<p>Errors are RFC 9457 problems. The same as <a href="/openapi.json">OpenAPI</a>; messages: <a '
        'href="/asyncapi">AsyncAPI</a>.</p>'
    )
    return _page(
        title,
        f"<h1>{html.escape(title)}</h1>{intro}<h2>Calls</h2>{''.join(calls)}<h2>Schemas</h2>{''.join(schemas)}",
    )


def _schemas(document: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(document.get("components", {}).get("schemas", {}).items())


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>{body}</details>"


def _json(value: object) -> str:
    return f"<pre>{html.escape(json.dumps(value, indent=2))}</pre>"


def _call(path: str, method: str, call: dict[str, Any]) -> str:
    says = html.escape(call.get("description") or call.get("summary", ""))
    title = f"<b>{method.upper()}</b> <code>{html.escape(path)}</code> <small>{says}</small>"
    shown = {name: call[name] for name in ("parameters", "requestBody", "responses") if name in call}
    return _folded(title, _json(shown))
