"""The command `export`: a project as something other programs take. One entry in `FORMATS` for each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from builder.cli.lent import Draw, Lent
from builder.cli.output import AllowOption, SetOption, changed, open_project
from builder.compile.network import infer_flat, infer_network
from builder.compile.plan import Plan, make_plan
from builder.compile.source import network_source
from builder.compile.stored import file_of, fit_problem, unreadable
from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.project.runs import project_of
from builder.project.weights import beginning
from builder.writing import write

PICTURES = ("svg", "png", "pdf")


@dataclass(frozen=True)
class Wish:
    """How the file is to be made, as far as a format heeds it.

    Attributes:
        weights: a safetensors file; None for those that a training begins with.
        look, scale: of a picture; see `Draw`.
    """

    weights: Path | None
    look: str
    scale: float | None
    draw: Draw | None


def to_python(project: Project, wish: Wish) -> bytes:
    """The model as Python source."""
    return network_source(infer_network(project.network)).encode()


def to_script(project: Project, wish: Wish) -> bytes:
    """Model, data and training as one script that needs no builder."""
    from builder.project import script

    return script.to_script(project).encode()


def to_onnx(project: Project, wish: Wish) -> bytes:
    """The model with its weights as ONNX."""
    from builder.compile import onnx

    return onnx.to_onnx(_plan(project), wish.weights, begin=beginning(project))


def to_archive(project: Project, wish: Wish) -> bytes:
    """The model with its weights as a PyTorch archive."""
    from builder.compile import archive

    return archive.to_archive(_plan(project), wish.weights, begin=beginning(project))


def to_weights(project: Project, wish: Wish) -> bytes:
    """The weights of a run, as safetensors: what a training may begin with."""
    if wish.weights is None:
        hint = "Name the folder of a run instead of a project."
        raise ProblemError(Problem("no-weights", "a project holds no weights that were trained.", hint=hint))
    problem = fit_problem(_plan(project), wish.weights)
    if problem is not None:
        raise ProblemError(problem)
    try:
        return wish.weights.read_bytes()
    except OSError as error:
        raise ProblemError(unreadable(wish.weights, error)) from None


def _picture(wanted: str) -> Callable[[Project, Wish], bytes]:
    def draw(project: Project, wish: Wish) -> bytes:
        if wish.draw is None:
            raise ProblemError(Problem("no-qt", "pictures cannot be drawn here."))
        return wish.draw(project, wanted, wish.look, wish.scale)

    return draw


FORMATS: dict[str, Callable[[Project, Wish], bytes]] = {
    "python": to_python,
    "script": to_script,
    "onnx": to_onnx,
    "pt2": to_archive,
    "weights": to_weights,
    **{wanted: _picture(wanted) for wanted in PICTURES},
}
WITH_WEIGHTS = ("onnx", "pt2", "weights")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("export")(export)


def _known(wanted: str) -> str:
    if wanted not in FORMATS:
        raise typer.BadParameter(f"{wanted!r} is none of {', '.join(FORMATS)}.")
    return wanted


def export(
    context: typer.Context,
    project: Annotated[
        str,
        typer.Argument(
            metavar="PROJECT",
            help="A project file, the name of a built-in network, or the folder of a run: what it trained.",
            show_default=False,
        ),
    ],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", callback=_known, help=f"{', '.join(FORMATS)}.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The file to write; - for standard output.")
    ],
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="RUN", help="onnx, pt2, weights: those of this run.", show_default=False),
    ] = None,
    theme: Annotated[Literal["light", "dark"], typer.Option("--theme", help="Of a picture.")] = "light",
    scale: Annotated[
        float | None,
        typer.Option("--scale", min=0.05, max=50, help="Of a picture; 1 is as on the canvas.", show_default=False),
    ] = None,
    changes: SetOption = None,
    allow: AllowOption = None,
) -> None:
    """Write the network as PyTorch source, a training script, ONNX, a PyTorch archive (pt2) or a picture; or the
    weights of a run, which a training can begin with (--set training.weights=FILE)."""
    if weights is not None and to not in WITH_WEIGHTS:
        raise typer.BadParameter(f"{to} holds no weights; {', '.join(WITH_WEIGHTS)} do.", param_hint="--weights")
    if Path(project).is_dir():  # of a run
        opened = changed(project_of(Path(project)), changes or ())
        if weights is None and to in WITH_WEIGHTS:
            weights = Path(project)
    else:
        opened = open_project(project, changes or ())
    lent: Lent = context.obj
    wish = Wish(file_of(weights) if weights is not None else None, theme, scale, lent.draw)
    contents = FORMATS[to](opened, wish)
    if str(output) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(contents)
        sys.stdout.buffer.flush()
    else:
        write(output, contents)


def _plan(project: Project) -> Plan:
    return make_plan(infer_flat(project.network))
