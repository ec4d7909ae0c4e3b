"""The part of a script that learns, as text: what `train` does, in few lines. Knows no torch."""

from __future__ import annotations

import math
import re
from typing import Any

from builder.compile.plan import Plan
from builder.data.catalogue import DataSet, Task
from builder.graph.model import Shape
from builder.layers.freezing import is_frozen
from builder.train.settings import SGD, Cosine, TrainingSettings


def objective(info: DataSet, training: TrainingSettings, scores: Shape) -> str:
    """Loss and right answers; see `train.objective`."""
    several = len(scores) > 0 and scores[0] > 1
    right = "scores.argmax(1) == y"
    match training.loss:
        case _ if info.task is Task.REGRESSION and training.loss == "squared-error":
            loss = "functional.mse_loss(scores, y.reshape(scores.shape))"
        case "cross-entropy":
            loss = "functional.cross_entropy(scores, y)"
        case "binary-cross-entropy":
            loss = "functional.binary_cross_entropy_with_logits(scores, y.to(scores.dtype).reshape(scores.shape))"
            right = "(scores.reshape(-1) > 0) == (y > 0.5)"
        case _ if several:
            loss = f"functional.mse_loss(scores, functional.one_hot(y, {scores[0]}).to(scores.dtype))"
        case _:
            loss = "functional.mse_loss(scores, y.to(scores.dtype).reshape(scores.shape))"
            right = "(scores.reshape(-1) > 0.5) == (y > 0.5)"
    if info.task is Task.REGRESSION:
        return f'def judge(scores, y):\n    """Mean loss of a batch."""\n    return {loss}\n\n\n'
    return (
        'def judge(scores, y):\n    """Mean loss of a batch, and which answers are right."""\n'
        f"    return {loss}, {right}\n\n\n"
    )


