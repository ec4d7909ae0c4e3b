"""`train`: figures for people and programs, the same again for the same seed, stopping and going on."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# So small that an epoch takes no time, and real all the same.
TINY = ("two-stage", "--set", "data.points=60", "--epochs", "2")
TIMES = {"seconds": 0, "images_per_second": 0}  # of which no two are alike


def test_json_lines(cli, tmp_path: Path) -> None:
    answer = cli("train", *TINY, "--json", "--run", tmp_path / "run", "--seed", 3)
    assert (answer.status, answer.err) == (0, "")
    start, *epochs, end = answer.objects
    assert start["event"] == "start"
    assert (start["seed"], start["epochs"], start["parameters"]) == (3, 2, 17)
    assert [epoch["epoch"] for epoch in epochs] == [1, 2]
    for epoch in epochs:
        assert set(epoch) == {
            "event", "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds",
            "images_per_second",
        }  # fmt: skip
    assert set(end) == {"event", "reason", "test_loss", "test_accuracy", "run"}
    assert (end["event"], end["reason"], end["run"]) == ("end", "completed", str(tmp_path / "run"))
    description = json.loads((tmp_path / "run" / "run.json").read_text())
    assert description["document"]["training"]["seed"] == 3


def test_metrics_that_do_not_apply_are_absent(cli) -> None:
    answer = cli("train", *TINY, "--json", "--set", "data.validation=0", "--set", "data.test=0")
    _, epoch, *_, end = answer.objects
    assert "validation_loss" not in epoch
    assert "validation_accuracy" not in epoch
    assert set(end) == {"event", "reason", "run"}


def test_the_same_seed_gives_the_same_figures(cli) -> None:
    def figures(seed: int) -> list[tuple[float, float]]:
        lines = cli("train", *TINY, "--json", "--seed", seed, "--device", "cpu").objects
        return [(line["train_loss"], line["validation_loss"]) for line in lines if line["event"] == "epoch"]

    assert figures(1) == figures(1)
    assert figures(1) != figures(2)


def test_table_for_people(cli, tmp_path: Path) -> None:
    answer = cli("train", *TINY)
    assert (answer.status, answer.err) == (0, "")  # no bar where there is no terminal
    lines = answer.out.splitlines()
    assert lines[1].split()[0] == "epoch"
    assert [line.split()[0] for line in lines[2:4]] == ["1", "2"]
    assert lines[4].startswith("test loss ")
    assert Path(lines[5].removeprefix("run: ")).parent == tmp_path / ".runs"


def test_an_early_end_is_told(cli, tmp_path: Path) -> None:
    fast = ("--set", "training.patience=2", "--set", "training.optimizer.learning_rate=100", "--epochs", "50")
    answer = cli("train", *TINY, *fast, "--json", "--run", tmp_path / "run")
    *_, last, end = answer.objects
    assert (answer.status, end["reason"]) == (0, "early-stopping")
    assert end["best_epoch"] == last["epoch"] - 2
    losses = [line["validation_loss"] for line in answer.objects if line["event"] == "epoch"]
    assert end["best_validation_loss"] == min(losses)
    words = cli("train", *TINY, *fast).out
    best = f"the weights are those of epoch {end['best_epoch']}, the best"
    assert f"stopped early, no better validation loss: {best}" in words
    # A run that was never stopped early ends with its best epoch too, and says so.
    assert "\nthe weights are those of epoch" in cli("train", *TINY, "--set", "training.patience=9").out


def test_a_run_goes_on(cli, tmp_path: Path) -> None:
    whole = cli("train", *TINY, "--json", "--epochs", 4).objects
    run = tmp_path / "run"
    first = cli("train", *TINY, "--json", "--run", run).objects
    second = cli("train", *TINY, "--json", "--run", run, "--epochs", 4).objects
    assert [line["epoch"] for line in (*first, *second) if line["event"] == "epoch"] == [1, 2, 3, 4]
    assert second[-1]["test_loss"] == whole[-1]["test_loss"]


def test_a_folder_that_is_no_run(cli, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    answer = cli("train", *TINY, "--run", tmp_path)
    assert answer.status == 1
    assert answer.lines == [f"{tmp_path}: this folder holds something else than a run. Name an empty or a new one."]


def test_a_run_that_cannot_be_written(cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = cli("train", *TINY, "--run", tmp_path / "file" / "run")
    assert answer.status == 1
    assert len(answer.lines) == 1


def test_a_network_with_problems_is_not_trained(cli) -> None:
    answer = cli("train", "lenet5", "--set", "data.dataset=moons")
    assert answer.status == 1
    assert answer.out == ""
    assert all("Moons" in line for line in answer.lines)


def stopped_after_an_epoch(arguments: list[str]) -> tuple[list[Any], str]:
    """What a command prints that gets Ctrl-C behind its first epoch: lines of JSON, and text."""
    with subprocess.Popen(
        [sys.executable, "-m", "builder", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        lines: list[Any] = []
        while not lines or lines[-1]["event"] != "epoch":
            lines.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    lines += map(json.loads, out.splitlines())
    assert lines[-1]["reason"] == "stopped"
    return lines, err


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_ctrl_c_stops_saves_and_says_how_to_go_on(cli, tmp_path: Path) -> None:
    run = tmp_path / "a run"
    # Another optimiser: what it has stored fits no other. And other data.
    options = ["--seed", "3", "--set", "training.optimizer=adam", "--set", "data.points=90"]
    command = ["train", "two-stage", "--epochs", "100000", *options, "--json", "--run", str(run)]
    _, err = stopped_after_an_epoch(command)
    assert err.startswith("Stopped at step ")
    again = shlex.split(err.rstrip().partition(" and saved. To go on: ")[2])
    assert (again[0], sorted(again[1:])) == ("torchcanvas", sorted(command))

    lines, _ = stopped_after_an_epoch(again[1:])
    resumed = next(line for line in lines if line["event"] == "epoch")
    assert resumed["epoch"] > 1
    whole = cli("train", "two-stage", "--epochs", resumed["epoch"], *options, "--json").objects[-2]
    assert {**resumed, **TIMES} == {**whole, **TIMES}


def test_top_5_accuracy_of_many_classes(cli, tmp_path: Path) -> None:
    few = ("lenet5", "--set", "data.limit=100", "--epochs", "1")
    _, epoch, end = cli("train", *few, "--json").objects
    assert list(epoch).index("validation_top5") == list(epoch).index("validation_accuracy") + 1
    assert epoch["validation_accuracy"] <= epoch["validation_top5"] <= 1
    assert end["test_accuracy"] <= end["test_top5"] <= 1
    words = cli("train", *few).out.splitlines()
    assert "valid. top-5" in words[1]
    assert words[2].split()[5] == f"{epoch['validation_top5']:.2%}"
    assert words[3].endswith(f"top-5 accuracy {end['test_top5']:.2%}")
    assert "top-5" not in cli("train", *TINY).out
