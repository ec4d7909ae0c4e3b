"""The part of a script that learns, as text: what `train` does, in few lines. Knows no torch."""

from __future__ import annotations

import math
import re

from builder.compile.plan import Plan
from builder.data.catalogue import DataSet, Task
from builder.data.settings import DataSettings
from builder.graph.model import Shape
from builder.layers.freezing import is_frozen
from builder.project.script.augment import measured
from builder.project.script.schedule import momentum
from builder.train.settings import Plateau, TrainingSettings


def objective(info: DataSet, training: TrainingSettings, scores: Shape) -> str:
    """Loss and right answers; see `train.objective`."""
    weighted = ""
    several = len(scores) > 0 and scores[0] > 1
    right = "scores.argmax(1) == y"
    distance = "functional.l1_loss" if training.loss == "absolute-error" else "functional.mse_loss"
    match training.loss:
        case "squared-error" | "absolute-error" if info.task is Task.REGRESSION:
            loss = f"{distance}(scores, y.reshape(scores.shape))"
        case "cross-entropy":
            weighted = 'functional.cross_entropy(scores, y, weights, reduction="sum") / len(y)'
            loss = "functional.cross_entropy(scores, y)"
        case "binary-cross-entropy":
            weighted = (
                "functional.binary_cross_entropy_with_logits(\n"
                "            scores, y.to(scores.dtype).reshape(scores.shape), weights[y].reshape(scores.shape)\n"
                "        )"
            )
            loss = "functional.binary_cross_entropy_with_logits(scores, y.to(scores.dtype).reshape(scores.shape))"
            right = "(scores.reshape(-1) > 0) == (y > 0.5)"
        case _ if several:
            loss = f"{distance}(scores, functional.one_hot(y, {scores[0]}).to(scores.dtype))"
        case _:
            loss = f"{distance}(scores, y.to(scores.dtype).reshape(scores.shape))"
            right = "(scores.reshape(-1) > 0.5) == (y > 0.5)"
    if info.task is Task.REGRESSION:
        return f'def judge(scores, y):\n    """Mean loss of a batch."""\n    return {loss}\n\n\n'
    if training.weighs_classes:
        return (
            "def judge(scores, y, weights=None):\n"
            '    """Mean loss of a batch, with weights each sample by that of its class; and right answers."""\n'
            f"    if weights is None:\n        return {loss}, {right}\n"
            f"    return {weighted}, {right}\n\n\n"
        )
    return (
        'def judge(scores, y):\n    """Mean loss of a batch, and which answers are right."""\n'
        f"    return {loss}, {right}\n\n\n"
    )


def weighing(info: DataSet) -> str:
    """How much a sample of each class counts; see `train.class_weights`."""
    return _WEIGHING.format(classes=len(info.classes))


