"""One configured form or CRM of the owner's, as it stands in force: frozen values, no behaviour.

`schemas.source` builds a `Source` from the merged text (source over preset). Every part is
optional in the text; the defaults here are the ones the documentation names.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from phonenumbers import SUPPORTED_REGIONS

from core.durations import HOUR_MS
from core.expressions.expression import Condition, Path, Template
from core.expressions.slots import Slotted
from core.numbers.never import SHIPPED
from core.overall import TIMEZONE

COUNTRIES = frozenset(SUPPORTED_REGIONS)  # ISO 3166, two letters; those that have a numbering plan of their own


@dataclass(frozen=True)
class Auth:
    """How a delivery proves that it comes from the source. Secrets are references (`env:NAME`),
    resolved by the caller at the moment of the check; several are live at once during rotation."""

    scheme: str = "token"  # token | basic | hmac | none | a function in core/proofs/
    place: str = "query"  # token: query | path | header | field
    name: str = "token"
    secrets: tuple[str, ...] = ()
    user: str = ""  # basic
    header: str = ""  # hmac
    signed: tuple[str, ...] = ("body",)  # hmac: body, timestamp, id, method, url and literal text
    digest: str = "sha256"
    encoding: str = "hex"  # hex | base64
    prefix: str = ""
    id_header: str = ""
    timestamp_header: str = ""
    timestamp_unit: str = "s"  # s | ms
    tolerance_ms: int = 300_000
    handshake_secret: str = ""  # `auth.handshake`: env:NAME; empty: the secret itself
    allow_ips: tuple[str, ...] = ()  # CIDR; only where the sender documents its addresses
    options: dict[str, object] = field(default_factory=dict)  # what a preset's own scheme needs beside


@dataclass(frozen=True)
class Reply:
    """What the sender wants to hear. `body` may hold `{name}` slots, filled from `values` (by scheme)."""

    status: int = 200
    type: str = "text/plain; charset=utf-8"
    body: str | None = None  # None: the JSON of `leads`
    json: dict[str, object] | None = None


@dataclass(frozen=True)
class Handshake:
    """A request of the sender's that is no lead and wants an exact answer.

    `echo` names a path whose value is the answer's body (`hub.challenge`); `json` answers an object
    whose values of the form `{path: ...}` are read from the request; `scheme` names a pure function
    in core/proofs/handshake.py where data cannot say it (LinkedIn's HMAC challenge)."""

    when: Condition
    reply: Reply = Reply()
    before_proof: bool = False
    methods: tuple[str, ...] = ()  # empty: any
    echo: Path | None = None
    scheme: str = ""


@dataclass(frozen=True)
class Body:
    """How to read the bytes where the Content-Type cannot be trusted."""

    format: str = "auto"  # auto | json | form | xml
    charset: str = ""  # empty: utf-8, else cp1251 where utf-8 does not fit
    unwrap_json: tuple[str, ...] = ()  # form fields (bracket paths allowed) that hold JSON text
    max_bytes: int = 256_000


@dataclass(frozen=True)
class Split:
    """Where the leads stand in a delivery: each element of the list at `each` is one lead.

    Of a list of ids, `beside` is the list of objects whose key `by` names the id they belong to:
    each goes to its own lead and to no other (Zoho's `affected_values`)."""

    each: Path
    entity: str = ""
    action: str = ""
    beside: Path | None = None
    by: str = ""


@dataclass(frozen=True)
class NumberRule:
    fields: tuple[Path, ...] = ()  # the first that is not empty
    in_text: tuple[Path, ...] = ()  # where all are empty: free texts in which a person may have written one
    region: str = ""


@dataclass(frozen=True)
class ScriptRule:
    when: Condition
    value: str


@dataclass(frozen=True)
class ScriptChoice:
    """A plain name is `default` alone. `fields` + `allow`: chosen by the form among those allowed."""

    default: str | None = None
    rules: tuple[ScriptRule, ...] = ()
    fields: tuple[Path, ...] = ()
    allow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mapping:
    number: NumberRule = NumberRule()
    script: ScriptChoice = ScriptChoice()
    sms: Template | None = None
    person: tuple[Path, ...] = ()
    asked_at: tuple[Path, ...] = ()  # when the person asked, where the sender says it


@dataclass(frozen=True)
class Step:
    """One question to the CRM; what it answers stands at `_fetched.<name>`. `path` begins with a slash and
    is appended to the base; `body` is JSON whose whole texts may be a `Slot`."""

    name: str
    path: Slotted
    method: str = "GET"
    query: tuple[tuple[str, Slotted], ...] = ()
    body: object = None
    when: Condition | None = None


@dataclass(frozen=True)
class Join:
    """Two lists of answers laid together at `_fetched.<name>`: each object at `each` with the fields of the
    one at `beside` that has the same `by` (an answer and its question)."""

    name: str
    each: Path
    beside: Path
    by: str


@dataclass(frozen=True)
class Fetch:
    """Where the owner's CRM answers, for senders that post only an id, and what to ask there.

    Asked in the order of `steps` until `ready_when` holds; None: until a field of the mapping's number is
    filled in."""

    base: str
    token: str = ""  # env:NAME
    headers: tuple[tuple[str, Slotted], ...] = ()  # of every question
    steps: tuple[Step, ...] = ()
    join: Join | None = None
    ready_when: Condition | None = None
    rate: int = 2  # questions a second, all workers together


@dataclass(frozen=True)
class Hours:
    """Minutes since midnight; end <= start runs over midnight; 0 to 1440 is always."""

    start: int = 9 * 60
    end: int = 20 * 60


@dataclass(frozen=True)
class Policy:
    """Whom, when, how often and how dearly. 0 is off."""

    countries: tuple[str, ...] = ("RU",)
    number_types: tuple[str, ...] = ("mobile", "fixed")
    never_prefixes: tuple[str, ...] = tuple(SHIPPED)  # of E.164 digits; the shipped ones with the owner's changes
    hours: Hours = Hours()
    timezone: str = TIMEZONE
    once_per_number_ms: int = 24 * HOUR_MS
    once_per_script: bool = False
    max_age_ms: int = 12 * HOUR_MS
    max_wait_ms: int = 96 * HOUR_MS
    calls_per_hour: int = 100  # safe from the first minute: a leaked address is rung no more often
    calls_per_day: int = 500
    spend_per_day: Decimal = Decimal(3000)
    sms_segments: int = 2
    test_when: Condition | None = None


@dataclass(frozen=True)
class Example:
    """A request file beside the YAML and what must come of it. `call` is compared whole."""

    request: str
    call: dict[str, str] | None = None
    calls: tuple[dict[str, str], ...] = ()  # instead of `call`: every lead of a delivery; {} is one without a call
    state: str = ""  # instead of a call: held | suppressed; `handshake` or `nothing`, which make no lead
    reason: str = ""
    event_key: tuple[str, ...] = ()  # where given: the first lead's
    at: str = ""  # RFC 3339; the clock of signed examples
    secret: str = ""  # what the request carries or is signed with; empty: the runner puts a token where it belongs
    answers: dict[str, str] = field(default_factory=dict)  # fetch's step -> the file of what the CRM says; else nothing


@dataclass(frozen=True)
class Source:
    name: str
    preset: str = "generic"
    title: str = ""
    confidence: str = ""  # documented | seen | guessed
    needs: tuple[str, ...] = ()
    notes: str = ""
    enabled: bool = True
    dry_run: bool = False  # everything is decided, nobody is rung
    account: str = "main"
    auth: Auth = Auth()
    body: Body = Body()
    handshakes: tuple[Handshake, ...] = ()
    reply: Reply | None = None
    splits: tuple[Split, ...] = ()
    lead_when: Condition | None = None  # entities and actions that are no leads: suppressed by rule
    mapping: Mapping = Mapping()
    event_key: tuple[Path, ...] = ()
    repeat_window_ms: int = 600_000  # of the event key; the digest's is 10 minutes
    volatile: tuple[Path, ...] = ()
    secret: tuple[Path, ...] = ()  # dropped from the payload before storing
    paths: tuple[str, ...] = ()  # what may stand after the token in the URL (Mango: events/summary)
    fetch: Fetch | None = None
    policy: Policy = Policy()
    examples: tuple[Example, ...] = ()
