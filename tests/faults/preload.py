"""Small C libraries that a trial puts under a whole process, compiled where this machine has a C compiler."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.faults.trial import Skip


def library(name: str, folder: Path) -> str:
    """The compiled `name`.c; raises Skip where it cannot be."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        raise Skip("it needs Linux and a C compiler")
    folder.mkdir(parents=True, exist_ok=True)
    source, made = Path(__file__).with_name(f"{name}.c"), folder / f"{name}.so"
    command = [compiler, "-O2", "-Wall", "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return str(made)
