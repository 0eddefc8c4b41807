"""Every setting, read once from the environment in a service's `app.py` and passed on. Times in seconds,
sizes in bytes."""

import json
import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from reprise_contracts.configuration import Dialect, Role
from reprise_contracts.wire import explain
from reprise_runtime.roles import inbox_of

MB = 1024 * 1024
PREFIX = "REPRISE_"
FROM_FILE = "_FILE"
Seconds = Annotated[float, Field(gt=0)]
Size = Annotated[int, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Nats(_Section):
    """The message server. `url` may name several, separated by commas."""

    url: str = "nats://127.0.0.1:4222"
    ca: FilePath | None = None
    """A PEM file with the authorities that the server's certificate is checked against, in place of the
    machine's; for `tls://`."""
    tls_first: bool = False
    """Encrypt before the first word, for a server with `handshake_first`: nobody between can talk a client
    out of it."""
    user: str | None = None
    password: SecretStr | None = None
    monitor: str = ""
    """The server's monitoring address (`http://nats:8222`; several with commas), where the gateway sees
    whether it flushes and how full its disk is."""
    creds: Path | None = None
    """A credentials file (JWT and nkey)."""
    inbox_prefix: str | None = None
    """Where answers arrive; None: `_INBOX`, or where a user is named `_INBOX_<user>`, the only one that a
    service's user may hear."""
    declare: bool = True
    """Whether a service makes missing streams and consumers. Off where `reprise bootstrap` does, and services
    may not."""
    connect_timeout: Seconds = 10.0
    """How long the first connection may take in all; a later loss is repaired for as long as it takes."""

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted from the client's side on."""
        return self.ca is not None or "tls://" in self.url

    @property
    def inbox(self) -> str:
        """The effective prefix of answers."""
        return self.inbox_prefix or (inbox_of(self.user) if self.user else "_INBOX")


class S3(_Section):
    """The object store."""

    endpoint: str = "127.0.0.1:8333"
    """Host and port, without a scheme."""
    access_key: str = "reprise"
    secret_key: SecretStr = SecretStr("reprise-local")
    bucket: str = "reprise"
    secure: bool = False
    """HTTPS."""
    ca: FilePath | None = None
    """A PEM file with the authorities that its certificate is checked against, in place of the machine's."""
    seaweed: Path | None = None
    """The folder from which the store, where it is SeaweedFS, was started: `bootstrap` then sees that it
    flushes and knows its users."""
    region: str = "us-east-1"
    timeout: Seconds = 20.0
    connections: Annotated[int, Field(ge=1, le=256)] = 16
    lean: bool = True
    """Objects are read, and small ones written, through `FastPath`; off, everything goes through the SDK."""


class Backup(_Section):
    """Backups that are kept in a bucket (`s3://BUCKET/PREFIX`), and encrypted ones."""

    endpoint: str = ""
    """Host and port of the S3 that has the bucket; empty: the installation's own, which goes with it."""
    access_key: str = ""
    secret_key: SecretStr = SecretStr("")
    secure: bool = True
    """HTTPS."""
    ca: FilePath | None = None
    """A PEM file with the authorities that its certificate is checked against, in place of the machine's."""
    region: str = "us-east-1"
    recipients: tuple[str, ...] = ()
    """For whom backups are encrypted, as `age` names them, as a JSON list; empty: they are not."""

    def store(self, own: S3) -> S3:
        """The store that has the bucket, where the installation's is `own`."""
        return S3(**self.model_dump(exclude={"recipients"})) if self.endpoint else own


class Llm(_Section):
    """An engine that speaks the OpenAI API."""

    base_url: str = ""
    """Of the API, with its `/v1`: `http://127.0.0.1:8080/v1`."""
    api_key: SecretStr = SecretStr("")
    model: str = ""
    window: Annotated[int, Field(ge=2048)] = 16_384
    """Tokens that the model reads and writes in one call; longer texts are read in parts."""
    answer: Annotated[int, Field(ge=64)] = 1_500
    """Tokens of one answer, at most."""
    timeout: Seconds = 120.0
    """How long the endpoint may be silent."""
    call_timeout: Seconds = 600.0
    """How long one call may take in all."""
    calls_a_minute: Annotated[int, Field(ge=0)] = 0
    """Calls in a minute that all workers together make of the endpoint; 0: as many as it takes."""
    tokens_a_minute: Annotated[int, Field(ge=0)] = 0
    """Tokens in a minute, read and written; 0: as many as it takes."""
    calls_at_once: Annotated[int, Field(ge=0)] = 0
    """Calls under way at a time, of all workers; 0: as many as it takes."""
    check: bool = True
    """Whether each claim and sentence of a model is checked by a reader, which is the model again, in a
    question of its own."""
    prompt_price: Annotated[float, Field(ge=0)] | None = None
    """Dollars for a million tokens that are read; without prices no cost is recorded."""
    completion_price: Annotated[float, Field(ge=0)] | None = None
    """Dollars for a million tokens that are written."""

    headers: dict[str, str] = {}
    """Sent with every request, as JSON: `{"HTTP-Referer": "https://example.org"}`."""
    query: dict[str, str] = {}
    """In every request's address, as JSON: `{"api-version": "2024-10-21"}`."""
    body: dict[str, Any] = {}
    """In every request's body, as JSON: `{"reasoning_effort": "low", "seed": null}`; null leaves a field
    out."""
    phases: dict[str, dict[str, Any]] = {}
    """Other settings for a phase or for the reader, as JSON: `{"phase0": {"model": "small"}, "check":
    {"model": "small"}}`."""
    fallback: dict[str, str] = {}
    """The endpoint that is asked where this one fails, as JSON: `{"base_url": …, "model": …, "api_key":
    …}`."""

    @property
    def host(self) -> str:
        """Where the texts of sources are sent; empty without an endpoint."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def elsewhere(self) -> bool:
        """Whether what the engine reads leaves this machine."""
        if not self.host or self.host == "localhost" or self.host.endswith(".localhost"):
            return False
        try:
            return not ip_address(self.host).is_loopback
        except ValueError:
            return True

    def given(self) -> dict[str, str]:
        """The settings as an engine gets them: by name, as text, those that have a value."""
        own = {
            name: value
            for name, value in self.model_dump(exclude={"api_key", "model"}).items()
            if value not in (None, {})
        }
        told = {
            name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in own.items()
        }
        return told | {"api_key": self.api_key.get_secret_value()}


class Token(_Section):
    """One token, of which only the hash is known here. `reprise token NAME` makes one."""

    hash: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    role: Role = "researcher"
    expires: AwareDatetime | None = None


class Auth(_Section):
    """Bearer tokens, each with the name of its holder; none: no authentication, and no address but the
    loopback interface's."""

    tokens: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@-]{1,64}$")], Token] = Field(
        default_factory=dict
    )
    """`REPRISE_AUTH__TOKENS='{"alice": {"hash": "sha256:…", "role": "researcher"}}'`; a hash alone is a
    researcher's."""
    nats: Literal["trusted", "token"] = "trusted"
    """Who asks by NATS request and reply: whoever the NATS server lets in, or only with a token in the header
    `Authorization`."""

    @field_validator("tokens", mode="before")
    @classmethod
    def _hashed(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        for name, token in given.items():
            if isinstance(token, str) and not token.startswith("sha256:"):
                raise ValueError(
                    f"{name}: this is no hash; `reprise token {name}` makes a token and prints the line to "
                    "configure"
                )
        return {name: {"hash": token} if isinstance(token, str) else token for name, token in given.items()}


class Features(_Section):
    """What the outside may use."""

    phase_rerun: bool = True
    step_rerun: bool = True
    plan_edit: bool = True


class Log(_Section):
    """`auto` is `console` on a terminal and `json` elsewhere."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class Timings(_Section):
    """When things are repeated, given up or looked at again."""

    heartbeat: Seconds = 5.0
    lease: Seconds = 15.0
    claim_after: Annotated[float, Field(ge=0)] = 0.1
    """A worker says that it started when the work takes longer than this."""
    drain: Seconds = 20.0
    publish_timeout: Seconds = 5.0
    census: Seconds = 600.0
    """How often the scheduler counts the bytes of every batch, by listing the bucket."""
    check: Annotated[float, Field(ge=0)] = 7 * 86400.0
    """In so many seconds the scheduler reads every object that the log names once, and compares its bytes; 0:
    never."""
    sweep_after: Annotated[float, Field(ge=0)] = 60.0
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 3
    backoff: Annotated[float, Field(ge=0)] = 1.0


class Limits(_Section):
    """How much is kept."""

    inbox_bytes: Size = 256 * MB
    inbox_messages: Size = 1_000_000
    jobs: Size = 100_000
    jobs_bytes: Size = 256 * MB
    session_bytes: Size = 4 * 1024 * MB
    """All logs together."""
    upload_bytes: Size = 50 * MB
    progress_bytes: Size = 64 * MB
    progress_age: Seconds = 600.0
    dlq_bytes: Size = 256 * MB
    delivery_bytes: Size = 256 * MB
    """What webhooks are still to be told, all of them together."""
    disk_reserve: Annotated[int, Field(ge=0)] = 256 * MB
    """Left on the gateway's disk, below which it takes no new work: what runs can finish, and nobody meets a
    disk that is full."""
    requests_per_second: Annotated[float, Field(gt=0)] = 100.0
    """Of one caller (a token's holder; without a token an address), in the long run."""
    requests_burst: Annotated[int, Field(ge=1)] = 1000
    """Requests that a caller may send at once after a rest."""
    sockets: Annotated[int, Field(ge=1)] = 5000
    """WebSockets of one gateway."""
    check_seconds: Seconds = 60.0
    """Between two checks of a watched source, at the least."""


class Fetch(_Section):
    """How sources are fetched."""

    allow_loopback: bool = False
    max_bytes: Size = 50 * MB
    timeout: Seconds = 30.0
    ports: frozenset[Annotated[int, Field(ge=1, le=65535)]] = frozenset()
    """Ports beside 80 and 443 that pages may be asked at, as a JSON list."""
    captions: tuple[str, ...] = ()
    """Languages of a video's captions in the order in which they are wanted, as a JSON list of codes; empty:
    the one that is spoken."""
    ocr: str = ""
    """Languages in which `tesseract` reads pages of PDFs that are pictures, as `eng+deu`; empty: none."""
    browser: bool = False
    """Whether pages that hold next to no text are shown by Chromium, which runs their scripts."""


class Search(_Section):
    """Whom searches ask. Addresses and keys are by provider, as JSON: `{"searxng": "http://127.0.0.1:8888"}`."""

    provider: str = ""
    """Who is asked where a search names nobody; empty: the first that is set up, else `openalex`."""
    addresses: dict[str, str] = Field(default_factory=dict)
    keys: dict[str, SecretStr] = Field(default_factory=dict)
    mail: str = ""
    """An address that OpenAlex and Crossref are given, who serve those first that can be written to."""
    timeout: Seconds = 20.0


class Webhooks(_Section):
    """How webhooks are told what happens."""

    networks: frozenset[IPv4Network | IPv6Network] = frozenset()
    """Networks that are not public and that webhooks may be in, as a JSON list: `["10.0.0.0/8",
    "127.0.0.0/8"]`."""
    apprise: frozenset[str] = frozenset()
    """Schemes of Apprise that may be told, as a JSON list: `["mailtos", "slack"]`. What one of them connects
    to is its own affair: none is let in unless it is named."""
    timeout: Seconds = 10.0
    """How long a receiver may take over one delivery."""
    attempts: Annotated[int, Field(ge=1, le=100)] = 16
    """Tries of one delivery; after the last it is put aside (`reprise dlq`)."""
    backoff: Annotated[float, Field(ge=0)] = 5.0
    """Before the second try; twice as long before each after it."""
    longest: Seconds = 6 * 3600.0
    """Between two tries, at most."""
    at_once: Annotated[int, Field(ge=1, le=256)] = 8
    """Deliveries to one webhook at a time, of each gateway."""
    pending: Annotated[int, Field(ge=1, le=65_536)] = 1_000
    """Deliveries to one webhook that are in work or wait for their next try; the others wait for these."""
    backup_hours: Annotated[float, Field(ge=0)] = 72.0
    """An age of the last backup at which webhooks are told; 0: none is."""


class Metrics(_Section):
    """Where a process serves its figures to Prometheus."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """None: nowhere. 0: any free one, which the process logs. The gateway serves them at `/metrics` too, to
    whoever has a token."""


class Gateway(_Section):
    """How the gateway speaks."""

    dialect: Dialect = "reprise"
    """In which shapes frames are sent to who asks for none: `deep-insights` serves that front end
    unchanged."""
    origins: tuple[str, ...] = ()
    """Sites whose pages may call from a browser:
    `REPRISE_GATEWAY__ORIGINS='["https://research.example.org"]'`."""
    read_timeout: Seconds = 30.0
    """How long a caller may take over a request's body between two pieces of it."""


class UnreadableFile(Exception):
    """A file that a setting names for its value cannot be read; the text names both."""


class _WithFiles(EnvSettingsSource):
    """The environment, in which `<NAME>_FILE` names a file that holds the value of `<NAME>`: a secret that no
    list of processes shows."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        found = dict(super()._load_env_vars())
        for name in [
            name for name in found if name.startswith(PREFIX.lower()) and name.endswith(FROM_FILE.lower())
        ]:
            path = found.pop(name) or ""
            try:
                found[name[: -len(FROM_FILE)]] = Path(path).read_text().rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "it is no text"
                raise UnreadableFile(
                    f"environment: {name.upper()} names {path}, which cannot be read: {why}"
                ) from None
        return found


class Settings(BaseSettings):
    """All settings. The environment's names are `REPRISE_<NAME>` and `REPRISE_<SECTION>__<NAME>`; with
    `_FILE` behind it a name says in which file the value is."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: object,
        **__: object,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in the call, then the environment."""
        return init_settings, _WithFiles(settings_cls)

    nats: Nats = Nats()
    s3: S3 = S3()
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    """For the operator alone: the secret of each role (`REPRISE_SECRETS__GATEWAY=…`), which is its NATS
    password and its S3 secret key."""
    engine: str = "extractive"
    llm: Llm = Llm()
    auth: Auth = Auth()
    features: Features = Features()
    sync: Literal["always", "interval"] = "always"
    """When the embedded servers flush what they confirm: before they do, or now and then."""
    log: Log = Log()
    metrics: Metrics = Metrics()
    replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """Of each stream; 3 on a cluster."""
    jobs_storage: Literal["memory", "file"] = "memory"
    """Jobs can be rebuilt from the log."""
    timings: Timings = Timings()
    limits: Limits = Limits()
    gateway: Gateway = Gateway()
    beat: Path | None = None
    """A file that a service touches every second while it is alive; whoever starts it takes one that has not
    moved for a hang."""
    state_dir: Path = Path(".reprise")
    fetch: Fetch = Fetch()
    backup: Backup = Backup()
    search: Search = Search()
    webhooks: Webhooks = Webhooks()
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    hosts: tuple[str, ...] = ()
    """Names that the gateway answers to, besides its own and this machine's:
    `REPRISE_HOSTS='["research.example.org"]'`."""

    def public(self) -> dict[str, object]:
        """The effective settings with secrets as `**********`, ready for JSON; what a caller may have put a
        secret into is taken for one."""
        found = self.model_dump(mode="json")
        nats, llm = found["nats"], found["llm"]
        nats["url"] = ",".join(map(_without_user, self.nats.url.split(",")))
        for name in ("headers", "query"):
            llm[name] = dict.fromkeys(llm[name], HIDDEN)
        for own in (llm["fallback"], *llm["phases"].values()):
            own.update(dict.fromkeys(own.keys() & {"api_key", "headers", "query"}, HIDDEN))
        return found


HIDDEN = "**********"


def _without_user(address: str) -> str:
    """An address in which nobody is named, let alone a password."""
    before, mark, place = address.rpartition("@")
    return f"{before.partition('://')[0]}://{place}" if mark else address


class WrongSettings(Exception):
    """The environment says something that no setting can be; the text names it, and holds no value."""


def from_environment() -> Settings:
    """The settings as the environment has them. Raises `WrongSettings`."""
    try:
        return Settings()
    except UnreadableFile as error:
        raise WrongSettings(str(error)) from None
    except ValidationError as error:
        raise WrongSettings(explain(error, "environment")) from None
    except SettingsError as error:
        value = error.__cause__.doc if isinstance(error.__cause__, json.JSONDecodeError) else None
        names = [
            name for name, text in os.environ.items() if name.upper().startswith("REPRISE_") and text == value
        ]
        raise WrongSettings(
            f"environment: {' or '.join(names) or 'a setting'} must be JSON, in single quotes where a shell "
            "reads it"
        ) from None
