from tests.wire.peer import hang, peer, refused_port, reset_connection

__all__ = ["hang", "peer", "refused_port", "reset_connection"]
