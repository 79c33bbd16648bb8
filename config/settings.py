"""The only reader of the environment: one frozen `Settings`, or every problem at once.

Each variable also comes as `NAME_FILE` (a path whose content is the value); an empty variable is
not set; the real environment wins over `.env` in the project's root, which every process reads
here, gunicorn's workers too. `docs/settings.md` names each one; a test compares the two.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environs import EnvValidationError, FileAwareEnv, validate

from config import checks
from config.checks import database, http_url, page_url, public_url, zone
from core.account.wanted import WantedAccount
from core.addresses import is_public, is_this_machine

ROOT = Path(__file__).resolve().parent.parent
# Each is set by a platform that gives every start an empty disk.
FORGETFUL = {"DYNO": "Heroku", "K_SERVICE": "Cloud Run", "VCAP_APPLICATION": "Cloud Foundry"}


OPEN_WIRE = (
    "plain http over the public net shows key and numbers to everybody on the way; take https, or VOICE_INSECURE=1"
)


class SettingsError(Exception):
    """Settings are wrong or missing; `problems` lists every one of them, without any value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("wrong settings:\n" + "\n".join(f"- {p}" for p in problems))
        self.problems = problems


@dataclass(frozen=True)
class ConsoleSettings:
    timezone: str  # what people read times in; empty: the policy's
    panel_url: str
    saves: bool
    owner: str
    owner_password: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    host: str
    port: int
    database_url: str = field(repr=False)
    database_direct_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    digest_key: str = field(repr=False)
    api_token: str = field(repr=False)
    sources_dir: Path
    accounts_dir: Path
    policy_file: Path
    secrets_file: Path
    alarms_file: Path
    backup_dir: Path
    heartbeat_url: str = field(repr=False)
    public_url: str
    trusted_proxies: int
    run_dir: str
    retention_days: int
    main_account: WantedAccount
    voice_insecure: bool
    console: ConsoleSettings


@dataclass(frozen=True)
class Places:
    """Where the owner's files lie, and the address that senders call: known without the other settings."""

    sources_dir: Path
    accounts_dir: Path
    policy_file: Path
    secrets_file: Path
    public_url: str  # without a slash at its end; where PUBLIC_URL is not set, this machine's own


class _Env(FileAwareEnv):
    """Reads a given mapping; blank is not set; NAME and NAME_FILE together is an error."""

    def __init__(self, environ: Mapping[str, str], dotenv: Path | None) -> None:
        super().__init__(eager=False, strip_whitespace=True)
        if dotenv is not None and dotenv.exists():
            if why := checks.unreadable(dotenv):
                raise SettingsError([f"{dotenv} cannot be read ({why}): give this user the right to, or mend it"])
            self.read_env(str(dotenv), recurse=False)
        self._values = {**self._environ, **{k: v for k, v in environ.items() if v}}
        # NAME in the environment hides NAME_FILE of .env, and the other way round: the environment wins whole.
        for name, value in environ.items():
            if value and name.endswith("_FILE") and name[:-5] not in environ:
                self._values.pop(name[:-5], None)
            elif value and f"{name}_FILE" not in environ:
                self._values.pop(f"{name}_FILE", None)
        self._environ = {}

    def holds(self, name: str) -> bool:
        """Whether the variable is set at all, to whatever."""
        return bool(self._values.get(name))

    def _get_value(self, env_key: str, default: Any) -> Any:
        value, file = self._values.get(env_key), self._values.get(f"{env_key}_FILE")
        if value and file:
            raise ValueError(f"{env_key} and {env_key}_FILE are both set; leave one of them")
        if file:
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as why:
                raise ValueError(f"{env_key}_FILE must name a readable UTF-8 file") from why
        return value or default


