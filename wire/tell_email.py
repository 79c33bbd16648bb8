"""The watch's e-mail: one message a try by SMTP; all messages of one alarm stand in one thread."""

import contextlib
import smtplib
import socket
import ssl
import threading
from email.message import EmailMessage
from email.utils import formatdate

from core.ports import Message, Told
from wire.post import tls_context

TIMEOUT_MS = 10_000  # of one answer; all of a session's together take twice as long at most


class _Ends:
    """A session that is cut off after its whole time: a server that drips would keep it for ever."""

    sock: socket.socket | None
    _cut: threading.Timer | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]

        def cut() -> None:
            with contextlib.suppress(OSError):  # it is closed already
                (self.sock or opened).shutdown(socket.SHUT_RDWR)

        self._cut = threading.Timer(2 * timeout, cut)
        self._cut.daemon = True
        self._cut.start()
        return opened

    def close(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
        super().close()  # type: ignore[misc]


class _Bounded(_Ends, smtplib.SMTP):
    """In plain text, or by STARTTLS."""


class _BoundedTls(_Ends, smtplib.SMTP_SSL):
    """By TLS from the first byte on."""


class Email:
    """`tls`: `starttls`, `tls` from the first byte on, or `no`. Raises ValueError for addresses that cannot be."""

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        to: tuple[str, ...],
        *,
        tls: str,
        user: str = "",
        password: str = "",
        timeout_ms: int = TIMEOUT_MS,
    ) -> None:
        self._timeout_s = timeout_ms / 1000
        self._host, self._port, self._sender, self._to = host, port, sender, to
        self._user, self._password = user, password
        self._tls: ssl.SSLContext | None = tls_context(None) if tls != "no" else None
        self._implicit = tls == "tls"
        self._domain = sender.rpartition("@")[2].strip(">") or "localhost"
        if not all("@" in address for address in (sender, *to)):
            raise ValueError("expected `from` and `to` as addresses like leads@example.ru")

    def tell(self, message: Message) -> Told:
        try:
            with self._session() as session:
                session.send_message(self._mail(message), self._sender, list(self._to))
        except smtplib.SMTPResponseException as why:
            return Told(False, f"SMTP {why.smtp_code}")
        except smtplib.SMTPException as why:
            return Told(False, type(why).__name__)
        except (OSError, ValueError) as why:  # the network, TLS, or a name that is none
            return Told(False, f"{type(why).__name__}: {getattr(why, 'strerror', None) or 'no session'}")
        return Told(True, "taken by the mail server")

    def _session(self) -> smtplib.SMTP:
        if self._implicit:
            session: smtplib.SMTP = _BoundedTls(self._host, self._port, timeout=self._timeout_s, context=self._tls)
        else:
            session = _Bounded(self._host, self._port, timeout=self._timeout_s)
        try:
            if self._tls is not None and not self._implicit:
                session.starttls(context=self._tls)
            if self._user:
                session.login(self._user, self._password)
        except BaseException:
            session.close()
            raise
        return session

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = " ".join(message.title.split())
        mail["From"], mail["To"] = self._sender, ", ".join(self._to)
        mail["Date"] = formatdate(message.at / 1000)
        mail["Message-ID"] = f"<{message.id}@{self._domain}>"
        mail["References"] = f"<alarm-{message.thread}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body)
        return mail
