"""Servers that stand before the database."""

import os
import shutil
import socket
import subprocess
import time

import pytest

from store.engine import Store
from tests import databases
from tests.ports import free_port


@pytest.fixture
def pooler(tmp_path):
    """A PgBouncer in transaction mode before the suite's server."""
    server = databases.postgresql_server()
    if server is None or shutil.which("pgbouncer") is None:
        pytest.skip("needs PostgreSQL and pgbouncer (apt install pgbouncer)")
    port = free_port()
    url = Store(server).url
    (tmp_path / "pgbouncer.ini").write_text(
        f"[databases]\npostgres = host={url.host} port={url.port or 5432} dbname={url.database} user={url.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\npool_mode = transaction\n"
        f"unix_socket_dir =\n"
    )
    command = ["pgbouncer", str(tmp_path / "pgbouncer.ini")]
    if os.geteuid() == 0:
        for path in (tmp_path, *tmp_path.parents):
            if path.owner() == "root" and str(path).startswith(("/tmp/", "/dev/shm/")):
                path.chmod(0o755)
        command = ["runuser", "-u", "postgres", "--", *command]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(60)
