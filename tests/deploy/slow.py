"""Many slow clients, and what a good one sees meanwhile: python -m tests.deploy.slow [--proxy caddy] [--seconds 25]

Loopback only, bounded in sockets and seconds."""

import argparse
import contextlib
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click

from tests.deploy.proxy import DOMAIN, Caddy, Named, Nginx, Proxy
from tests.deploy.served import TOKEN, Served, Unix, ask, listening, until_ready
from tests.faults.database import rows

SOCKETS, GOOD_S = 500, 10
HEAD = f"POST /hooks/shop?token={TOKEN} HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Type: application/json\r\n"
# What a slow client sends at once, and what it then sends each second.
KINDS = {
    "silent": ("", ""),
    "header drip": (HEAD + "X-Slow: ", "a"),
    "body drip": (HEAD + "Content-Length: 400\r\n\r\n{", " "),
    "body in lumps": (HEAD + "Content-Length: 60000\r\n\r\n{", " " * 3000),
}


def hold(make: Callable[[], Named], kind: str, ending: threading.Event) -> None:
    """Keeps SOCKETS slow clients of a kind until `ending`; one that is thrown out comes back."""
    first, each = KINDS[kind]
    held = [make() for _ in range(SOCKETS)]
    open_now: dict[int, object] = {}
    try:
        while not ending.is_set():
            for n, client in enumerate(held):
                if ending.is_set():
                    return
                try:
                    if n not in open_now:
                        open_now[n] = made = client.open()
                        made.sendall(first.encode())
                    elif each:
                        open_now[n].sendall(each.encode())
                except OSError:
                    if gone := open_now.pop(n, None):
                        gone.close()
            ending.wait(1)
    finally:
        for one in open_now.values():
            one.close()


def good(make: Callable[[], Named], seconds: float) -> list[tuple[int, float]]:
    """(status, seconds it took) of GOOD_S good leads a second, each on a connection of its own."""
    told: list[tuple[int, float]] = []

    def post(n: int) -> None:
        begun = time.monotonic()
        body = b'{"id": "good-%d-%d", "phone": "+79990000000"}' % (int(begun), n)
        status, _ = ask(make(), "POST", f"/hooks/shop?token={TOKEN}", body, Content_Type="application/json")
        told.append((status, time.monotonic() - begun))

    begun, senders = time.monotonic(), []
    for n in range(int(GOOD_S * seconds)):
        time.sleep(max(0.0, begun + n / GOOD_S - time.monotonic()))
        senders.append(threading.Thread(target=post, args=(n,)))
        senders[-1].start()
    for sender in senders:
        sender.join(30)
    return told


def under(proxy: Proxy, kind: str, seconds: float) -> tuple[float, float, float]:
    """Share of good leads that were answered 200, and the p50 and p99 of their seconds."""
    ending = threading.Event()
    holder = threading.Thread(target=hold, args=(proxy.tls, kind, ending))
    holder.start()
    try:
        time.sleep(2)  # they are there first
        told = good(proxy.tls, seconds)
    finally:
        ending.set()
        holder.join(60)
    took = sorted(seconds for _, seconds in told)
    well = sum(status == 200 for status, _ in told) / len(told)
    return well, took[len(took) // 2], took[int(len(took) * 0.99)]


@contextlib.contextmanager
def standing(kind: type[Nginx] | type[Caddy]):
    """The proxy with the application behind it; `leads` tells what it has stored."""
    with tempfile.TemporaryDirectory() as name:
        web, front = Path(name) / "web", Path(name) / "front"
        web.mkdir()
        front.mkdir()
        with listening(web) as listener, Served(web, listener) as served, kind(front, web / "web.sock") as proxy:
            until_ready(lambda: Unix(web / "web.sock"))
            proxy.leads = lambda: rows(served.environ["DATABASE_URL"], "SELECT payload FROM leads")
            yield proxy


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--proxy", choices=["nginx", "caddy"], default="nginx")
    parser.add_argument("--seconds", type=float, default=25)
    wish = parser.parse_args()
    with standing(Nginx if wish.proxy == "nginx" else Caddy) as proxy:
        click.echo(
            f"{SOCKETS} slow sockets, {GOOD_S} good leads a second, {wish.seconds:g} s each, through {wish.proxy}"
        )
        for kind in KINDS:
            well, p50, p99 = under(proxy, kind, wish.seconds)
            click.echo(f"| {kind} | {well:.0%} | {p50 * 1000:.0f} ms | {p99 * 1000:.0f} ms |")


if __name__ == "__main__":
    main()
