"""The only reader of the environment: one frozen `Settings`, or every problem at once.

Each variable also comes as `NAME_FILE` (a path whose content is the value); an empty variable is
not set; the real environment wins over `.env` in the project's root, which every process reads
here, gunicorn's workers too. `docs/settings.md` names each one; a test compares the two.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from config import checks
from config.environment import Environment
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


def read(environ: Mapping[str, str] | None = None, dotenv: Path | None = ROOT / ".env") -> Settings:
    """The settings of this process. Raises SettingsError with every problem."""
    env = Environment(os.environ if environ is None else environ, dotenv)
    if env.problems:  # without the file nothing else can be said
        raise SettingsError(env.problems)

    def file(name: str, default: str) -> Path:
        """A relative path stands on the project's root."""
        return ROOT / env.text(name, default, checks.path)

    long_enough = checks.at_least(32, " (try: openssl rand -hex 32)")
    settings = Settings(
        host=env.text("HOST", "0.0.0.0"),  # noqa: S104 - the documented default; make run says 127.0.0.1
        port=env.whole("PORT", 8000, 1, 65_535),
        database_url=_database_url(env.text("DATABASE_URL", check=checks.database)),
        database_direct_url=_database_url(env.text("DATABASE_DIRECT_URL", "")),
        secret_key=env.text("SECRET_KEY", check=long_enough),
        digest_key=env.text("DIGEST_KEY", check=long_enough),
        api_token=env.text("API_TOKEN", check=checks.at_least(16)),
        sources_dir=file("SOURCES_DIR", "config/sources"),
        accounts_dir=file("ACCOUNTS_DIR", "config/accounts"),
        policy_file=file("POLICY_FILE", "config/policy.yaml"),
        secrets_file=file("SECRETS_FILE", "var/secrets.env"),
        alarms_file=file("ALARMS_FILE", "config/alarms.yaml"),
        backup_dir=file("BACKUP_DIR", "var/backups"),
        heartbeat_url=env.text("HEARTBEAT_URL", "", checks.page_url),
        public_url=env.text("PUBLIC_URL", "", checks.public_url).rstrip("/"),
        trusted_proxies=env.whole("TRUSTED_PROXIES", 0, 0, 10),
        run_dir=env.text("RUN_DIR", "", checks.path),
        retention_days=env.whole("RETENTION_DAYS", 90, 1, 3650),
        main_account=_main_account(env),
        voice_insecure=env.one_of("VOICE_INSECURE", "", "0", "1") == "1",
        console=_console(env),
    )
    if problems := env.problems + _together(settings) + _kept(env, settings.database_url):
        raise SettingsError(sorted(set(problems)))
    return settings


def _console(env: Environment) -> ConsoleSettings:
    return ConsoleSettings(
        timezone=env.text("TIMEZONE", "", checks.zone),
        panel_url=env.text("VOICE_PANEL_URL", "", checks.page_url),
        saves=env.one_of("CONSOLE_SAVES", "on", "off") == "on",
        owner=env.text("CONSOLE_OWNER", ""),
        owner_password=env.text("CONSOLE_OWNER_PASSWORD", ""),
    )


def _main_account(env: Environment) -> WantedAccount:
    key_name = {"header": "key", "body": "key_in_body"}[env.one_of("VOICE_API_AUTH", "header", "body")]
    auth = {
        key_name: env.text("VOICE_API_KEY", ""),
        "login": env.text("VOICE_API_LOGIN", ""),
        "password": env.text("VOICE_API_PASSWORD", ""),
    }
    return WantedAccount(
        name="main",
        provider=env.text("VOICE_PROVIDER", "mobilgroup"),
        url=env.text("VOICE_API_URL", check=checks.http_url),
        auth={name: value for name, value in auth.items() if value},
        connect_timeout_ms=round(1000 * env.number("VOICE_CONNECT_TIMEOUT", 3, 0.05, 60)),
        total_timeout_ms=round(1000 * env.number("VOICE_TOTAL_TIMEOUT", 20, 0.1, 300)),
        slots=env.whole("VOICE_CONCURRENCY", 8, 1, 512),
        calls_per_s=env.number("VOICE_RATE", 5, 0, 10_000),
        ca_file=env.text("VOICE_CA_FILE", "", checks.path),
        proxy=env.text("VOICE_PROXY", ""),
    )


def places(environ: Mapping[str, str] | None = None, dotenv: Path | None = ROOT / ".env") -> Places:
    """What a command needs that works before there are settings; `make run`'s own count too. Raises
    SettingsError."""
    known = Environment(os.environ if environ is None else environ, dotenv)
    own = Environment({}, ROOT / "var/run.env") if environ is None else known

    def get(name: str, default: str) -> str:
        return known.text(name, "") or own.text(name, default)

    found = Places(
        sources_dir=ROOT / get("SOURCES_DIR", "config/sources"),
        accounts_dir=ROOT / get("ACCOUNTS_DIR", "config/accounts"),
        policy_file=ROOT / get("POLICY_FILE", "config/policy.yaml"),
        secrets_file=ROOT / get("SECRETS_FILE", "var/secrets.env"),
        public_url=get("PUBLIC_URL", f"http://127.0.0.1:{get('PORT', '8000')}").rstrip("/"),
    )
    if problems := known.problems or own.problems:
        raise SettingsError(problems)
    return found


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


def _kept(env: Environment, database_url: str) -> list[str]:
    """A file on a disk that is emptied with the next start would take accepted leads with it."""
    if not database_url.startswith("sqlite:"):
        return []
    text = "DATABASE_URL: {} keeps no disk from one start to the next, and a SQLite file would go with its leads; "
    text += "take a PostgreSQL (postgresql://...)"
    return [text.format(platform) for name, platform in FORGETFUL.items() if env.holds(name)]


def is_open(url: str) -> bool:
    """Whether everybody on the way to this provider could read what is sent."""
    return urlsplit(url).scheme == "http" and is_public(url)


def _database_url(url: str) -> str:
    """`postgres://` is taken as `postgresql://`; a relative SQLite path stands on the project's root."""
    if url.startswith("postgres://"):
        return "postgresql://" + url[len("postgres://") :]
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        return f"sqlite:///{ROOT / url[len('sqlite:///') :]}"
    return url
