"""`train --folds`: a run for each fold, their mean and deviation, stopping and going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from statistics import fmean, stdev

import pytest

TINY = ("two-stage", "--set", "data.points=60", "--epochs", "2")


def test_each_fold_is_a_run_and_their_mean_is_told(cli, tmp_path: Path) -> None:
    answer = cli("train", *TINY, "--folds", 3, "--json", "--run", tmp_path / "folds", "--seed", 4)
    assert (answer.status, answer.err) == (0, "")
    *lines, last = answer.objects
    assert [line["fold"] for line in lines if line["event"] == "start"] == [1, 2, 3]
    assert all(line["folds"] == 3 for line in lines)
    assert not any("test_loss" in line for line in lines), "the test part is left alone"
    ends = [line["validation_loss"] for line in lines if line.get("epoch") == 2]
    assert (last["event"], last["folds"]) == ("folds", 3)
    assert [fold["validation_loss"] for fold in last["each"]] == ends
    assert last["validation_loss"] == {"mean": pytest.approx(fmean(ends)), "std": pytest.approx(stdev(ends))}
    assert "validation_top5" not in last
    for fold in (1, 2, 3):
        run = json.loads((tmp_path / "folds" / f"fold {fold}" / "run.json").read_text())
        assert (run["document"]["data"]["folds"], run["document"]["data"].get("fold", 1)) == (3, fold)
        assert run["seed"] == 4
        assert run["samples"]["validation"] == 17


def test_a_table_for_people(cli, tmp_path: Path) -> None:
    answer = cli("train", *TINY, "--folds", 3)
    assert (answer.status, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert "51 samples in 3 folds" in lines[0]
    assert lines[1] == "fold  epoch  valid. loss  valid. acc."
    assert [line.split()[:2] for line in lines[2:5]] == [[str(fold), "2"] for fold in (1, 2, 3)]
    assert lines[5].startswith("validation, mean ± standard deviation: loss 0.")
    assert "accuracy" in lines[5]
    assert "top-5" not in answer.out
    assert Path(lines[6].removeprefix("runs: ")).parent == tmp_path / ".runs"
    command = "torchcanvas train two-stage --epochs 2 --set data.points=60 --set data.validation=0.0"
    assert lines[7] == f"To train on all of it: {command}"
    assert cli(*lines[7].partition("torchcanvas ")[2].split()).status == 0


def test_training_on_all_takes_the_epochs_that_were_best(cli) -> None:
    early = ("--set", "training.patience=1", "--set", "training.optimizer.learning_rate=50", "--epochs", 40)
    lines = cli("train", *TINY[:3], *early, "--folds", 2).out.splitlines()
    epochs = [int(line.split()[1]) for line in lines[2:4]]
    assert f"--set training.epochs={round(fmean(epochs))} --set training.patience=0" in lines[-1]
    assert "--epochs" not in lines[-1]


def test_it_goes_on_where_it_stopped(cli, tmp_path: Path) -> None:
    whole = cli("train", *TINY, "--folds", 2, "--json").objects[-1]
    folder = tmp_path / "folds"
    cli("train", *TINY, "--json", "--run", folder / "fold 1", "--set", "data.folds=2", "--epochs", 1)
    rest = cli("train", *TINY, "--folds", 2, "--json", "--run", folder).objects
    assert [line["epoch"] for line in rest if line["event"] == "epoch"] == [2, 1, 2]
    assert rest[-1]["validation_loss"] == whole["validation_loss"]
    again = cli("train", *TINY, "--folds", 2, "--json", "--run", folder).objects
    assert not [line for line in again if line["event"] == "epoch"]
    assert again[-1]["each"] == rest[-1]["each"]


@pytest.mark.parametrize("name", ["run.json", "precious.txt"])
def test_a_folder_that_holds_something_else(cli, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    answer = cli("train", *TINY, "--folds", 2, "--run", tmp_path)
    assert answer.status == 1
    assert "something else than the folds" in answer.err


@pytest.mark.parametrize("folds", [0, 1, 21, "many"])
def test_a_number_of_folds_that_makes_no_sense(cli, folds: object) -> None:
    assert cli("train", *TINY, "--folds", folds).status == 2


def test_more_folds_than_samples(cli) -> None:
    few = ("two-stage", "--set", "data.points=20", "--set", "data.test=0.5", "--epochs", 1)
    answer = cli("train", *few, "--folds", 15)
    assert (answer.status, answer.lines[-1].count("fold 11 holds no samples")) == (1, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_ctrl_c_tells_the_fold_and_the_whole_command(tmp_path: Path) -> None:
    command = ["train", "two-stage", "--epochs", "100000", "--folds", "3", "--set", "data.points=60"]
    run = tmp_path / "a run"
    with subprocess.Popen(
        [sys.executable, "-m", "builder", *command, "--json", "--run", str(run)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "epoch":
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.startswith("Stopped in fold 1 of 3 at step ")
    assert err.rstrip().endswith(f"To go on: torchcanvas {' '.join(command)} --json --run '{run}'")
