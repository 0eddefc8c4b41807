"""SeaweedFS as Reprise runs it, embedded or in a container: the files that it starts from, and the rule by
which it flushes.

Everything lies in one folder that is its owner's. S3 is the only door that serves others. The gRPC of every
part, and the HTTP of the master and the filer, take only who shows a certificate of an authority that this
folder alone holds; the HTTP of the volumes takes only tokens that its own parts sign (its `/status`, without
a token, tells how many volumes there are and how full).
"""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import ssl
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from reprise_runtime.errors import StoreUnavailable, Unavailable
from reprise_runtime.s3.rights import identities

PORTS = {
    "s3.port": 9000,
    "s3.port.grpc": 19000,
    "master.port": 9333,
    "master.port.grpc": 19333,
    "volume.port": 8080,
    "volume.port.grpc": 18080,
    "filer.port": 8888,
    "filer.port.grpc": 18888,
}
"""Where it listens in a container of its own."""
_COMPONENTS = ("client", "master", "volume", "filer", "s3")
_TOKENS = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
_RULES = "/etc/seaweedfs/filer.conf"
_FLUSH = {"locationPrefix": "/buckets/", "fsync": True}
_TIMEOUT = 10.0


@dataclass(frozen=True)
class Seaweed:
    """One SeaweedFS: its folder, where it listens, and who may call.

    `data` and `sockets` are as the server itself sees them. `users` are secrets by role.
    """

    folder: Path
    data: Path
    sockets: Path
    keys: tuple[str, str]
    bucket: str
    users: Mapping[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    bind: str = "127.0.0.1"
    ports: Mapping[str, int] = field(default_factory=lambda: PORTS)
    certificate: tuple[Path, Path] | None = None
    """The S3 door's own certificate and key, with which it speaks TLS."""

    def write(self) -> None:
        """Write what it starts from. Keys and certificates that are there stay, but for those that end within
        a year."""
        from reprise_runtime.operate.certificates import lasts, make_certificates  # noqa: PLC0415 - its library is there only where a store is run

        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        operator = {
            "name": "reprise",
            "credentials": [{"accessKey": self.keys[0], "secretKey": self.keys[1]}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        users = identities(self.bucket, self.users) if self.users else []
        _write(self.folder / "s3.json", json.dumps({"identities": [operator, *users]}))
        _write(
            self.folder / "server.options", "".join(f"{name}={value}\n" for name, value in self._options())
        )
        pair = self.folder / "peer.pem"
        if not (pair.exists() and lasts(pair.read_bytes(), self.host)):
            made = make_certificates("Reprise SeaweedFS", self.host)
            for name, content in zip(("ca.pem", "peer.pem", "peer.key"), made, strict=True):
                _write(self.folder / name, content)
        if not (self.folder / "security.toml").exists():
            _write(self.folder / "security.toml", self._security())

    def command(self, binary: str) -> list[str]:
        """The program and its arguments, wherever it is started."""
        options = self.folder / "server.options"
        return [binary, "-logtostderr=true", f"-config_dir={self.folder}", "server", f"-options={options}"]

    def _options(self) -> list[tuple[str, object]]:
        """Traps: every gRPC port is set, or the defaults collide; `peers=none`, or a restart waits ten
        seconds for an election."""
        found: dict[str, object] = {
            "dir": self.data,
            "ip": self.host,
            "ip.bind": self.bind,
            "master.peers": "none",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 1024,
            "volume.max": 1000,
            "volume.index": "leveldb",
            "volume.preStopSeconds": 0,
            "filer": "true",
            "filer.disableDirListing": "true",
            "filer.exposeDirectoryData": "false",
            "filer.localSocket": self.sockets / "filer.sock",
            "s3": "true",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.config": self.folder / "s3.json",
            "s3.localSocket": self.sockets / "s3.sock",
            **self.ports,
        }
        if self.certificate is not None:
            found |= {"s3.cert.file": self.certificate[0], "s3.key.file": self.certificate[1]}
        return list(found.items())

    def _security(self) -> str:
        ca, own, key = (self.folder / name for name in ("ca.pem", "peer.pem", "peer.key"))
        pair = f'cert = "{own}"\nkey = "{key}"\n'
        lines = [f'[{name}]\nkey = "{token_urlsafe(32)}"\nexpires_after_seconds = 60\n' for name in _TOKENS]
        lines += [f'[grpc]\nca = "{ca}"\n', *(f"[grpc.{name}]\n{pair}" for name in _COMPONENTS)]
        lines += [f'[https.{name}]\n{pair}ca = "{ca}"\n' for name in ("master", "filer")]
        return "".join(lines)


class Filer:
    """The filer of the SeaweedFS that started from a folder, as its owner may use it."""

    def __init__(self, folder: Path) -> None:
        """Raises `Unavailable` where the folder holds no keys that this user may read."""
        try:
            options = dict(
                line.split("=", 1) for line in (folder / "server.options").read_text().splitlines()
            )
            security = tomllib.loads((folder / "security.toml").read_text())
            self._tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
            self._tls.load_cert_chain(folder / "peer.pem", folder / "peer.key")
        except OSError as error:
            raise Unavailable(f"{folder} has no keys of a SeaweedFS: {error}") from error
        self._host, self._port = options["ip"], int(options["filer.port"])
        signing = security["jwt"]["filer_signing"]
        self._key = {"GET": signing["read"]["key"], "PUT": signing["key"]}

    def flushes(self) -> bool:
        """Return whether every object is on the disk before it is confirmed. Raises `StoreUnavailable`."""
        return any(
            rule.get("locationPrefix") == _FLUSH["locationPrefix"] and rule.get("fsync") is True
            for rule in self._rules().get("locations", [])
        )

    def flush(self) -> None:
        """Have every object flushed before it is confirmed, which its default never does; the filer keeps the
        rule. Raises `StoreUnavailable`."""
        rules = self._rules()
        others = [
            rule
            for rule in rules.get("locations", [])
            if rule.get("locationPrefix") != _FLUSH["locationPrefix"]
        ]
        body = json.dumps({"version": 1, **rules, "locations": [*others, _FLUSH]}).encode()
        status, answer = self._ask("PUT", body)
        if status not in {200, 201}:
            raise StoreUnavailable(f"SeaweedFS's filer does not take the rule to flush: {status} {answer!r}")

    def _rules(self) -> dict[str, Any]:
        status, answer = self._ask("GET")
        if status == 404:
            return {}
        if status != 200:
            raise StoreUnavailable(f"SeaweedFS's filer does not show its rules: {status} {answer!r}")
        found: dict[str, Any] = json.loads(answer)
        return found

    def _ask(self, method: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(self._host, self._port, context=self._tls, timeout=_TIMEOUT)
        token = _signed({"exp": int(time.time()) + 60}, self._key[method])
        try:
            with contextlib.closing(connection):
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
                connection.request(method, _RULES, body, headers)
                response = connection.getresponse()
                return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise StoreUnavailable(f"SeaweedFS's filer at {self._host}:{self._port}: {error}") from error


def _signed(claims: Mapping[str, object], key: str) -> str:
    """A JSON web token, HS256 (RFC 7519)."""
    parts = [
        _base64url(json.dumps(part, separators=(",", ":")).encode())
        for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    signature = hmac.new(key.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _base64url(signature)])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _write(path: Path, text: str | bytes) -> None:
    """Write a file that only its owner reads, in one step."""
    new = path.with_name(f".{path.name}.new")
    new.touch(mode=0o600)
    new.chmod(0o600)
    new.write_bytes(text.encode() if isinstance(text, str) else text)
    new.replace(path)
