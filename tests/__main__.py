"""The one test command, `python -m tests`: style, types, import contracts, then the tests themselves.

Every check runs even when one before it failed; the exit status is 1 when any did. Further arguments go to pytest
(`python -m tests tests/graph -k undo`). The last line printed is pytest's closing line.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKERS = min(4, max(2, os.cpu_count() or 2))
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"

CHECKS = {
    "style": ("-m", "ruff", "check", "."),
    "format": ("-m", "ruff", "format", "--check", "."),
    "types": ("-m", "mypy"),
    "import contracts": ("-c", LINT_IMPORTS),
}


def main() -> int:
    failed = []
    for name, command in CHECKS.items():
        done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
        print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout, done.stderr, sep="\n", flush=True)
    if failed:
        print(f"These checks failed: {', '.join(failed)}.", flush=True)
    tests = [sys.executable, "-m", "pytest", "-q", "-n", str(WORKERS), "--dist", "worksteal", *sys.argv[1:]]
    return 1 if subprocess.run(tests, cwd=ROOT, check=False).returncode or failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
