"""Ctrl-C in a terminal, which a web process hears from there and from gunicorn's parent."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BOTH_AT_ONCE = """
import os, signal, types
from concurrent.futures import ThreadPoolExecutor
from serving.loop import Loop

loop = object.__new__(Loop)
loop.tpool, loop.alive, loop.cfg = ThreadPoolExecutor(1), True, types.SimpleNamespace(worker_int=lambda worker: None)
both = {signal.SIGINT, signal.SIGQUIT}
for number in both:
    signal.signal(number, loop.handle_quit)
signal.pthread_sigmask(signal.SIG_BLOCK, both)
for number in both:
    os.kill(os.getpid(), number)
try:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
    print("went on")
finally:  # gunicorn says that the worker ends
    for n in range(1000):
        str(n)
"""


def test_both_at_once_end_it_without_a_word():
    words = [sys.executable, "-c", BOTH_AT_ONCE]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
