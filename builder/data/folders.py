"""Where downloaded data sets live."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path


def data_folder() -> Path:
    """The folder that `TORCHCANVAS_DATA` names, else `data` in the user's data folder. It need not exist."""
    named = os.environ.get("TORCHCANVAS_DATA", "")
    return Path(named).expanduser() if named else user_data_path("torchcanvas", appauthor=False) / "data"
