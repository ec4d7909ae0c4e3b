"""Files that something happened to, through the command line: a status and lines to read, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.project import templates
from builder.project.form import to_json
from tests.mutations import mutated

FORMS = [to_json(templates.load(name)) for name in ("lenet5", "googlenet-small", "two-stage")]


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(form=st.sampled_from(FORMS).flatmap(mutated), command=st.sampled_from(["check", "summary"]))
def test_a_changed_file_is_checked(cli, tmp_path: Path, form: object, command: str) -> None:
    path = tmp_path / "changed.tcanvas"
    path.write_text(json.dumps(form))
    answer = cli(command, path)
    assert answer.status in (0, 1)
    assert answer.status == 0 or answer.lines
    assert "Traceback" not in answer.err
