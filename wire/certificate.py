"""When the TLS certificate of an address ends: one handshake, nothing is asked."""

import ssl
from urllib.parse import urlsplit

from wire.clocks import CLOCKS
from wire.line import Line, NotYet, Route
from wire.post import tls_context

HANDSHAKE_MS = 4_000


def ends_at_ms(url: str, ca_file: str | None = None) -> int | None:
    """Milliseconds since 1970; None for plain http, and where no trusted handshake was made: whoever asks the address
    for a page says why."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    route = Route(parts.hostname, parts.port or 443, tls_context(ca_file))
    line = Line(route, CLOCKS, CLOCKS.start(), HANDSHAKE_MS, HANDSHAKE_MS, None)
    try:
        line.dial()
        ends = line.certificate().get("notAfter")
    except NotYet:
        return None
    finally:
        line.hang_up()
    return int(ssl.cert_time_to_seconds(ends) * 1000) if isinstance(ends, str) else None
