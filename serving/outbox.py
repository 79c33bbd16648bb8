"""What is to be sent, kept for a reader who reads slowly: few threads ever wait for him."""

import socket

FLUSH, MOST = 1 << 16, 1 << 20  # bytes: that are sent at once; that wait without a thread
SEND_S = 30.0


class Outbox:
    """Stands for the socket where gunicorn writes to it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._waiting = bytearray()

    def __len__(self) -> int:
        """Bytes that wait."""
        return len(self._waiting)

    def sendall(self, data: bytes) -> None:
        """Raises OSError where the reader has gone, or has taken too little for too long."""
        self._waiting += data
        if len(self._waiting) < FLUSH:
            return
        self.flush()
        if len(self._waiting) > MOST:
            self._sock.settimeout(SEND_S)
            self._sock.sendall(self._waiting)
            self._sock.settimeout(None)
            self._waiting.clear()

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)

    def gettimeout(self) -> float:
        """As a socket that waits for nothing."""
        return 0.0

    def flush(self) -> bool:
        """Send what can be sent without waiting; whether nothing is left."""
        while self._waiting:
            try:
                sent = self._sock.send(self._waiting, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            del self._waiting[:sent]
        return True
