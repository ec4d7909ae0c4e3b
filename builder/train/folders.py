"""Where runs are kept on this machine. No torch, so that the window can ask before torch is there."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path


def runs_folder() -> Path:
    """Where runs are kept: the environment variable TORCHCANVAS_RUNS, or the user's own data folder."""
    from platformdirs import user_data_path

    named = os.environ.get("TORCHCANVAS_RUNS")
    return Path(named).expanduser() if named else user_data_path("torchcanvas", appauthor=False) / "runs"


def new_run_folder(name: str = "") -> Path:
    """A folder for a new run, named by the time (and by `name`, of a project, say). It is not made yet."""
    stem = datetime.now().strftime("%Y-%m-%d %H.%M.%S")
    clean = re.sub(r"[^\w .-]+", "_", name).strip(" .")[:60]
    wanted = runs_folder() / (f"{stem} {clean}" if clean else stem)
    folder, number = wanted, 2
    while folder.exists():
        folder, number = wanted.with_name(f"{wanted.name} ({number})"), number + 1
    return folder
