"""Where an address leads, by its host's name alone: this machine in every spelling, or the public net. Pure."""

import unicodedata
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

THIS_MACHINE = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


def is_this_machine(url: str) -> bool:
    """Whether the address is this machine: loopback, the unspecified address (a connection to it ends here), or a name
    of theirs, however it is spelled (`localhost.`, `127.1`, `2130706433`, `[::ffff:127.0.0.1]`). No host: yes."""
    host = _host(url)
    if host in ("", *THIS_MACHINE) or host.endswith(".localhost"):
        return True
    found = _ip(host)
    return found is not None and (found.is_loopback or found.is_unspecified)


def is_public(url: str) -> bool:
    """Whether it leads over the public net, as far as the host's spelling tells: no private address, no bare name."""
    host, found = _host(url), _ip(_host(url))
    if is_this_machine(url):
        return False
    if found is not None:
        return found.is_global
    return "." in host and not host.endswith((".internal", ".local", ".lan", ".home.arpa"))


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return unicodedata.normalize("NFKC", host).lower().rstrip(".")


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return _older(host)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _older(host: str) -> IPv4Address | None:
    """IPv4 as the C library reads it: one to four numbers, decimal, octal or hexadecimal, the last takes the rest."""
    try:
        numbers = [_number(part) for part in host.split(".")]
    except ValueError:
        return None
    *first, last = numbers
    if len(first) > 3 or any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    return IPv4Address(sum(number << (24 - 8 * n) for n, number in enumerate(first)) + last)


def _number(text: str) -> int:
    if not (text.isascii() and text.isalnum()):
        raise ValueError(text)
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if len(text) > 1 and text.startswith("0") else 10)
