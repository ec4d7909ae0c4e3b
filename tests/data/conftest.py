"""A small MNIST of random bytes, and a server on the loopback that has its archives."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from builder.data import prepare
from builder.vision import import_torchvision


@dataclass
class Server:
    """What the loopback server does: `files` it has, and faults that a test switches on."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    ranges: bool = True
    break_after: int | None = None


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, wanted = self.path.lstrip("/"), self.headers.get("Range")
            state.requests.append((name, wanted))
            body = state.files.get(name)
            if body is None:
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.ranges else 0
            if start and start >= len(body):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            end = len(body) if state.break_after is None else start + state.break_after
            try:
                self.wfile.write(body[start:end])
            except ConnectionError:  # the other side had enough
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_port}/"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def dead_url() -> str:
    """An address on which nobody listens."""
    http = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    http.server_close()
    return f"http://127.0.0.1:{http.server_port}/"


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(int(size).to_bytes(4, "big") for size in array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


@pytest.fixture
def archives(monkeypatch: pytest.MonkeyPatch, dead_url: str) -> dict[str, bytes]:
    """The four archives of both sets by name, 200 + 50 random pictures; torchvision is told their checksums."""
    rng = np.random.default_rng(0)
    found = {}
    for part, count in (("train", 200), ("t10k", 50)):
        found[f"{part}-images-idx3-ubyte.gz"] = idx(rng.integers(0, 256, (count, 28, 28)))
        found[f"{part}-labels-idx1-ubyte.gz"] = idx(np.arange(count) % 10)
    sums = [(name, hashlib.md5(content, usedforsecurity=False).hexdigest()) for name, content in found.items()]
    datasets = import_torchvision("torchvision.datasets")
    for kind in (datasets.MNIST, datasets.FashionMNIST):
        monkeypatch.setattr(kind, "resources", sums)
        monkeypatch.setattr(kind, "mirrors", [dead_url])
    return found


def put(files: dict[str, bytes], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.fixture
def filled(archives: dict[str, bytes], tmp_path: Path) -> Path:
    """A data folder that holds the archives of both sets, and nothing else."""
    for name in ("MNIST", "FashionMNIST"):
        put(archives, tmp_path / "shared" / name / "raw")
    return tmp_path / "shared"


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    prepare.forget()
    yield
    prepare.forget()
