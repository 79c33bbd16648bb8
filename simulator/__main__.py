"""`python -m simulator`: the twin by itself, with nothing installed."""

import argparse
import sys

from simulator.choice import UnknownBehaviour, choose
from simulator.provider import behaviours_help
from simulator.server import serve


def _behaviour(text: str) -> str:
    try:
        choose(text)
    except UnknownBehaviour as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _ending(text: str) -> tuple[str, str]:
    digits, equals, name = text.partition("=")
    if not equals or not (digits.isascii() and digits.isdigit()):
        raise argparse.ArgumentTypeError("expected DIGITS=BEHAVIOUR, for example 0404=refuse")
    return digits, _behaviour(name)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65536):
        raise argparse.ArgumentTypeError("a port is 0 (any free one) to 65535")
    return int(text)


def _times(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError("expected 1 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="The voice provider's simulator: it takes calls and rings nobody.",
        epilog=f"behaviours:\n{behaviours_help()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=_port, default=8001, help="0: any free one, printed (default: 8001)")
    add("--key", help="the API key it knows; without key and login it takes any")
    add("--login")
    add("--password")
    add("--scripts", metavar="NAME", nargs="+", help="the scripts it knows (default: all)")
    add("--behaviour", type=_behaviour, default="accept", metavar="NAME", help="for every call (default: accept)")
    add("--behave-for", type=_times, metavar="N", help="only for the first N calls, then accept")
    add("--ending", type=_ending, action="append", default=[], metavar="DIGITS=NAME", help="for numbers that end so")
    add("--log", metavar="FILE", help="one JSON line a call, written before it is answered")
    add("--name", action="append", default=[], help="another name of this machine by which it may be asked")
    add("--quiet", action="store_true", help="no line a call")
    return parser


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    return serve(
        given.host,
        given.port,
        quiet=given.quiet,
        key=given.key,
        login=given.login,
        password=given.password,
        scripts=given.scripts,
        behaviour=given.behaviour,
        behave_for=given.behave_for,
        endings=dict(given.ending),
        log=given.log,
        names=given.name,
    )


if __name__ == "__main__":
    sys.exit(main())
