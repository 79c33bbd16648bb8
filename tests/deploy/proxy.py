"""The shipped nginx and Caddy configurations on ports and paths of a test."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Self

import pytest

from config.settings import ROOT
from tests.deploy.served import ask
from tests.ports import free_port

DOMAIN = "leads.example.ru"
# What Debian's /etc/nginx/nginx.conf says around every site.
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/main-error.log;
{user}
events {{ worker_connections 768; }}
worker_processes auto;
http {{
    access_log {folder}/main-access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Proxy:
    """A proxy of this test's own. Use with `with`; ends with the block."""

    folder: Path
    http: int
    https: int
    environ: dict[str, str] | None = None

    def __enter__(self) -> Self:
        self._start()
        try:
            self._until_up()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self) -> None:
        with (self.folder / "stderr.log").open("wb") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, env=self.environ)

    def _until_up(self) -> None:
        end = time.monotonic() + 120
        while ask(self.plain(), "GET", "/")[0] == 0 or not self._speaks_tls():
            assert self._process.poll() is None, self.written()
            assert time.monotonic() < end, self.written()
            # Caddy 2.6 may clean a new storage while it writes its first certificate there, and waits a minute then.
            if '"will retry"' in self.written()["stderr.log"]:
                self.stop()
                self._start()
            time.sleep(0.1)

    def _speaks_tls(self) -> bool:
        try:
            self.tls().open().close()
        except OSError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)

    def command(self) -> list[str]:
        raise NotImplementedError

    def plain(self) -> "Named":
        return Named(self.http, None)

    def tls(self, timeout: float = 60, name: str = DOMAIN) -> "Named":
        return Named(self.https, name, timeout)

    def written(self) -> dict[str, str]:
        """What every log holds by now."""
        return {path.name: path.read_text(errors="replace") for path in self.folder.glob("*.log")}


class Nginx(Proxy):
    """nginx with the shipped site, before the application behind `upstream`."""

    def __init__(self, folder: Path, upstream: Path) -> None:
        self.folder, self.http, self.https = folder, free_port(), free_port()
        self._certificate()
        site = (ROOT / "deploy" / "nginx.conf.template").read_text()
        for old, new in (
            ("@DOMAIN@", DOMAIN),
            ("@CERTIFICATE@", f"{folder}/cert.pem"),
            ("@KEY@", f"{folder}/key.pem"),
            ("listen [::]:443", f"listen [::1]:{self.https}"),
            ("listen [::]:80", f"listen [::1]:{self.http}"),
            ("listen 443", f"listen 127.0.0.1:{self.https}"),
            ("listen 80", f"listen 127.0.0.1:{self.http}"),
            ("/var/log/nginx/", f"{folder}/"),
            ("/run/leads/web.sock", str(upstream)),
        ):
            assert old in site, old
            site = site.replace(old, new)
        if not Path("/proc/net/if_inet6").exists():
            site = "".join(line for line in site.splitlines(True) if "[::1]" not in line)
        (folder / "site.conf").write_text(site)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))

    def command(self, *words: str) -> list[str]:
        return [tool("nginx"), "-c", str(self.folder / "nginx.conf"), *words]

    def _certificate(self) -> None:
        words = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={DOMAIN}"]
        words += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        keys = ["-keyout", str(self.folder / "key.pem"), "-out", str(self.folder / "cert.pem")]
        subprocess.run([*words, *keys], check=True, capture_output=True)


class Caddy(Proxy):
    """Caddy with the shipped file, certificates of its own making."""

    def __init__(self, folder: Path, upstream: Path) -> None:
        self.folder, self.http, self.https = folder, free_port(), free_port()
        self.environ = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        here = "{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tdefault_bind 127.0.0.1\n"
        here += f"\thttp_port {self.http}\n\thttps_port {self.https}\n"
        file = (ROOT / "deploy" / "Caddyfile").read_text()
        for old, new in (
            ("\n{\n", "\n" + here),
            ("leads.example.ru", DOMAIN),
            ("/var/log/caddy/", f"{folder}/"),
            ("/run/leads/web.sock", str(upstream)),
        ):
            assert old in file, old
            file = file.replace(old, new, 1 if "{" in old else -1)
        (folder / "Caddyfile").write_text(file)

    def command(self, *words: str) -> list[str]:
        return [
            tool("caddy"),
            *(words or ("run",)),
            "--adapter",
            "caddyfile",
            "--config",
            str(self.folder / "Caddyfile"),
        ]


class Named:
    """A raw connection to a port of this machine, under TLS where a name for it is given."""

    def __init__(self, port: int, name: str | None, timeout: float = 60) -> None:
        self._port, self._name, self._timeout = port, name, timeout

    def open(self) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self._port), self._timeout)
        if self._name is None:
            return plain
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(plain, server_hostname=self._name or None)

    # As much of http.client's connection as `ask` uses.
    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> None:
        given = {"Host": DOMAIN, "Connection": "close", **headers}
        if body is not None:
            given.setdefault("Content-Length", str(len(body)))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        self._socket = self.open()
        self._socket.sendall("\r\n".join(lines).encode() + (body or b""))

    def getresponse(self) -> "Answer":
        return Answer(self._socket)

    def close(self) -> None:
        if hasattr(self, "_socket"):
            self._socket.close()


class Answer:
    """Everything that came until the end; raises OSError where nothing did."""

    def __init__(self, connection: socket.socket) -> None:
        got = b""
        while part := connection.recv(65_536):
            got += part
        if not got.startswith(b"HTTP/1."):
            raise ConnectionError("no answer")
        self.head, _, self._body = got.partition(b"\r\n\r\n")
        self.status = int(self.head.split()[1])

    def read(self) -> bytes:
        return self.head + b"\r\n\r\n" + self._body


def tool(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return found or pytest.skip(f"{name} is not here: sh deploy/ci-packages.sh")
