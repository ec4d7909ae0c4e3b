"""torchvision opens in a fresh interpreter, whatever torch it stands beside, and in threads that ask at once."""

import subprocess
import sys
from pathlib import Path


def run_fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_fresh_interpreter_builds_a_torchvision_model():
    code = (
        "from builder.vision import import_torchvision\n"
        "import sys; assert 'torch' not in sys.modules\n"
        "from threading import Thread\n"
        "found = []\n"
        "threads = [Thread(target=lambda: found.append(import_torchvision())) for _ in range(3)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "assert len(found) == 3 and found[0] is found[1] is found[2]\n"
        "assert import_torchvision('torchvision.datasets').MNIST.__name__ == 'MNIST'\n"
        "models = import_torchvision('torchvision.models')\n"
        "print(sum(p.numel() for p in models.resnet18().parameters()))\n"
    )
    assert run_fresh(code) == "11689512"


def test_a_missing_torchvision_is_one_problem():
    code = (
        "import sys; sys.modules['torchvision'] = None\n"
        "from builder.vision import import_torchvision\n"
        "from builder.graph.problems import ProblemError\n"
        "try: import_torchvision()\n"
        "except ProblemError as error: print(error.problems[0].code)\n"
    )
    assert run_fresh(code) == "no-torchvision"


def test_a_users_file_imports_torchvision_by_itself(tmp_path: Path):
    (tmp_path / "neighbour.py").write_text("from torchvision.ops import Conv2dNormActivation\n")
    model = "from torch import nn\nfrom neighbour import Conv2dNormActivation\n"
    model += "class Net(nn.Sequential):\n    def __init__(self):\n"
    model += "        super().__init__(Conv2dNormActivation(3, 4), nn.Flatten(), nn.LazyLinear(2))\n"
    (tmp_path / "model.py").write_text(model.replace("nn.LazyLinear(2)", "nn.Linear(4 * 8 * 8, 2)"))
    code = (
        "import warnings; warnings.filterwarnings('ignore', message='Failed to load image')\n"
        "from builder.compile.importing.sources import load\n"
        f"print(len(load({str(tmp_path / 'model.py')!r} + ':Net', (3, 8, 8)).network.graph.nodes))\n"
    )
    assert int(run_fresh(code)) > 3
