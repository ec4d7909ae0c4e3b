"""What is said to somebody who names no command, but what a command would be for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from builder.project import templates
from builder.project.file import SUFFIX


class Commands(TyperGroup):
    """The commands; a network in the place of one is answered with the command that takes it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands and (words := _words(args[0])):
            ctx.fail(words)
        return super().resolve_command(ctx, args)


def _words(named: str) -> str:
    """What to write instead, where this names a network; "" where it does not."""
    path = Path(named)
    if path.is_file() or path.suffix == SUFFIX:
        return (
            f"{named} is a project file, not a command. The command comes first: torchcanvas train {named}. "
            f"Alone it opens in the window: torchcanvas {named}"
        )
    if any(template.name == named for template in templates.templates()):
        return (
            f"{named} is a built-in network, not a command. To train it: torchcanvas train {named}. "
            f"To have it as a file, which the window opens: torchcanvas new {named} -o {named}{SUFFIX}"
        )
    return ""
