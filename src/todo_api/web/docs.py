"""The documentation pages: Swagger UI and ReDoc from our own files, each under a Content-Security-Policy of its own."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from todo_api.errors import PathNotFoundError

_MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

# Only these are served; licences and the README lie beside them for whoever reads the package.
_NAMES: Final = (
    "docs.css",
    "favicon.svg",
    "redoc.js",
    "redoc.standalone.js",
    "swagger-ui-bundle.js",
    "swagger-ui.css",
    "swagger.js",
)

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src {style}; img-src 'self' data:; connect-src 'self'; "
    "worker-src {worker}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SWAGGER_POLICY: Final = _POLICY.format(style="'self'", worker="'none'")


def redoc_policy(nonce: str) -> str:
    """ReDoc writes its style sheets at run time, so they carry a nonce, and it searches in a worker it makes from a blob."""
    return _POLICY.format(style=f"'self' 'nonce-{nonce}'", worker="blob:")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the pages; ``digest`` names this content, in links and as its ETag."""

    body: bytes
    media_type: str
    digest: str


@cache
def load_assets() -> Mapping[str, Asset]:
    """Every servable file by name, read once in the life of the process."""
    folder = files("todo_api.web") / "assets"
    return MappingProxyType({name: _load((folder / name).read_bytes(), name) for name in _NAMES})


def _load(body: bytes, name: str) -> Asset:
    suffix = name[name.rindex(".") :]
    return Asset(body, _MEDIA_TYPES[suffix], hashlib.sha256(body).hexdigest()[:16])


def add_docs(app: FastAPI) -> None:
    """Serve ``/docs``, ``/redoc`` and their files; nothing if the app publishes no OpenAPI document."""
    if app.openapi_url is None:
        return
    # All links are relative, so the pages also work behind a proxy that adds a path prefix.
    openapi = app.openapi_url.removeprefix("/")
    load_assets()

    async def swagger(_request: Request) -> Response:
        return _page(_swagger_html(app.title, openapi), SWAGGER_POLICY)

    async def redoc(_request: Request) -> Response:
        nonce = secrets.token_urlsafe(16)
        return _page(_redoc_html(app.title, openapi, nonce), redoc_policy(nonce))

    app.add_route("/docs", swagger, include_in_schema=False)
    app.add_route("/redoc", redoc, include_in_schema=False)
    app.add_route("/docs/assets/{name}", _asset, include_in_schema=False)


def _page(html: str, policy: str) -> Response:
    # Not stored: the page names the files of this very version, and ReDoc's carries a nonce.
    return HTMLResponse(html, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})


async def _asset(request: Request) -> Response:
    asset = load_assets().get(request.path_params["name"])
    if asset is None:
        raise PathNotFoundError
    etag = f'"{asset.digest}"'
    # A link with the digest can be kept for ever; without it the browser has to ask whether the file changed.
    current = request.query_params.get("v") == asset.digest
    headers = {"ETag": etag, "Cache-Control": "public, max-age=31536000, immutable" if current else "public, no-cache"}
    if etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


def _link(name: str) -> str:
    return f"docs/assets/{name}?v={load_assets()[name].digest}"


def _swagger_html(title: str, openapi: str) -> str:
    return _html(
        title,
        "docs",
        openapi,
        head=f'<link rel="stylesheet" href="{_link("swagger-ui.css")}">',
        body=f"""<div id="swagger-ui" data-openapi="{escape(openapi)}"></div>
  <script src="{_link("swagger-ui-bundle.js")}"></script>
  <script src="{_link("swagger.js")}"></script>""",
    )


def _redoc_html(title: str, openapi: str, nonce: str) -> str:
    return _html(
        title,
        "redoc",
        openapi,
        head="",
        body=f"""<div id="redoc" data-openapi="{escape(openapi)}"></div>
  <script src="{_link("redoc.standalone.js")}" nonce="{nonce}"></script>
  <script src="{_link("redoc.js")}"></script>""",
    )


def _html(title: str, page: str, openapi: str, *, head: str, body: str) -> str:
    here = {page: ' aria-current="page"'}
    return f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="referrer" content="no-referrer">
  <title>{escape(title)}</title>
  <link rel="icon" type="image/svg+xml" href="{_link("favicon.svg")}">
  {head}
  <link rel="stylesheet" href="{_link("docs.css")}">
</head>
<body>
  <header class="top">
    <a class="brand" href="docs"><img src="{_link("favicon.svg")}" width="28" height="28" alt="">{escape(title)}</a>
    <nav aria-label="Documentation">
      <a href="docs"{here.get("docs", "")}>Try it</a>
      <a href="redoc"{here.get("redoc", "")}>Read it</a>
      <a href="{escape(openapi)}">OpenAPI</a>
    </nav>
  </header>
  <noscript>
    <p class="notice">This page needs JavaScript. The whole contract is in <a href="{escape(openapi)}">{escape(openapi)}</a>.</p>
  </noscript>
  {body}
</body>
</html>
"""
