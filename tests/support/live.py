"""The service as a process of its own, on a real socket."""

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from todo_api.security import api_keys

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"
_SECONDS = 30
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # for http:// alone; loading certificates takes longer than a request
_ADDRESS = re.compile(r"Uvicorn running on (http://[\w.:\[\]]+)")


@dataclass(frozen=True)
class Server:
    """A running server; ``key`` is the full API key of its first account."""

    url: str
    key: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """What the server has printed."""
        return self.log.read_text()

    def client(self) -> httpx.AsyncClient:
        """A client with the key of the first account; under load, one for each writer: httpx is slow with many connections."""
        return httpx.AsyncClient(base_url=self.url, headers={"X-API-Key": self.key}, verify=_NO_TLS, timeout=_SECONDS)

    def stop(self) -> int:
        """Ask the server to end; its exit code."""
        self.process.terminate()
        return self.process.wait(_SECONDS)

    def kill(self) -> None:
        """End the server in whatever it does."""
        self.process.kill()
        self.process.wait(_SECONDS)


def command(*words: str, folder: Path, **settings: str) -> subprocess.Popen[bytes]:
    """A command of the service, in a folder of its own and with these settings alone; its output goes to ``folder/log``."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("TODO_API_")}
    ours = {f"TODO_API_{name.upper()}": value for name, value in settings.items()}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-m", "todo_api", *words],
            cwd=folder,
            env=outside | ours,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@contextmanager
def serving(folder: Path, *options: str, key: str | None = None, **settings: str) -> Iterator[Server]:
    """A server on a free port for the block, which may end it; its first account is made unless ``key`` is empty."""
    key = api_keys.generate() if key is None else key
    if key:
        settings |= {"bootstrap_email": EMAIL, "bootstrap_password": PASSWORD, "bootstrap_api_key": key}
    if "--port" not in options:
        options = (*options, "--port", "0")
    log = folder / "log"
    earlier = log.stat().st_size if log.exists() else 0
    process = command("serve", *options, folder=folder, **settings)
    try:
        yield Server(_ready(process, log, earlier), key, process, log)
    finally:
        with suppress(ProcessLookupError):  # with it, the workers that it started
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_SECONDS)


def _ready(process: subprocess.Popen[bytes], log: Path, earlier: int) -> str:
    """The address of the server, as soon as it answers there."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := _ADDRESS.search(log.read_bytes()[earlier:].decode()):
            with suppress(httpx.TransportError):
                httpx.get(f"{found[1]}/livez").raise_for_status()
                return found[1]
        time.sleep(0.02)
    raise AssertionError(f"The server did not start:\n{log.read_text()}")
