"""Freed memory stays for the next step and goes back at the end. In processes of their own: it is set once for all."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch

from builder.train import memory

PROGRAM = """
import json, resource, threading
from builder.train.memory import give_back, keep_freed

def pages():
    return int(open("/proc/self/statm").read().split()[1])

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

told = keep_freed()

def work():
    global again, held, given
    step = lambda: [b"x" * size for size in (80_000_000, 8_000_000, 2_000_000)]
    step()
    before = faults()
    step()
    again = faults() - before
    held = pages()
    give_back()
    given = held - pages()

thread = threading.Thread(target=work)
thread.start()
thread.join()
print(json.dumps([told, again, given]))
"""

glibc = pytest.mark.skipif(memory._glibc() is None, reason="only glibc's allocator is told anything")


def run(**environment: str) -> tuple[bool, int, int]:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment)
    told, again, given = json.loads(done.stdout)
    return told, again, given


@glibc
def test_a_thread_gets_what_it_freed_without_asking_the_system_and_it_goes_back_at_the_end() -> None:
    told, again, given = run()
    assert told
    assert again < 200  # of 22,000 pages
    assert given > 15_000


@glibc
def test_an_allocator_that_the_user_tuned_is_left_alone() -> None:
    told, again, _ = run(MALLOC_ARENA_MAX="3")
    assert not told
    assert again > 15_000


def test_another_library_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not memory.keep_freed({})
    memory.give_back()


def test_a_gpu_gets_its_memory_back_and_one_that_has_failed_is_no_second_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bool] = []

    def fail() -> None:
        asked.append(True)
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(torch.cuda, "empty_cache", fail)
    memory.give_back()
    assert asked == [True]