def loop(info: DataSet, training: TrainingSettings, plan: Plan, *, stored: bool) -> str:
    """Preparing the data, training, and evaluating; see `train.learner` and `train.loop`."""
    text = _chosen(
        _LOOP,
        classes=info.task is not Task.REGRESSION,
        auxiliary=len(plan.outputs) > 1,
        schedule=isinstance(training.schedule, Cosine),
        pictures=len(plan.input_shape) == 3,
        stored=stored,
    )
    return text.format(
        evaluated=min(1024, max(training.batch_size, 2**20 // math.prod(plan.input_shape))),
        optimizer=_optimizer(training, some=any(is_frozen(step.layer) for step in plan.steps)),
        factor=_factor(training),
        kind=_kind(training.device),
        index=training.device.partition(":")[2] or 0,
    )


_CONDITIONS = re.compile(r"\?(!?)(classes|auxiliary|schedule|pictures|stored)")


def _chosen(text: str, **facts: bool) -> str:
    """The text without the lines that begin with `?fact` where the fact does not hold, or `?!fact` where it does."""
    lines = []
    for line in text.split("\n"):
        conditions, words = _CONDITIONS.findall(line), _CONDITIONS.sub("", line)
        if all(facts[fact] is not bool(negated) for negated, fact in conditions):
            lines.append(words)
    return "\n".join(lines)


def _optimizer(training: TrainingSettings, *, some: bool) -> str:
    """The optimiser, of all weights, or where some layers are frozen, of those that learn."""
    chosen = training.optimizer
    options: dict[str, Any] = {"lr": chosen.learning_rate}
    if isinstance(chosen, SGD):
        options |= {"momentum": chosen.momentum} if chosen.momentum else {}
        options |= {"nesterov": True} if chosen.nesterov and chosen.momentum else {}
    else:
        options["betas"] = (chosen.beta1, chosen.beta2)
    options |= {"weight_decay": chosen.weight_decay} if chosen.weight_decay else {}
    words = ", ".join(f"{key}={value!r}" for key, value in options.items())
    name = "SGD" if isinstance(chosen, SGD) else "Adam"
    learned = "[w for w in net.parameters() if w.requires_grad]" if some else "net.parameters()"
    return f'torch.optim.{name}({learned}, {words}, fused=kind != "mps")'


def _factor(training: TrainingSettings) -> str:
    """What the learning rate is multiplied by; see `train.settings.Cosine`."""
    chosen = training.schedule
    if not isinstance(chosen, Cosine):
        return ""
    wave = "(1 + math.cos(math.pi * (step / steps))) / 2"
    return f"{chosen.last!r} + {1 - chosen.last!r} * {wave}" if chosen.last else wave


def _kind(wish: str) -> str:
    if wish == "auto":
        return '"cuda" if torch.cuda.is_available() else "cpu"'
    return f'"{wish.partition(":")[0]}"'


BEGIN = '''def begin(net):
    """Take all that fits from the file of weights; what does not begins afresh."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), WEIGHTS)
    found = load_file(beside if os.path.exists(beside) else os.path.join(WEIGHTS_FOLDER, WEIGHTS))
    own = net.state_dict()
    fits = [name for name in found if name in own and found[name].shape == own[name].shape]
    net.load_state_dict({name: found[name] for name in fits}, strict=False)
    if os.environ.get("RANK", "0") == "0":
        print(f"{len(fits)} of {len(own)} tensors begin as in {WEIGHTS}", flush=True)
    return net


'''

# Lines that begin with a question mark are for some scripts only; see `_chosen`.
_LOOP = '''def prepare(device):
?classes    """Training, validation and test part, each inputs and class numbers; and what normalises the inputs."""
?!classes    """Training, validation and test part, each inputs and answers; and what normalises the inputs."""
    inputs, targets, test = load()
    train, validation, rest = split(targets, test is not None)
    shift, scale = measure(torch.from_numpy(inputs[train]))
    parts = [(inputs[train], targets[train]), (inputs[validation], targets[validation])]
    parts.append(test or (inputs[rest], targets[rest]))
    parts = [[torch.from_numpy(values).to(device) for values in part] for part in parts]
    factor = 1 / scale
    return *parts, (factor.float().to(device), (-shift * factor).float().to(device))


def batch(part, rows, normal):
    """Some rows of a part, ready for the network."""
    (inputs, targets), (factor, offset), rows = part, normal, rows.to(part[0].device)
    x = torch.addcmul(offset, fit(inputs[rows]).float(), factor)
?pictures    return x.clone(memory_format=torch.channels_last), targets[rows]
?!pictures    return x, targets[rows]


def new_sums(device, count):
    """Zeros to add figures to, in double precision on the CPU."""
    return torch.zeros(count, device=device, dtype=torch.float64 if device.type == "cpu" else torch.float32)


def evaluate(net, part, normal, rank, world):
?classes    """Mean loss and share of right answers over a part of the data; each process looks at its share."""
?!classes    """Mean loss over a part of the data; each process looks at its share."""
    sums = new_sums(part[0].device, 2)
    for buffer in net.buffers() if world > 1 else ():
        dist.broadcast(buffer, 0)  # what batch normalisation has measured
    net.eval()
    with torch.no_grad():
        for rows in torch.arange(len(part[0]))[rank::world].split({evaluated}):
            x, y = batch(part, rows, normal)
?classes            loss, right = judge(net(x), y)
?classes            sums[1] += right.sum()
?!classes            loss = judge(net(x), y)
            sums[0] += loss * len(rows)
    net.train()
    if world > 1:
        dist.all_reduce(sums)
?classes    loss, right = (sums / len(part[0])).tolist()
?classes    return f"loss {{loss:.6f}}, accuracy {{right:.4f}}"
?!classes    return f"loss {{sums[0].item() / len(part[0]):.6f}}"


def main():
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    kind = {kind}
    device = torch.device(kind, int(os.environ.get("LOCAL_RANK", {index}))) if kind == "cuda" else torch.device(kind)
    if world > 1:
        dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    train, validation, test, normal = prepare(device)

    torch.manual_seed(SEED)
?stored    net = begin(Net()).to(device, memory_format=torch.channels_last)
?!stored    net = Net().to(device, memory_format=torch.channels_last)
    model = DistributedDataParallel(net) if world > 1 else net
    optimizer = {optimizer}
?schedule    whole, rest = divmod(len(train[0]), BATCH_SIZE)
?schedule    steps = EPOCHS * (whole + (rest >= 2 * world or whole == 0))
?schedule    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: {factor})
    order = torch.Generator().manual_seed(SEED)
    torch.manual_seed(SEED + rank)  # of dropout

    for epoch in range(1, EPOCHS + 1):
        sums = new_sums(device, 3)
        for rows in torch.randperm(len(train[0]), generator=order).split(BATCH_SIZE):
            if len(rows) < 2 * world and len(rows) < len(train[0]):
                continue  # the last one may be too small for batch normalisation
            own = rows[rank::world]
            x, y = batch(train, own, normal)
?!auxiliary            scores = model(x)
?auxiliary            scores, *extra = model(x)
?classes            loss, right = judge(scores, y)
?!classes            loss = judge(scores, y)
?auxiliary            total = loss
?auxiliary            for weight, values in zip(AUXILIARY, extra):
?auxiliary?classes                total = total + weight * judge(values, y)[0]
?auxiliary?!classes                total = total + weight * judge(values, y)
            optimizer.zero_grad()
            share = len(own) * world / len(rows)  # so that the processes' mean is that of all rows
?auxiliary            (total * share).backward()
?!auxiliary            (loss * share).backward()
            optimizer.step()
?schedule            schedule.step()
            sums[0] += loss.detach().to(sums.dtype) * len(own)
?classes            sums[1] += right.sum()
            sums[2] += len(own)
        if world > 1:
            dist.all_reduce(sums)
        loss, right, count = sums.tolist()
?classes        report = [f"epoch {{epoch}}: training loss {{loss / count:.6f}}, accuracy {{right / count:.4f}}"]
?!classes        report = [f"epoch {{epoch}}: training loss {{loss / count:.6f}}"]
        if len(validation[0]):
            report.append(f"validation {{evaluate(net, validation, normal, rank, world)}}")
        if rank == 0:
            print("; ".join(report), flush=True)

    if len(test[0]):
        report = evaluate(net, test, normal, rank, world)
        if rank == 0:
            print(f"test {{report}}")
    if rank == 0:
        torch.save(net.state_dict(), "weights.pt")
    if world > 1:  # threads of the group that outlive the interpreter would abort it: end them, and who holds them
        del model
        gc.collect()
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
'''
