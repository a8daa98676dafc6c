"""The documentation pages as a person meets them: a real server, a real Chromium."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = pytest.mark.browser

ACCOUNT = {"email": "ada@example.com", "password": "seven quiet herons at dusk"}
CHROMIUM_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # containers run the tests as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1600",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TODO_API_")}
    environment = ours | {"TODO_API_DATABASE_URL": f"sqlite:///{folder}/todo.db"}
    command = [sys.executable, "-m", "todo_api", "serve", "--port", str(port)]
    log = folder / "server.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output) as process,  # noqa: S603 (our own command)
    ):
        try:
            yield _started(process, f"http://127.0.0.1:{port}", log)
        finally:
            process.terminate()


def _started(process: subprocess.Popen[bytes], url: str, log: Path) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/openapi.json").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return url
    pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')}")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs chromium and chromedriver on the PATH (Debian: apt-get install chromium chromium-driver)")
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in (*CHROMIUM_FLAGS, f"--user-data-dir={tmp_path}/profile"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # A named driver keeps Selenium from looking for one on the network.
    with Chrome(options=options, service=Service(driver)) as chrome:
        chrome.get("about:blank")
        _log(chrome, "performance")  # the new-tab page's own requests are not ours
        yield chrome


def _log(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    """What was logged since the last call."""
    entries: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]  # selenium 4.51 left it untyped
    return entries


def _find(browser: Chrome, css: str) -> WebElement:
    def visible(chrome: WebDriver) -> WebElement | Literal[False]:
        return next((found for found in chrome.find_elements(By.CSS_SELECTOR, css) if found.is_displayed()), False)

    return WebDriverWait(browser, 20).until(visible, f"nothing visible at {css}")


def _click(browser: Chrome, css: str) -> None:
    target = _find(browser, css)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
    target.click()


def _try(browser: Chrome, tag: str, operation: str, body: dict[str, str] | None = None) -> tuple[int, Any]:
    """Open the operation in Swagger UI, fill in the body, execute, and read the answer from the page."""
    block = f"#operations-{tag}-{operation}"
    _click(browser, f"{block} .opblock-summary-control")
    if body is not None:
        _find(browser, f"{block} textarea.body-param__text").send_keys(Keys.CONTROL, "a", Keys.NULL, json.dumps(body))
    return _execute(browser, block)


def _execute(browser: Chrome, block: str) -> tuple[int, Any]:
    _click(browser, f"{block} .execute")
    status = _find(browser, f"{block} .live-responses-table tbody .response-col_status").text
    answer = _find(browser, f"{block} .live-responses-table tbody .highlight-code pre").get_attribute("textContent")
    return int(status.split()[0]), json.loads(answer or "")


def _assert_nothing_leaked_or_failed(browser: Chrome, server: str) -> None:
    entries = [
        entry for entry in _log(browser, "browser") if entry["level"] == "SEVERE" or "Content Security" in entry["message"]
    ]
    events = [json.loads(entry["message"])["message"] for entry in _log(browser, "performance")]
    urls = [urlsplit(event["params"]["request"]["url"]) for event in events if event["method"] == "Network.requestWillBeSent"]
    hosts = {url.netloc for url in urls if url.scheme not in {"data", "blob", "chrome"}}

    assert entries == []
    assert hosts == {urlsplit(server).netloc}


def test_swagger_ui_leads_from_registration_to_a_todo(browser: Chrome, server: str) -> None:
    browser.get(f"{server}/docs")
    assert browser.title == "todo-api"

    registered, _ = _try(browser, "auth", "register", ACCOUNT)
    logged_in, tokens = _try(browser, "auth", "login", ACCOUNT)
    _click(browser, ".auth-wrapper .btn.authorize")
    assert _find(browser, "#api_key_value").get_attribute("autocomplete") == "off"
    _find(browser, "#auth-bearer-value").send_keys(tokens["access_token"])
    _click(browser, ".auth-container:has(#auth-bearer-value) .btn.authorize")
    _click(browser, ".auth-btn-wrapper .btn-done")
    created, todo = _try(browser, "todos", "create_todo", {"title": "Water the plants"})
    listed, page = _try(browser, "todos", "list_todos")
    browser.refresh()
    reloaded, same_page = _execute(browser, "#operations-todos-list_todos")  # the address opens it again

    assert (registered, logged_in, created, listed, reloaded) == (201, 200, 201, 200, 200)
    assert same_page == page
    assert [item["id"] for item in page["items"]] == [todo["id"]]
    assert page["items"][0]["title"] == "Water the plants"
    _assert_nothing_leaked_or_failed(browser, server)


def test_authorization_is_kept_for_the_tab_only(browser: Chrome, server: str) -> None:
    browser.get(f"{server}/docs")
    _click(browser, ".auth-wrapper .btn.authorize")
    _find(browser, "#auth-bearer-value").send_keys("a-secret-token")
    _click(browser, ".auth-container:has(#auth-bearer-value) .btn.authorize")
    browser.refresh()
    _find(browser, ".auth-wrapper .btn.authorize.locked")

    browser.get(f"{server}/redoc")  # here the real localStorage can be seen

    assert browser.execute_script("return localStorage.length") == 0
    assert "a-secret-token" in browser.execute_script("return sessionStorage.getItem('authorized')")
    _assert_nothing_leaked_or_failed(browser, server)


def test_redoc_shows_and_finds_the_operations(browser: Chrome, server: str) -> None:
    summary = httpx.get(f"{server}/openapi.json").json()["paths"]["/v1/todos"]["post"]["summary"]
    browser.get(f"{server}/redoc")

    heading = _find(browser, ".api-content h1").text
    _find(browser, "[data-section-id='tag/todos/operation/create_todo'] h2")
    _find(browser, "[role=search] input").send_keys(summary)
    _find(browser, "[data-role='search:results'] [data-item-id='tag/todos/operation/create_todo']")

    assert browser.title == "todo-api"
    assert heading.startswith("todo-api")
    _assert_nothing_leaked_or_failed(browser, server)


@pytest.mark.parametrize("page", ["docs", "redoc"])
def test_page_allows_only_itself_and_links_relatively(server: str, page: str) -> None:
    response = httpx.get(f"{server}/{page}")

    policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert httpx.head(f"{server}/{page}").status_code == 200
    assert 'href="/' not in response.text
    assert 'src="/' not in response.text


def test_asset_is_kept_for_ever_under_its_digest_only(server: str) -> None:
    plain = httpx.get(f"{server}/docs/assets/docs.css")
    etag = plain.headers["ETag"]
    linked = httpx.head(f"{server}/docs/assets/docs.css", params={"v": etag.strip('"')})
    again = httpx.get(f"{server}/docs/assets/docs.css", headers={"If-None-Match": etag})

    assert plain.headers["Cache-Control"] == "public, no-cache"
    assert linked.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (linked.content, again.content) == (b"", b"")
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["README.md", "nothing.js", "..%2fdocs.py"])
def test_file_that_is_not_an_asset_is_not_served(server: str, name: str) -> None:
    assert httpx.get(f"{server}/docs/assets/{name}").status_code == 404


def test_vendored_files_are_those_the_readme_names() -> None:
    folder = files("todo_api.web") / "assets"
    readme = (folder / "README.md").read_text("utf-8")

    named = dict(re.findall(r"^\| `([^`]+)` .* `([0-9a-f]{64})` \|$", readme, re.MULTILINE))
    found = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in named}

    assert len(named) == 9
    assert found == named
