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
    over_run = isinstance(training.schedule, Cosine | OneCycle)
    lines = ["def rate_share(step, per_epoch, drops):", '    """What the learning rate is multiplied by at a step."""']
    lines += _place(training, over_run=over_run)
    *before, last = _share(training.schedule)
    lines += [f"    {line}" for line in before]
    if training.warmup:
        lines.append(f"    share = {last}")
        lines.append("    return share * (step + 1) / (warm + 1) if step < warm else share")
    else:
        lines.append(f"    return {last}")
    return "\n".join([*lines, *_momentum(training)]) + "\n\n\n"


def momentum(training: TrainingSettings) -> str:
    """What of the optimiser's group is set to the momentum of a step, and to what; empty where it stays the same."""
    options = training.cycled(0, 1)
    value = "momentum_at(step, per_epoch)"
    if "betas" in options:
        return f'group["betas"] = {value}, {options["betas"][1]!r}'
    return f'group["momentum"] = {value}' if options else ""


def _momentum(training: TrainingSettings) -> list[str]:
    chosen = training.schedule
    if not training.cycles_momentum or not isinstance(chosen, OneCycle):
        return []
    *before, last = _wave(chosen.rise, chosen.highest, chosen.lowest, chosen.highest)
    words = "How much of its last steps the optimiser carries on: less where the learning rate is high."
    head = ["def momentum_at(step, per_epoch):", f'    """{words}"""']
    body = [*_place(training, over_run=True), *(f"    {line}" for line in before), f"    return {last}"]
    return ["", "", *head, *body]


def _place(training: TrainingSettings, *, over_run: bool) -> list[str]:
    """Lines that say where in the run a step stands, counted from the end of the warm-up."""
    if not training.warmup:
        return ["    steps = EPOCHS * per_epoch"] * over_run + ["    at = step"]
    warm = [f"    warm = round({training.warmup!r} * per_epoch)"]
    return [*warm, *["    steps = max(1, EPOCHS * per_epoch - warm)"] * over_run, "    at = max(0, step - warm)"]


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
            return _wave(rise, first, 1.0, last)


def _wave(rise: float, first: float, middle: float, last: float) -> list[str]:
    up = f"{first!r} + {middle - first!r} * (1 - math.cos(math.pi * done / {rise!r})) / 2"
    down = f"{last!r} + {middle - last!r} * (1 + math.cos(math.pi * (done - {rise!r}) / {1 - rise!r})) / 2"
    return ["done = at / steps", f"up = {up}", f"down = {down}", f"up if done < {rise!r} else down"]
