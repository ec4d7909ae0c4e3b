"""The command `import`: a model of PyTorch becomes a project, and its weights a file beside it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from builder.cli.output import complain, shape_of, tell_kept
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError
from builder.project import file
from builder.project.document import new_project
from builder.project.weights import with_weights
from builder.writing import backup_of, write

WEIGHTS = ".safetensors"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("import")(import_)


def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="torchvision:NAME, path/to/model.py:ClassName (the file is run), or model.pt2.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The project file to write.")],
    input: Annotated[
        str | None, typer.Option("--input", metavar="CxHxW", help="Size of one input.", show_default=False)
    ] = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="Take torchvision's trained weights, from this machine.")
    ] = False,
    network_only: Annotated[bool, typer.Option("--network-only", help="Write no file of weights.")] = False,
) -> None:
    """Open a model of PyTorch as a network, with its modules as blocks. Its weights are written beside it, as
    FILE.safetensors, and training begins with them. A file that is there is kept as FILE~ until the next time, weights
    likewise."""
    from builder.compile.importing import load

    if weights and not source.startswith("torchvision:"):
        raise typer.BadParameter("only torchvision has trained weights.", param_hint="--weights")
    shape: Shape | None = shape_of(input) if input else None
    if shape is not None and not all(size > 0 for size in shape):
        raise typer.BadParameter(f"{input!r} is no shape; write 3x224x224.", param_hint="--input")
    flat = load(source, shape, pretrained=weights)
    result = flat.nested()
    complain(result.problems)
    beside = output.with_suffix(WEIGHTS)
    if beside == output:
        raise typer.BadParameter("this name is for the weights; a project is called NAME.tcanvas.", param_hint="-o")
    project = new_project(_title(source), result.network, f"Imported from {_title(source)}.")
    if network_only:
        project_kept = file.save(project, output)
        print(f"{output}: {len(flat.network.graph.nodes):,} layers")
        if project_kept:
            tell_kept(output)
        return
    try:
        from safetensors.torch import save

        data = save({name: tensor.contiguous().clone() for name, tensor in result.weights.items()})
    except MemoryError:
        message = "there is not enough memory to write the weights."
        raise ProblemError(Problem("out-of-memory", message, where=str(beside))) from None
    new = not beside.exists()
    kept = write(beside, data, backup=True)
    try:
        project_kept = file.save(with_weights(project, beside.name), output)
    except ProblemError:  # another project may begin with the weights that were there
        with contextlib.suppress(OSError):
            if new:
                beside.unlink(missing_ok=True)
            elif kept:
                there = beside.resolve()
                backup_of(there).replace(there)
        raise
    count = sum(tensor.numel() for tensor in result.weights.values())
    print(f"{output}: {len(flat.network.graph.nodes):,} layers; {beside}: {count:,} numbers")
    for path, before in ((output, project_kept), (beside, kept)):
        if before:
            tell_kept(path)


def _title(source: str) -> str:
    """What the network is called: the last part of its source."""
    last = source.rpartition(":")[2]
    return Path(last).stem if Path(last).suffix else last
