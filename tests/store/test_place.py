from pathlib import Path

import pytest

from store.place import judge

MOUNTS = """overlay / overlay rw 0 0
/dev/sda1 /srv ext4 rw 0 0
host:/x /srv/shared nfs4 rw 0 0
//host/y /mnt/my\\040share cifs rw 0 0
hostshare /host 9p rw 0 0
x /sshfs fuse.sshfs rw 0 0
v /vm virtiofs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/app/var/leads.db", ""),
        ("/srv/leads.db", ""),
        ("/srv/shared/leads.db", "refused"),
        ("/srv/shared2/leads.db", ""),
        ("/mnt/my share/leads.db", "refused"),
        ("/host/leads.db", "doubted"),
        ("/sshfs/leads.db", "doubted"),
        ("/vm/leads.db", "doubted"),
    ],
)
def test_a_network_file_system_is_refused_and_a_doubtful_one_is_said(path, said):
    assert judge(Path(path), MOUNTS)[0] == said
