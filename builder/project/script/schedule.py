"""What the learning rate is multiplied by at each step, as text; see `train.schedules`. Knows no torch."""

from __future__ import annotations

from builder.train.settings import (
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    Plateau,
    Schedule,
    StepDecay,
    TrainingSettings,
)


def needs_math(training: TrainingSettings) -> bool:
    """Whether the text computes with a cosine."""
    return isinstance(training.schedule, Cosine | OneCycle)


def schedule(training: TrainingSettings) -> str:
    """The function of a script; empty where the rate stays the same."""
    if not training.changes_rate:
        return ""
    lines = ["def rate_share(step, per_epoch, drops):", '    """What the learning rate is multiplied by at a step."""']
    over_run = isinstance(training.schedule, Cosine | OneCycle)
    if training.warmup:
        lines.append(f"    warm = round({training.warmup!r} * per_epoch)")
        lines += ["    steps = max(1, EPOCHS * per_epoch - warm)"] * over_run
        lines.append("    at = max(0, step - warm)")
    else:
        lines += ["    steps = EPOCHS * per_epoch"] * over_run
        lines.append("    at = step")
    body = _share(training.schedule)
    *before, last = body
    lines += [f"    {line}" for line in before]
    if training.warmup:
        lines.append(f"    share = {last}")
        lines.append("    return share * (step + 1) / (warm + 1) if step < warm else share")
    else:
        lines.append(f"    return {last}")
    return "\n".join(lines) + "\n\n\n"


def _share(chosen: Schedule) -> list[str]:
    """Lines that make names, and the expression of the schedule's share; in the order in which `share` computes."""
    match chosen:
        case Constant():
            return ["1.0"]
        case Cosine(last=last):
            wave = "(1 + math.cos(math.pi * (at / steps))) / 2"
            return [f"{last!r} + {1 - last!r} * {wave}" if last else wave]
        case StepDecay(factor=factor, every=every):
            return [f"{factor!r} ** (at // ({every} * per_epoch))"]
        case Exponential(factor=factor):
            return [f"{factor!r} ** (at / per_epoch)"]
        case Plateau(factor=factor):
            return [f"{factor!r} ** drops"]
        case OneCycle(rise=rise, first=first, last=last):
            up = f"{first!r} + {1 - first!r} * (1 - math.cos(math.pi * done / {rise!r})) / 2"
            down = f"{last!r} + {1 - last!r} * (1 + math.cos(math.pi * (done - {rise!r}) / {1 - rise!r})) / 2"
            return ["done = at / steps", f"up = {up}", f"down = {down}", f"up if done < {rise!r} else down"]