def read(environ: Mapping[str, str] | None = None, dotenv: Path | None = ROOT / ".env") -> Settings:
    """The settings of this process. Raises SettingsError with every problem."""
    env = _Env(os.environ if environ is None else environ, dotenv)
    problems: list[str] = []

    def get(kind: str, name: str, *args: Any, **options: Any) -> Any:
        try:
            return getattr(env, kind)(name, *args, **options)
        except ValueError as why:  # NAME and NAME_FILE, or an unreadable file
            problems.append(str(why))
            return args[0] if args else ""

    long_enough = validate.Length(min=32, error="must have at least 32 characters (try: openssl rand -hex 32)")
    settings = Settings(
        host=get("str", "HOST", "0.0.0.0"),  # noqa: S104 - the documented default; make run says 127.0.0.1
        port=get("int", "PORT", 8000, validate=validate.Range(1, 65535)),
        database_url=_database_url(get("str", "DATABASE_URL", validate=database)),
        database_direct_url=_database_url(get("str", "DATABASE_DIRECT_URL", "")),
        secret_key=get("str", "SECRET_KEY", validate=long_enough),
        digest_key=get("str", "DIGEST_KEY", validate=long_enough),
        api_token=get("str", "API_TOKEN", validate=validate.Length(min=16, error="must have at least 16 characters")),
        sources_dir=_under_root(get("str", "SOURCES_DIR", "config/sources", validate=checks.folder)),
        accounts_dir=_under_root(get("str", "ACCOUNTS_DIR", "config/accounts", validate=checks.folder)),
        policy_file=_under_root(get("str", "POLICY_FILE", "config/policy.yaml", validate=checks.path)),
        secrets_file=_under_root(get("str", "SECRETS_FILE", "var/secrets.env", validate=checks.path)),
        alarms_file=_under_root(get("str", "ALARMS_FILE", "config/alarms.yaml", validate=checks.path)),
        backup_dir=_under_root(get("str", "BACKUP_DIR", "var/backups", validate=checks.folder)),
        heartbeat_url=get("str", "HEARTBEAT_URL", "", validate=page_url),
        public_url=(get("str", "PUBLIC_URL", "", validate=public_url) or "").rstrip("/"),
        trusted_proxies=get("int", "TRUSTED_PROXIES", 0, validate=validate.Range(0, 10)),
        run_dir=get("str", "RUN_DIR", "", validate=checks.folder),
        retention_days=get("int", "RETENTION_DAYS", 90, validate=validate.Range(1, 3650)),
        main_account=_main_account(get),
        voice_insecure=get("str", "VOICE_INSECURE", "", validate=validate.OneOf(["", "0", "1"])) == "1",
        console=_console(get),
    )
    problems += _sealed(env) + _together(settings) + _kept(env, settings.database_url)
    if problems:
        raise SettingsError(sorted(set(problems)))
    return settings


def _console(get: Callable[..., Any]) -> ConsoleSettings:
    return ConsoleSettings(
        timezone=get("str", "TIMEZONE", "", validate=zone),
        panel_url=get("str", "VOICE_PANEL_URL", "", validate=page_url),
        saves=get("str", "CONSOLE_SAVES", "on", validate=validate.OneOf(["on", "off"])) == "on",
        owner=get("str", "CONSOLE_OWNER", ""),
        owner_password=get("str", "CONSOLE_OWNER_PASSWORD", ""),
    )


def _main_account(get: Callable[..., Any]) -> WantedAccount:
    key_name = {"header": "key", "body": "key_in_body"}.get(
        get("str", "VOICE_API_AUTH", "header", validate=validate.OneOf(["header", "body"])), "key"
    )
    auth = {
        key_name: get("str", "VOICE_API_KEY", ""),
        "login": get("str", "VOICE_API_LOGIN", ""),
        "password": get("str", "VOICE_API_PASSWORD", ""),
    }
    return WantedAccount(
        name="main",
        provider=get("str", "VOICE_PROVIDER", "mobilgroup"),
        url=get("str", "VOICE_API_URL", validate=http_url),
        auth={name: value for name, value in auth.items() if value},
        connect_timeout_ms=_ms(get("float", "VOICE_CONNECT_TIMEOUT", 3.0, validate=validate.Range(0.05, 60))),
        total_timeout_ms=_ms(get("float", "VOICE_TOTAL_TIMEOUT", 20.0, validate=validate.Range(0.1, 300))),
        slots=get("int", "VOICE_CONCURRENCY", 8, validate=validate.Range(1, 512)),
        calls_per_s=get("float", "VOICE_RATE", 5.0, validate=validate.Range(0, 10_000)),
        ca_file=get("str", "VOICE_CA_FILE", "", validate=checks.path),
        proxy=get("str", "VOICE_PROXY", ""),
    )


