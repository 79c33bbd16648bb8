"""The demo source: it stands only while calls go to the simulator, and nobody real can be rung by it."""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from config import secrets as secrets_file
from config.settings import ROOT, Settings
from core.addresses import is_this_machine
from flow.gateway import Gateway
from store import private, versions

NAME, TOKEN = "demo", "DEMO_TOKEN"
DEMO = """\
# A source to try things with; written by `make run` because there was none. Change or delete it freely.
preset: generic
auth: {secret: env:DEMO_TOKEN}
event_key: id
mapping:
  number: {field: phone, region: RU}
  script: Demo
  sms: {template: "Hello {{ name }}, we got your request."}
policy:
  hours: "00:00-24:00"      # the demo rings at any hour
  once_per_number: 0        # and the same number again: three times a day, as `house` of the policy file allows
  calls_per_hour: "0"       # "0" switches a cap off: the simulator rings nobody
  calls_per_day: "0"
  spend_per_day: "0"
"""


def is_simulator(url: str, port: int) -> bool:
    """Whether calls go to the simulator that `make run` starts beside the web's `port`."""
    try:
        return is_this_machine(url) and urlsplit(url).port == port + 1
    except ValueError:
        return False


def write(settings: Settings) -> str | None:
    """Write the demo source where there is none; its token, None where the owner has sources of his own."""
    demo = settings.sources_dir / f"{NAME}.yaml"
    demo.parent.mkdir(parents=True, exist_ok=True)
    if not demo.exists():
        if any(demo.parent.glob("*.yaml")):
            return None
        demo.write_text(DEMO, encoding="utf-8")
    file = settings.secrets_file
    known = secrets_file.values_of(file) if file.is_file() else {}
    token = os.environ.get(TOKEN) or known.get(TOKEN)
    if token:
        return token
    private.folder(file.parent)
    token = secrets.token_urlsafe(18)
    secrets_file.add(file, TOKEN, token)
    return token


def withdraw(gateway: Gateway, sources_dir: Path) -> str:
    """Where calls ring real people: the demo source that we wrote and nobody changed goes, its file too. What was
    done; empty where there was nothing to do."""
    demo = sources_dir / f"{NAME}.yaml"
    if not demo.is_file() or not _is_ours(demo):
        return ""
    demo.unlink()
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        versions.remove(tx, NAME, who="make run", why="calls ring real people now", now=now)
    return f"the demo source is gone ({demo.relative_to(ROOT) if demo.is_relative_to(ROOT) else demo})"


def _is_ours(demo: Path) -> bool:
    """As we wrote it, in this release or an earlier one."""
    text = demo.read_text(encoding="utf-8", errors="replace")
    return text.startswith(DEMO.partition("\n")[0]) and "env:DEMO_TOKEN" in text and "script: Demo" in text
