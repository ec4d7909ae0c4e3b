"""The command line as a whole: which commands there are, and how every one of them ends.

Exit status: 0 done; 1 the work failed (a Problem, one line a problem on standard error); 2 wrong usage; 130 stopped by
Ctrl-C; 141 nobody read the output to its end, as a shell says it of `cat`. Knows neither torch nor Qt: each command
imports what it needs when it runs.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from builder.cli import bench, ensemble, export, history, importing, predict, projects, settings, summary, train
from builder.cli.group import Commands
from builder.cli.lent import Draw, Lent, Suite
from builder.cli.output import DONE, FAILED, STOPPED, UNREAD, complain, give_up, unwritten
from builder.graph.problems import ProblemError

HELP = """Design neural networks on a canvas, train them and watch them learn.

Without a command the window opens: torchcanvas [FILE]. The commands below need no display; for them,
PROJECT is a file or the name of a built-in network (torchcanvas templates)."""

app = typer.Typer(
    name="torchcanvas",
    cls=Commands,
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (projects, settings, summary, train, history, predict, ensemble, importing, export, bench):
    module.add_to(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            print(f"torchcanvas {version('torchcanvas')}")
        except PackageNotFoundError:
            print("torchcanvas (not installed)")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Options before the command."""
    from builder.layers.plugins import load_plugins

    complain(load_plugins())  # warnings: what does not need them works all the same


def commands() -> frozenset[str]:
    """The names of all commands."""
    return frozenset(command.name for command in app.registered_commands if command.name)


def run(arguments: Sequence[str], suites: Sequence[Suite] = (), draw: Draw | None = None) -> int:
    """Carry out a command line (without the program's name) and return the exit status; never raises.

    Args:
        suites, draw: what the window's room lends; see `Lent`.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a console that lacks a letter
    command = typer.main.get_command(app)
    try:
        status = _carry_out(command, arguments, Lent(tuple(suites), draw))
        sys.stdout.flush()  # not at the end of the process, when nobody could tell that it failed
        return status
    except ProblemError as error:
        complain(error.problems)
        return FAILED
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:  # whoever read the output has enough
        give_up()
        return UNREAD
    except OSError as error:  # files tell of their own faults as problems
        give_up()
        complain([unwritten(error)])
        return FAILED


def _carry_out(command: Any, arguments: Sequence[str], lent: Lent) -> int:
    """The exit status; a pipe that nobody reads raises `BrokenPipeError`, whoever wrote into it."""
    try:
        command.main(list(arguments), prog_name="torchcanvas", obj=lent)
    except SystemExit as end:  # how typer ends, well or with words on wrong usage
        if isinstance(end.__context__, BrokenPipeError):  # typer and rich make a status of their own of it
            raise end.__context__ from None
        return end.code if isinstance(end.code, int) else FAILED if end.code else DONE
    return DONE