def places(environ: Mapping[str, str] | None = None, dotenv: Path | None = ROOT / ".env") -> Places:
    """What a command needs that works before there are settings; `make run`'s own count too. Raises
    SettingsError."""
    known = _Env(os.environ if environ is None else environ, dotenv)
    own = _Env({}, ROOT / "var/run.env") if environ is None else known

    def get(name: str, default: str) -> str:
        try:
            return str(known.str(name, "") or own.str(name, "") or default)
        except ValueError as why:
            raise SettingsError([str(why)]) from why

    return Places(
        sources_dir=ROOT / get("SOURCES_DIR", "config/sources"),
        accounts_dir=ROOT / get("ACCOUNTS_DIR", "config/accounts"),
        policy_file=ROOT / get("POLICY_FILE", "config/policy.yaml"),
        secrets_file=ROOT / get("SECRETS_FILE", "var/secrets.env"),
        public_url=get("PUBLIC_URL", f"http://127.0.0.1:{get('PORT', '8000')}").rstrip("/"),
    )


def _sealed(env: _Env) -> list[str]:
    try:
        env.seal()
    except EnvValidationError as why:
        messages: dict[str, Any] = dict(why.error_messages)  # type: ignore[arg-type]
        return [f"{name}: {' '.join(_flat(texts))}" for name, texts in messages.items()]
    return []


def _flat(texts: Any) -> list[str]:
    return [str(t) for t in (texts if isinstance(texts, list) else [texts])]


def _together(s: Settings) -> list[str]:
    """What is wrong only in combination."""
    problems = []
    v = s.main_account
    key, pair = set(v.auth) & {"key", "key_in_body"}, set(v.auth) & {"login", "password"}
    if key and pair:
        problems.append("VOICE_API_KEY and VOICE_API_LOGIN are both set; the provider takes one of the two")
    if not key and len(pair) < 2:
        problems.append("VOICE_API_KEY: not set; set it, or VOICE_API_LOGIN and VOICE_API_PASSWORD together")
    if v.ca_file and not Path(v.ca_file).is_file():
        problems.append("VOICE_CA_FILE: must name a readable file of certificates")
    if bool(s.console.owner) != bool(s.console.owner_password):
        problems.append("CONSOLE_OWNER and CONSOLE_OWNER_PASSWORD: set both, or neither")
    if s.public_url and not is_this_machine(s.public_url) and v.url and is_this_machine(v.url):
        problems.append("VOICE_API_URL points at this machine while PUBLIC_URL is public: the simulator was left on")
    if v.url and not s.voice_insecure and is_open(v.url):
        problems.append(f"VOICE_API_URL: {OPEN_WIRE}")
    return problems


def _kept(env: _Env, database_url: str) -> list[str]:
    """A file on a disk that is emptied with the next start would take accepted leads with it."""
    if not database_url.startswith("sqlite:"):
        return []
    text = "DATABASE_URL: {} keeps no disk from one start to the next, and a SQLite file would go with its leads; "
    text += "take a PostgreSQL (postgresql://...)"
    return [text.format(platform) for name, platform in FORGETFUL.items() if env.holds(name)]


def _under_root(path: str | None) -> Path:
    """None where the setting was wrong, which is told beside."""
    return ROOT / (path or "")


def _ms(seconds: float | None) -> int:
    """None where the setting was wrong, which is told beside."""
    return round((seconds or 0) * 1000)


def is_open(url: str) -> bool:
    """Whether everybody on the way to this provider could read what is sent."""
    return urlsplit(url).scheme == "http" and is_public(url)


def _database_url(url: str) -> str:
    """`postgres://` is taken as `postgresql://`; a relative SQLite path stands on the project's root."""
    if not isinstance(url, str):
        return ""
    if url.startswith("postgres://"):
        return "postgresql://" + url[len("postgres://") :]
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        return f"sqlite:///{ROOT / url[len('sqlite:///') :]}"
    return url
