"""torchvision opens in a fresh interpreter, whatever torch it stands beside, and in threads that ask at once."""

import subprocess
import sys


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
