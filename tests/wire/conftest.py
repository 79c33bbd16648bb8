from tests.wire.peer import certificate, deaf_port, hang, peer, refused_port, reset_connection, tls

__all__ = ["certificate", "deaf_port", "hang", "peer", "refused_port", "reset_connection", "tls"]