def loop(info: DataSet, training: TrainingSettings, plan: Plan, samples: DataSettings, *, stored: bool) -> str:
    """Preparing the data, training, and evaluating; see `train.learner` and `train.loop`."""
    extra = measured(samples.augmentation, info)
    text = _chosen(
        _LOOP,
        classes=info.task is not Task.REGRESSION,
        auxiliary=len(plan.outputs) > 1,
        rate=training.changes_rate,
        momentum=training.cycles_momentum,
        plateau=isinstance(training.schedule, Plateau),
        early=training.patience > 0,
        watch=training.patience > 0 or isinstance(training.schedule, Plateau),
        warm=training.warmup > 0,
        l1=training.l1 > 0,
        limit=training.max_norm > 0,
        late=training.regularise_after > 0,
        decay=training.regularise_after > 0 and training.optimizer.weight_decay > 0,
        pictures=len(plan.input_shape) == 3,
        stored=stored,
        mislabelled=bool(samples.label_noise),
        weighted=training.weighs_classes,
        folded=samples.in_folds,
        whitened=samples.normalise == "whiten",
        augmented=samples.augmentation.on,
        tinted=extra == "colours",
        spanned=extra == "span",
    )
    names = ["factor", "offset", *["matrix"] * (samples.normalise == "whiten"), *[extra] * bool(extra)]
    return text.format(
        normal=", ".join(names),
        extra=f", {extra}" if extra else "",
        values=", ".join(map(str, plan.input_shape)),
        evaluated=min(1024, max(training.batch_size, 2**20 // math.prod(plan.input_shape))),
        optimizer=_optimizer(training, some=any(is_frozen(step.layer) for step in plan.steps)),
        momentum=momentum(training),
        kind=_kind(training.device),
        warmup=repr(training.warmup),
        index=training.device.partition(":")[2] or 0,
    )


_CONDITIONS = re.compile(
    r"\?(!?)(classes|auxiliary|rate|momentum|plateau|early|watch|warm|l1|limit|late|decay|pictures|stored|mislabelled|whitened"
    r"|augmented|weighted|folded|tinted|spanned)"
)


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
    words = [f"lr={chosen.learning_rate!r}", *(f"{key}={value!r}" for key, value in chosen.options().items())]
    # Said also where it is none: PyTorch's own AdamW has some.
    words += [f"weight_decay={chosen.weight_decay!r}"] if chosen.weight_decay or chosen.kind == "adamw" else []
    words += ['fused=kind != "mps"'] if chosen.fused else []
    learned = "[w for w in net.parameters() if w.requires_grad]" if some else "net.parameters()"
    return f"torch.optim.{chosen.torch_class}({learned}, {', '.join(words)})"


def regularisation(training: TrainingSettings) -> str:
    """Which weights L1 and max norm are for, and the max norm; see `train.regularisation`."""
    if not training.l1 and not training.max_norm:
        return ""
    return _WEIGHTS + (_LIMIT if training.max_norm else "")


def _kind(wish: str) -> str:
    if wish == "auto":
        return '"cuda" if torch.cuda.is_available() else "cpu"'
    return f'"{wish.partition(":")[0]}"'


_WEIGHING = '''def class_weights(y):
    """For each class, n / (K * n_c): of all n samples n_c are of the class, and K classes have any."""
    counts = torch.bincount(y.cpu(), minlength={classes}).double()
    return (len(y) / ((counts > 0).sum() * counts.clamp(min=1))).float().to(y.device)


'''

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

_WEIGHTS = '''def weights_of(net):
    """Each weight that learns, with its module: no biases, and nothing of a normalisation."""
    for module in net.modules():
        for name, weight in module.named_parameters(recurse=False):
            matters = weight.requires_grad and weight.dim() > 1 and name.endswith("weight")
            if matters and "Norm" not in type(module).__name__:
                yield module, weight


'''

_LIMIT = '''def limit(net):
    """Scale the weights into each unit back to the length that they may have, where they are longer."""
    with torch.no_grad():
        for module, weight in weights_of(net):
            along = tuple(range(1, weight.dim()))
            if getattr(module, "transposed", False):  # the inputs come first, group by group
                weight = weight.view(module.groups, -1, *weight.shape[1:])
                along = (1, *range(3, weight.dim()))
            length = torch.linalg.vector_norm(weight, dim=along, keepdim=True)
            weight.mul_((MAX_NORM / length).clamp(max=1))


'''

# Lines that begin with a question mark are for some scripts only; see `_chosen`.
_LOOP = '''def prepare(device):
?classes    """Training, validation and test part, each inputs and class numbers; and what normalises the inputs."""
?!classes    """Training, validation and test part, each inputs and answers; and what normalises the inputs."""
    inputs, targets, test = load()
    train, validation, rest = split(targets, test is not None)
?!whitened    shift, scale = measure(torch.from_numpy(inputs[train]))
?whitened    shift, scale, matrix = measure(torch.from_numpy(inputs[train]))
    parts = [(inputs[train], targets[train]), (inputs[validation], targets[validation])]
    parts.append(test or (inputs[rest], targets[rest]))
?mislabelled    parts[0] = (inputs[train], mislabel(targets[train], LABEL_NOISE))
    parts = [[torch.from_numpy(values).to(device) for values in part] for part in parts]
    factor = 1 / scale
    factor, offset = factor.float().to(device), (-shift * factor).float().to(device)
?whitened    matrix = matrix.to(device)
?tinted    colours = principal_colours(torch.from_numpy(inputs[train])).to(device)
?spanned    span = parts[0][0].amax(0) - parts[0][0].amin(0)
    return *parts, ({normal})


?!augmenteddef batch(part, rows, normal):
?!augmented    """Some rows of a part, ready for the network."""
?augmenteddef batch(part, rows, normal, change=()):
?augmented    """Some rows of a part, ready for the network; augmented, where they are there to learn from."""
    (inputs, targets), ({normal}), rows = part, normal, rows.to(part[0].device)
    x, y = fit(inputs[rows]).float(), targets[rows]
?augmented    if change:
?augmented        x, y = augment(x, y, *change{extra})
    x = torch.addcmul(offset, x, factor)
?whitened    x = (x.flatten(1) @ matrix).view(-1, {values})
?pictures    return x.clone(memory_format=torch.channels_last), y
?!pictures    return x, y


def new_sums(device, count):
    """Zeros to add figures to, in double precision on the CPU."""
    return torch.zeros(count, device=device, dtype=torch.float64 if device.type == "cpu" else torch.float32)


def evaluate(net, part, normal, rank, world):
?classes    """Mean loss over a part of the data, and all figures in words; each process looks at its share."""
?!classes    """Mean loss over a part of the data, and it in words; each process looks at its share."""
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
?classes    return loss, f"loss {{loss:.6f}}, accuracy {{right:.4f}}"
?!classes    loss = sums[0].item() / len(part[0])
?!classes    return loss, f"loss {{loss:.6f}}"


def main():
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    kind = {kind}
    device = torch.device(kind, int(os.environ.get("LOCAL_RANK", {index}))) if kind == "cuda" else torch.device(kind)
    if world > 1:
        dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    train, validation, test, normal = prepare(device)

?weighted    weights = class_weights(train[1])

    torch.manual_seed(SEED)
?stored    net = begin(Net()).to(device, memory_format=torch.channels_last)
?!stored    net = Net().to(device, memory_format=torch.channels_last)
    model = DistributedDataParallel(net) if world > 1 else net
    optimizer = {optimizer}
?rate    whole, rest = divmod(len(train[0]), BATCH_SIZE)
?rate    step, per_epoch, drops = 0, whole + (rest >= 2 * world or whole == 0), 0
?watch    best = float("inf")
?early    best_epoch = since = 0
?plateau    waited = 0
?augmented?!rate    step = 0
    order = torch.Generator().manual_seed(SEED)
    torch.manual_seed(SEED + rank)  # of dropout

    for epoch in range(1, EPOCHS + 1):
        sums = new_sums(device, 3)
?late        regularised = epoch > REGULARISE_AFTER
?decay        for group in optimizer.param_groups:
?decay            group["weight_decay"] = optimizer.defaults["weight_decay"] if regularised else 0.0
        for rows in torch.randperm(len(train[0]), generator=order).split(BATCH_SIZE):
            if len(rows) < 2 * world and len(rows) < len(train[0]):
                continue  # the last one may be too small for batch normalisation
            own = rows[rank::world]
?!augmented            x, y = batch(train, own, normal)
?augmented            x, y = batch(train, own, normal, (step, len(rows), slice(rank, None, world)))
?!auxiliary            scores = model(x)
?auxiliary            scores, *extra = model(x)
?classes?!weighted            loss, right = judge(scores, y)
?weighted            loss, right = judge(scores, y, weights)
?!classes            loss = judge(scores, y)
?auxiliary            total = loss
?auxiliary            for weight, values in zip(AUXILIARY, extra):
?auxiliary?classes?!weighted                total = total + weight * judge(values, y)[0]
?auxiliary?weighted                total = total + weight * judge(values, y, weights)[0]
?auxiliary?!classes                total = total + weight * judge(values, y)
            optimizer.zero_grad()
            share = len(own) * world / len(rows)  # so that the processes' mean is that of all rows
?l1?!late            penalty = L1 * sum(weight.abs().sum() for _, weight in weights_of(net))
?l1?late            penalty = L1 * sum(weight.abs().sum() for _, weight in weights_of(net)) if regularised else 0
?auxiliary?!l1            (total * share).backward()
?!auxiliary?!l1            (loss * share).backward()
?auxiliary?l1            (total * share + penalty).backward()
?!auxiliary?l1            (loss * share + penalty).backward()
?rate            for group in optimizer.param_groups:
?rate                group["lr"] = optimizer.defaults["lr"] * rate_share(step, per_epoch, drops)
?momentum                {momentum}
            optimizer.step()
?limit?!late            limit(net)
?limit?late            if regularised:
?limit?late                limit(net)
?rate            step += 1
?augmented?!rate            step += 1
            sums[0] += loss.detach().to(sums.dtype) * len(own)
?classes            sums[1] += right.sum()
            sums[2] += len(own)
        if world > 1:
            dist.all_reduce(sums)
        loss, right, count = sums.tolist()
?classes        report = [f"epoch {{epoch}}: training loss {{loss / count:.6f}}, accuracy {{right / count:.4f}}"]
?!classes        report = [f"epoch {{epoch}}: training loss {{loss / count:.6f}}"]
        if len(validation[0]):
            heard, words = evaluate(net, validation, normal, rank, world)
            report.append(f"validation {{words}}")
        if rank == 0:
            print("; ".join(report), flush=True)
?watch        if heard < best:
?watch            best = heard
?plateau            waited = 0
?early            best_epoch, since = epoch, 0
?early            kept = {{name: value.clone() for name, value in net.state_dict().items()}}
?watch        else:
?early            since += 1
?plateau?!warm            waited += 1
?plateau?warm            waited += step - per_epoch >= round({warmup} * per_epoch)  # the warm-up does not count
?plateau            if waited >= PLATEAU:
?plateau                drops, waited = drops + 1, 0
?early        if since >= PATIENCE:
?early            break

?early    if best_epoch:
?early        net.load_state_dict(kept)
?early        if rank == 0:
?early            print(f"the weights are those of epoch {{best_epoch}}, the best")
?!folded    if len(test[0]):
?!folded        _, report = evaluate(net, test, normal, rank, world)
?!folded        if rank == 0:
?!folded            print(f"test {{report}}")
    if rank == 0:
        torch.save(net.state_dict(), "weights.pt")
    if world > 1:  # threads of the group that outlive the interpreter would abort it: end them, and who holds them
        del model
        gc.collect()
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
'''
