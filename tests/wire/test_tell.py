"""The channels on real sockets: what the other side gets, and what is made of its answers."""

import base64
import hashlib
import hmac
import json
import socket
import threading
from email import message_from_bytes, policy

import pytest

from core.ports import Message
from wire.tell import Chat, Telegram, Webhook
from wire.tell_email import Email

MESSAGE = Message(
    "alarm-17.3", "17", "raised", "Тревога: диск", "Диск почти полон.\nЧто делать: место.", 1_795_597_200_000
)
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


def answering(status, body=b""):
    def script(connection):
        connection.sendall(b"HTTP/1.1 %d Said\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))

    return script


def body_of(request):
    return json.loads(request.partition(b"\r\n\r\n")[2])


def head_of(request):
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return lines[0], dict(line.lower().split(": ", 1) for line in lines[1:])


class Mailbox:
    """A mail server for one session after the other: greets, takes what it is told to, keeps the messages."""

    def __init__(self, refuses=""):
        self.mails, self.said, self.refuses = [], [], refuses
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"220 mail\r\n")
                for line in lines:
                    self.said.append(line.decode().strip())
                    word = line[:4].decode().upper()
                    if self.refuses and word == self.refuses:
                        connection.sendall(b"550 no such user\r\n")
                    elif word == "DATA":
                        connection.sendall(b"354 go on\r\n")
                        mail = b""
                        while not mail.endswith(b"\r\n.\r\n"):
                            mail += lines.readline()
                        self.mails.append(message_from_bytes(mail[:-5], policy=policy.default))
                        connection.sendall(b"250 taken\r\n")
                    elif word == "QUIT":
                        connection.sendall(b"221 bye\r\n")
                        break
                    else:
                        connection.sendall(b"250 ok\r\n")

    def close(self):
        self._listener.close()


@pytest.fixture
def mailbox():
    opened = []

    def make(**said):
        opened.append(Mailbox(**said))
        return opened[-1]

    yield make
    for box in opened:
        box.close()


def email(port, **said):
    return Email("127.0.0.1", port, "leads@example.ru", ("ops@example.ru", "two@example.ru"), tls="no", **said)


def test_an_e_mail_in_its_thread(mailbox):
    box = mailbox()
    assert email(box.port).tell(MESSAGE).well
    (mail,) = box.mails
    assert (mail["Subject"], mail["From"]) == (MESSAGE.title, "leads@example.ru")
    assert mail["To"] == "ops@example.ru, two@example.ru"
    assert (mail["Message-ID"], mail["References"]) == ("<alarm-17.3@example.ru>", "<alarm-17@example.ru>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().split() == MESSAGE.body.split()


def test_a_title_can_add_no_header(mailbox):
    box = mailbox()
    title = "x\r\nBcc: stranger@example.ru"
    assert email(box.port).tell(Message("a", "b", "raised", title, "body", 0)).well
    assert box.mails[0]["Bcc"] is None


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA"])
def test_a_mail_server_that_says_no(mailbox, word):
    told = email(mailbox(refuses=word).port).tell(MESSAGE)
    assert not told.well
    assert "SMTP" in told.said


def test_a_mail_server_that_is_not_there_or_no_mail_server(refused_port, peer):
    assert not email(refused_port).tell(MESSAGE).well
    assert not email(peer(answering(200)).port, timeout_ms=300).tell(MESSAGE).well


def test_an_address_that_is_none():
    with pytest.raises(ValueError, match="expected `from` and `to`"):
        Email("127.0.0.1", 25, "leads", ("ops@example.ru",), tls="no")


def test_telegram_takes_plain_text(peer):
    there = peer(answering(200, b'{"ok": true}'))
    api = there.url.removesuffix("/api/lido/send/")
    told = Telegram("123:token", "-100", api=api).tell(MESSAGE)
    assert (told.well, told.said) == (True, "HTTP 200")
    first, _ = head_of(there.requests[0])
    assert first == "POST /bot123:token/sendMessage HTTP/1.1"
    said = body_of(there.requests[0])
    assert (said["chat_id"], said["text"]) == ("-100", f"{MESSAGE.title}\n\n{MESSAGE.body}")
    assert "parse_mode" not in said


def test_telegram_says_when_to_come_again_and_its_token_is_nowhere(peer):
    body = json.dumps({"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 17}}).encode()
    channel = Telegram("123:token", "-100", api=peer(answering(429, body)).url.removesuffix("/api/lido/send/"))
    told = channel.tell(MESSAGE)
    assert (told.well, told.wait_ms, told.said) == (False, 17_000, "HTTP 429: Too Many Requests")
    assert "token" not in repr(told)


def test_telegram_through_a_proxy(peer):
    proxy = peer(answering(200, b"{}"))
    channel = Telegram("1:t", "5", api="http://telegram.test", proxy=f"http://u:p@127.0.0.1:{proxy.port}")
    assert channel.tell(MESSAGE).well
    first, headers = head_of(proxy.requests[0])
    assert first == "POST http://telegram.test/bot1:t/sendMessage HTTP/1.1"
    assert "proxy-authorization" in headers


def test_a_chat_s_hook(peer):
    there = peer(answering(200, b"ok"))
    assert Chat(there.url).tell(MESSAGE).well
    assert body_of(there.requests[0])["text"] == f"*{MESSAGE.title}*\n{MESSAGE.body}"


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b'"x"', b'{"parameters": 1}', b'{"parameters": {"retry_after": "x"}}', b"\xff"]
)
def test_an_answer_of_no_form_is_a_no_by_its_status(peer, body):
    told = Chat(peer(answering(500, body)).url).tell(MESSAGE)
    assert (told.well, told.said[:8]) == (False, "HTTP 500")


def test_nobody_there_is_a_no(refused_port):
    told = Chat(f"http://127.0.0.1:{refused_port}/hook/s3cret").tell(MESSAGE)
    assert not told.well
    assert "s3cret" not in told.said


def test_a_webhook_is_signed_and_its_id_stays(peer):
    there = peer(answering(204))
    channel = Webhook(there.url, SECRET)
    assert channel.tell(MESSAGE).well
    assert channel.tell(MESSAGE).well
    for request in there.requests:
        _, headers = head_of(request)
        body = request.partition(b"\r\n\r\n")[2]
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(b"k" * 24, signed, hashlib.sha256).digest()).decode()
        # header names and values were lowered above, a signature's letters too
        assert headers["webhook-signature"] == f"v1,{expected}".lower()
        assert headers["webhook-id"] == "alarm-17.3"
        assert json.loads(body)["type"] == "alarm.raised"


def test_a_webhook_s_secret_has_a_form():
    with pytest.raises(ValueError, match="whsec_"):
        Webhook("http://127.0.0.1:9/", "not base64!")
