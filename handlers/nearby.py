"""Who may see how the house is doing: a program with a token, or somebody at this very machine."""

import ipaddress

from flask import Request

from handlers.api.door import token_of

FORWARDED = frozenset({"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"})


def may_look(request: Request) -> bool:
    """A token of the API, or a request that was made on this machine.

    That is a TCP peer on loopback (a unix socket has none: there a proxy stands), without any header that a proxy
    adds, whose Host is a loopback name: a page of a stranger's in this machine's browser, whose name was made to
    point here, says its own."""
    return token_of(request) is not None or is_nearby(request)


def is_nearby(request: Request) -> bool:
    names = {name.lower() for name, _ in request.headers}
    if names & FORWARDED or any(name.startswith("x-forwarded-") for name in names):
        return False
    return _is_loopback(request.environ.get("REMOTE_ADDR", "")) and _is_loopback_name(request.headers.get("Host", ""))


def _is_loopback_name(host: str) -> bool:
    name, _, port = host.rpartition(":")
    name = name if name and (port == "" or port.isdigit()) and not host.endswith("]") else host
    return name.lower() == "localhost" or _is_loopback(name.removeprefix("[").removesuffix("]"))


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return found.is_loopback or (mapped is not None and mapped.is_loopback)
