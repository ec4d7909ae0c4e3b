"""Files of weights as they lie on the disk: where a run has its own, what is in one, and whether a network can use it.

Only names and sizes are read, never the numbers, so this is quick for any size. No torch; `weights` fills models.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from builder.compile.plan import Plan
from builder.graph.model import Shape
from builder.graph.problems import Fix, Problem, ProblemError, SetSetting
from builder.layers.base import show

SETTING = "training.weights"
_NAMED = 4  # fresh layers that are told by name


@dataclass(frozen=True)
class Carried:
    """What a model took from a file of weights.

    Attributes:
        file: absolute; sha256: of its contents, as hexadecimal digits.
        taken, total: how many of the model's tensors came from it, and how many there are.
        fresh: the layers that kept at least one tensor as it was initialised, in order of execution.
    """

    file: Path
    sha256: str
    taken: int
    total: int
    fresh: tuple[str, ...] = ()

    def words(self) -> str:
        """One line: "taken from old.safetensors: 120 of 122 tensors; fresh: fc"."""
        return f"taken from {self.file.name}: {self.shares()}"

    def shares(self) -> str:
        """How much was taken, and what was not."""
        named = ", ".join(self.fresh[:_NAMED])
        more = f" and {len(self.fresh) - _NAMED:,} more" if len(self.fresh) > _NAMED else ""
        return f"{self.taken:,} of {self.total:,} tensors" + (f"; fresh: {named}{more}" if self.fresh else "")


def file_of(named: Path) -> Path:
    """The file that is meant: itself, or the newest weights of the run whose folder (or `run.json`) is named.

    Raises `ProblemError` when a run has none.
    """
    folder = named.parent if named.name == "run.json" else named
    try:
        if not folder.is_dir():
            return named
        found = weights_of_run(folder)
    except (OSError, ValueError) as error:  # of another user, or no path at all
        raise ProblemError(unreadable(named, error)) from None
    if not found:
        message = f"there are no weights of a run in the folder {folder.name}."
        raise ProblemError(Problem("no-weights", message, where=str(named), hint=_HINT))
    return found[max(found)]


def weights_of_run(folder: Path) -> dict[int, Path]:
    """The files of weights in the folder of a run, by the step at which they were stored."""
    found = (path for path in (folder / "weights").glob("*.safetensors") if path.stem.isascii() and path.stem.isdigit())
    return {int(path.stem): path for path in sorted(found)}


def sizes_in(path: Path) -> Mapping[str, Shape]:
    """The tensors of a safetensors file by name, with their shapes. Raises `ProblemError`."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would keep us waiting, a device never end
            raise OSError(0, "it is no file")
        return _sizes(path, status.st_size, status.st_mtime_ns)
    except (OSError, ValueError) as error:
        raise ProblemError(unreadable(path, error)) from None


@lru_cache(maxsize=16)
def _sizes(path: Path, _size: int, _changed: int) -> Mapping[str, Shape]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except SafetensorError:
        raise ProblemError(damaged(path)) from None


def unreadable(path: Path, error: OSError | ValueError) -> Problem:
    """The file cannot be had; a `ValueError` says that no file can have such a name."""
    reason = (getattr(error, "strerror", None) or "no such file").lower()
    return Problem(
        "no-weights", f"the weights in {path.name:.60} cannot be read: {reason}.", where=str(path), hint=_HINT
    )


def damaged(path: Path) -> Problem:
    """The file is something else."""
    if _starts(path, b"PK\x03\x04", b"\x80\x02", b"\x80\x04"):
        message = f"{path.name} is a pickle of PyTorch, which could run anything; it is not read."
        hint = "Write it anew with safetensors.torch.save_file(model.state_dict(), 'weights.safetensors')."
        return Problem("bad-weights", message, where=str(path), hint=hint)
    message = f"{path.name} is no file of weights (safetensors), or it is damaged."
    return Problem("bad-weights", message, where=str(path), hint=_HINT)


_HINT = "Choose another file, or begin with fresh weights."


def _starts(path: Path, *beginnings: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4).startswith(beginnings)
    except OSError:
        return False


def fit_problem(plan: Plan, path: Path) -> Problem | None:
    """Why a network cannot begin with the weights in a file at all; None when some of its tensors are there."""
    found = sizes_in(path)
    wanted = {
        f"{step.name}.{name}": shape
        for step in plan.steps
        for name, shape in step.layer.weights(step.input_shapes).items()
    }
    return None if not wanted or fitting(wanted, found) else nothing_fits(path, wanted, found)


def fitting(wanted: Mapping[str, Shape], found: Mapping[str, Shape]) -> list[str]:
    """The tensors that both have, in the same size."""
    return [name for name, shape in wanted.items() if name in found and tuple(found[name]) == tuple(shape)]


def nothing_fits(path: Path, wanted: Iterable[str], found: Mapping[str, Shape]) -> Problem:
    """The file belongs to another network altogether."""
    there = next(iter(found), None)
    holds = f"it holds {there} ({show(found[there])})" if there is not None else "it is empty"
    message = f"nothing in {path.name} fits this network: {holds}, and here there is {next(iter(wanted), 'nothing')}."
    return Problem("bad-weights", message, where=str(path), hint="Weights are found by the names of the layers.")


def in_setting(problem: Problem) -> Problem:
    """The same problem on the setting that names the file, with the offer to do without."""
    fix = Fix("Begin with fresh weights", (SetSetting(SETTING, ""),))
    return replace(problem, where=SETTING, fix=fix)
