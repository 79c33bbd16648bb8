"""Where a SQLite file may lie: on a disk of this machine, never on a network file system.

WAL needs shared memory and locks that nfs, cifs and smb do not keep (sqlite.org/wal.html); 9p, fuse
and virtiofs depend on who serves them. A container's own overlay is fine.
"""

from pathlib import Path

from store.engine import POOL, Store

REFUSED = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre"})
DOUBTED = ("9p", "fuse", "virtiofs")


def opened(url: str, pool: int = POOL) -> Store:
    """The database's parts; nobody is asked yet. Raises ValueError, with what to do, where its file cannot be; a
    doubtful place is said."""
    if url.startswith("sqlite:///"):
        kind, text = of(Path(url.removeprefix("sqlite:///")))
        if kind == "refused":
            raise ValueError(text)
        if kind:
            import structlog

            structlog.get_logger().warning("said", text=text)
    try:
        return Store(url, pool=pool)
    except OSError as why:
        said = f"its folder cannot be made ({why.strerror}): name one on a disk that this user may write"
        raise ValueError(said) from why


def file_system(path: Path, mounts: str) -> str:
    """The kind of file system that `path` lies on, out of the text of /proc/mounts; "" when unknown."""
    kind, deepest = "", -1
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = Path(fields[1].encode("latin-1", "replace").decode("unicode_escape", "replace"))
        if path.is_relative_to(point) and len(point.parts) > deepest:
            kind, deepest = fields[2], len(point.parts)
    return kind


def judge(path: Path, mounts: str) -> tuple[str, str]:
    """("refused" | "doubted" | "", the sentence for the person who starts it)."""
    kind = file_system(path, mounts)
    if kind in REFUSED:
        text = f"the SQLite file lies on {kind}, which does not keep its locks: use a local disk, or PostgreSQL"
        return "refused", text
    if kind.split(".")[0] in DOUBTED or kind.startswith("fuse"):
        return (
            "doubted",
            f"the SQLite file lies on {kind}: make sure that it keeps locks and syncs, or use a local disk",
        )
    return "", ""


def of(path: Path) -> tuple[str, str]:
    """The judgement of this machine's mounts; nothing where it cannot tell (macOS)."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    return judge(path.resolve(), mounts)
