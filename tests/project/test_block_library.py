"""Blocks kept for other projects: what is read back is what was kept, and damaged files do no harm."""

from __future__ import annotations

import json

import pytest

from builder.graph.problems import Problem, ProblemError
from builder.project.block_library import ENDING, forget, keep, kept, read_kept
from tests.compile.test_network import BLOCKS, RESIDUAL, STAGE


def test_a_block_is_kept_with_all_that_it_needs(tmp_path):
    folder = tmp_path / "new" / "folder"
    path = keep(STAGE, BLOCKS, folder)
    keep(RESIDUAL, BLOCKS, folder)
    assert read_kept(path).block == STAGE
    assert read_kept(path).blocks == BLOCKS
    assert list(kept(folder)) == ["Residual", "Stage"]
    assert set(kept(folder)["Residual"].blocks) == {"Residual"}
    forget("Stage", folder)
    forget("Stage", folder)
    assert list(kept(folder)) == ["Residual"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format": "torchcanvas-project"}',
        '{"format": "torchcanvas-block", "version": 99, "name": "A", "blocks": {"A": {}}}',
        '{"format": "torchcanvas-block", "version": 1, "name": "../A", "blocks": {"../A": {}}}',
        '{"format": "torchcanvas-block", "version": 1, "name": "A", "blocks": {}}',
        '{"format": "torchcanvas-block", "version": 1, "name": "A", "blocks": {"A": 3}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_refused_and_not_offered(tmp_path, text):
    path = tmp_path / f"A{ENDING}"
    path.write_text(text)
    with pytest.raises(ProblemError):
        read_kept(path)
    told: list[Problem] = []
    assert kept(tmp_path, told.append) == {}
    assert [problem.where for problem in told] == [path.name]


def test_the_least_that_is_a_block(tmp_path):
    path = tmp_path / f"A{ENDING}"
    path.write_text('{"format": "torchcanvas-block", "version": 1, "name": "A", "blocks": {"A": {}}}')
    assert read_kept(path).block.name == "A"


def test_a_file_reads_well(tmp_path):
    form = json.loads(keep(RESIDUAL, BLOCKS, tmp_path).read_text("utf-8"))
    assert form["name"] == "Residual"
    assert form["blocks"]["Residual"]["parameters"] == [{"name": "channels", "default": 8}]
