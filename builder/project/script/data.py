"""A project as one Python script: model, data and training, without this program. Knows no torch.

It makes the same run: initial weights, split, order of batches and figures, and `torchrun` starts it on many processes.
The pieces below say in few lines what `data` and `train` do; tests compare the two.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from builder.compile.network import infer_network
from builder.compile.plan import Plan, make_plan
from builder.compile.source import write
from builder.data.catalogue import DataSet, Task
from builder.data.cifar import CifarPictures
from builder.data.fit import enlargement
from builder.data.idx import IdxPictures
from builder.data.samples import data_set
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError
from builder.layers.base import show
from builder.layers.freezing import is_frozen
from builder.project.document import Project
from builder.project.job import make_job
from builder.train.settings import SGD, Cosine, TrainingSettings


def to_script(project: Project) -> str:
    """The script. The same project always gives the same text.

    Raises:
        ProblemError: the project cannot be trained as it stands, or its data cannot be had outside this program.
    """
    weights = make_job(project).weights  # whatever keeps it from training keeps the script from it
    known = infer_network(project.network)
    plan = _to_scores(make_plan(known.flat), project.training.loss)
    info = data_set(project.data)
    if info.task is Task.REGRESSION:
        raise ProblemError(Problem("not-exportable", "a script learns classes, not numbers.", where="data.dataset"))
    if len(plan.outputs) > 1:
        message = "a script does not train auxiliary outputs."
        hint = "Remove them, or export the model alone as Python source."
        raise ProblemError(Problem("not-exportable", message, where=plan.outputs[1][0], hint=hint))
    model = write(plan, "Net", known.expansion).text
    head, _, classes = model.partition("from torch import nn\n")
    parts = [
        _HEAD.format(
            title=" ".join(project.name.replace("\\", "/").replace('"', "'").split()) or "A network",
            imports=_imports(info, project, "import torchvision\n" in head, weights is not None),
        ),
        _settings(project, info, weights),
        classes.strip("\n") + "\n\n\n",
        _samples(info, project),
        _TAKE,
        _fit(info.shape, plan.input_shape, project.data.fit),
        _measure(info, plan.input_shape, project.data.normalise),
        _objective(project.training, plan.shape(plan.outputs[0][1])),
        _BEGIN if weights is not None else "",
        _TRAINING.format(
            optimizer=_optimizer(project.training, some=any(is_frozen(step.layer) for step in plan.steps)),
            net="net = begin(Net())" if weights is not None else "net = Net()",
            schedule=_schedule(project.training),
            follow="            schedule.step()\n" if _schedule(project.training) else "",
            layout=_LAYOUT if len(plan.input_shape) == 3 else "",
            kind=_kind(project.training.device),
            index=project.training.device.partition(":")[2] or 0,
        ),
    ]
    return "".join(parts)


def _to_scores(plan: Plan, loss: str) -> Plan:
    """The plan without a last softmax or sigmoid that the loss contains."""
    (name, last), *others = plan.outputs
    scores = plan.before_loss(loss)
    if scores == last:
        return plan
    steps = tuple(step for step in plan.steps if step.name != last)
    return replace(plan, steps=steps, outputs=((name, scores), *others))


# The pieces ---------------------------------------------------------------------------------------------------------

_HEAD = '''"""{title}: the model, its data and its training. Written by TorchCanvas.

    python SCRIPT.py                           one process
    torchrun --nproc-per-node 4 SCRIPT.py      four, each with a share of every batch (also on several hosts)
"""

{imports}

'''


def _imports(info: DataSet, project: Project, vision: bool, stored: bool) -> str:
    measured = info.pictures and project.data.normalise == "standardise"
    lines = [
        *["import math"] * (measured or isinstance(project.training.schedule, Cosine)),
        "import os",
        *["import tarfile"] * isinstance(info, CifarPictures),
        "",
        "import numpy as np",
        "import torch",
        "import torch.distributed as dist",
    ]
    lines += ["import torchvision"] * (vision or isinstance(info, IdxPictures | CifarPictures))
    lines += ["from PIL import Image, ImageOps"] * info.key.startswith("folder:")
    lines += ["from safetensors.torch import load_file"] * stored
    makers = {"digits": "load_digits", "moons": "make_moons", "circles": "make_circles", "blobs": "make_blobs"}
    if info.key in makers:
        lines.append(f"from sklearn.datasets import {makers[info.key]}")
    lines += ["from torch import nn", "from torch.nn import functional"]
    lines += ["from torch.nn.parallel import DistributedDataParallel", ""]
    return "\n".join(lines).rstrip() + "\n"


def _settings(project: Project, info: DataSet, weights: Path | None) -> str:
    training, data = project.training, project.data
    rows = [
        (f"EPOCHS, BATCH_SIZE = {training.epochs}, {training.batch_size}", ""),
        (f"SEED = {training.seed}", "of the initial weights and of the order of samples"),
        (f"TEST, VALIDATION = {data.test}, {data.validation}", "shares of the samples that are kept back"),
        (f"LIMIT = {data.limit}", "train on so many samples; 0: all of them"),
        (f"DATA_SEED = {data.seed}", "of the split"),
    ]
    if "points" in info.options:
        rows.append((f"POINTS, NOISE = {data.points}, {data.noise}", ""))
    if weights is not None:
        rows.append((f"WEIGHTS = {weights.name!r}", "to begin with; beside this file, or else in the folder"))
        rows.append((f"WEIGHTS_FOLDER = {str(weights.parent)!r}", ""))
    return "".join(f"{code}  # {words}\n" if words else f"{code}\n" for code, words in rows) + "\n\n"


def _samples(info: DataSet, project: Project) -> str:
    if isinstance(info, IdxPictures):
        body = _IDX.format(name=info.torchvision_name)
    elif isinstance(info, CifarPictures):
        members = tuple(f"{info.unpacked}/{name}" for name in info.parts)
        file = info.archive
        body = _CIFAR.format(url=file.urls[0], md5=file.md5, name=file.name, members=members, labels=info.labels)
    elif info.key.startswith("folder:"):
        from builder.data.folder import EDGE, SUFFIXES

        body = _FOLDER.format(path=info.source, edge=EDGE, endings=tuple(sorted(SUFFIXES)))
    elif info.key in _SAMPLES:
        body = _SAMPLES[info.key]
    else:
        message = f"{info.title} is made by a plug-in, which a script of its own cannot do."
        raise ProblemError(Problem("not-exportable", message, where="data.dataset"))
    words = "bytes (count, channels, height, width)" if info.pictures else "numbers (count, features)"
    head = f'def load():\n    """All samples: {words}, class numbers, and a test part where there is one."""\n'
    return head + indent(dedent(body).strip("\n"), "    ") + "\n\n\n"


_IDX = """
root = os.environ.get("TORCHCANVAS_DATA", "data")
parts = []
for train in (True, False):
    found = torchvision.datasets.{name}(root, train=train, download=True)
    parts += [found.data.unsqueeze(1).numpy(), found.targets.numpy()]
return parts[0], parts[1], (parts[2], parts[3])
"""
_CIFAR = """
root = os.environ.get("TORCHCANVAS_DATA", "data")
torchvision.datasets.utils.download_url({url!r}, root, md5={md5!r})
members = {members}
with tarfile.open(os.path.join(root, {name!r})) as archive:
    *train, test = (np.frombuffer(archive.extractfile(name).read(), np.uint8) for name in members)
parts = []
for content in (np.concatenate(train), test):
    rows = content.reshape(-1, {labels} + 3 * 32 * 32)  # labels, then red, green and blue
    parts += [rows[:, {labels}:].reshape(-1, 3, 32, 32), rows[:, {labels} - 1].astype(np.int64)]
return parts[0], parts[1], (parts[2], parts[3])
"""
_FOLDER = """
root = {path!r}
inputs, targets = [], []
names = (name for name in os.listdir(root) if not name.startswith("."))
classes = sorted(name for name in names if os.path.isdir(os.path.join(root, name)))
for number, name in enumerate(classes):
    for file in sorted(os.listdir(os.path.join(root, name))):
        if file.lower().endswith({endings}):
            with Image.open(os.path.join(root, name, file)) as picture:
                picture.draft("RGB", ({edge}, {edge}))
                upright = ImageOps.exif_transpose(picture).convert("RGB")
                square = ImageOps.fit(upright, ({edge}, {edge}), Image.Resampling.BILINEAR)
            inputs.append(np.asarray(square).transpose(2, 0, 1))
            targets.append(number)
return np.stack(inputs), np.array(targets), None
"""
_POINTS = """
rng = np.random.default_rng(DATA_SEED)
targets = np.repeat([0, 1], [POINTS - POINTS // 2, POINTS // 2])
"""
_SKLEARN = """
seed = int(rng.integers(2**31))
"""
_COUNTS = "(POINTS - POINTS // 2, POINTS // 2)"
_BACK = "return points.astype(np.float32), targets, None\n"
_SAMPLES = {
    "digits": """
digits = load_digits()
grey = np.rint(digits.images * (255 / 16)).astype(np.uint8)
return grey[:, None], digits.target.astype(np.int64), None
""",
    "random-pictures": """
targets = np.repeat(np.arange(1000, dtype=np.int64), 8)
return np.random.default_rng(0).integers(0, 256, (len(targets), 3, 16, 16), np.uint8), targets, None
""",
    "moons": f"""{_POINTS}{_SKLEARN.lstrip()}
points = make_moons({_COUNTS}, shuffle=False, noise=NOISE, random_state=seed)[0]
{_BACK}""",
    "circles": f"""{_POINTS}{_SKLEARN.lstrip()}
points = make_circles({_COUNTS}, shuffle=False, noise=0.6 * NOISE, random_state=seed, factor=0.4)[0]
{_BACK}""",
    "blobs": f"""{_POINTS}{_SKLEARN.lstrip()}
centres = np.array([[-1.0, -1.0], [1.0, 1.0]])
spread = 0.2 + 2 * NOISE
points = make_blobs({_COUNTS}, centers=centres, cluster_std=spread, shuffle=False, random_state=seed)[0]
{_BACK}""",
    "spiral": f"""{_POINTS}
along = np.sqrt(rng.uniform(0.01, 1, POINTS))
angle = 3 * np.pi * along + np.pi * targets
arm = along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
points = arm + rng.normal(0, 0.25 * NOISE, arm.shape)
{_BACK}""",
    "xor": f"""{_POINTS}
points = rng.uniform(0.05, 1, (POINTS, 2))
right = rng.choice([-1.0, 1.0], POINTS)
points[:, 0] *= right
points[:, 1] *= right * np.where(targets == 0, 1, -1)
points = points + rng.normal(0, 0.5 * NOISE, points.shape)
{_BACK}""",
}

_TAKE = '''def take(targets, rows, count, rng, spare=True):
    """So many of the rows, of each class its share, and the others. With spare, no class is taken whole."""
    classes = targets[rows]
    shuffled = rng.permutation(len(rows))
    by_class = shuffled[np.argsort(classes[shuffled], kind="stable")]
    steps = (np.arange(len(rows) + 1) * count + len(rows) // 2) // max(1, len(rows))
    taken = np.zeros(len(rows), bool)
    taken[by_class] = np.diff(steps) > 0
    for number in np.unique(classes) if spare else ():
        own = classes == number
        if taken[own].all():
            taken[np.flatnonzero(own)[0]] = False
    return rows[taken], rows[~taken]


def split(targets, own_test):
    """Rows for training, validation and test; the last is None where the data set has a test part of its own."""
    rng = np.random.default_rng(DATA_SEED)
    rest, test = np.arange(len(targets)), None
    if not own_test:
        test, rest = take(targets, rest, round(TEST * len(rest)), rng)
    validation, train = take(targets, rest, round(VALIDATION * len(rest)), rng)
    if 0 < LIMIT < len(train):
        train, _ = take(targets, train, LIMIT, rng, spare=False)
    return train, validation, test


'''


def _fit(source: Shape, target: Shape, how: str) -> str:
    """How samples of one shape get the other; see `data.pictures`."""
    lines: list[str] = []
    if source != target and len(target) == 1:
        lines = ["x = x.flatten(1)"]
    elif source != target:
        (channels, rows, columns), (wanted, height, width) = source, target
        if channels > wanted:
            lines.append("weights = torch.tensor([0.299, 0.587, 0.114], device=x.device).view(3, 1, 1)")
            lines.append("x = (x.float() * weights).sum(1, keepdim=True).round().byte()")
        if how == "pad":
            factor = enlargement((rows, columns), (height, width))
            if factor > 1:
                lines.append(f"x = x.repeat_interleave({factor}, 2).repeat_interleave({factor}, 3)")
                rows, columns = rows * factor, columns * factor
            elif factor == 0:
                scale = min(height / rows, width / columns)
                small = max(1, round(rows * scale)), max(1, round(columns * scale))
                lines += _resized(rows, columns, *small)
                rows, columns = small
            above, left = (height - rows) // 2, (width - columns) // 2
            around = (left, width - columns - left, above, height - rows - above)
            lines += [f"x = functional.pad(x, {around})"] * any(around)
        else:
            lines += _resized(rows, columns, height, width)
        lines += [f"x = x.expand(-1, {wanted}, -1, -1)"] * (channels < wanted)
    words = f"Samples of {show(source)} as the network's input takes them, {show(target)}."
    return "\n    ".join(["def fit(x):", f'"""{words}"""', *lines, "return x"]) + "\n\n\n"


def _resized(rows: int, columns: int, height: int, width: int) -> list[str]:
    if (rows, columns) == (height, width):
        return []
    size = f'x = functional.interpolate(x.float(), ({height}, {width}), mode="bilinear", antialias=True)'
    return [size, "x = x.round().clamp(0, 255).byte()"]


def _measure(info: DataSet, target: Shape, how: str) -> str:
    """What to subtract and divide by; see `data.prepare`."""
    flat = len(target) == 1
    spread = f".repeat_interleave({math.prod(info.shape[1:])})" if flat and info.pictures else ""
    form = "" if flat else ".view(-1, 1, 1)"
    if how == "none" or (how == "unit" and info.pictures):
        scale = 1.0 if how == "none" else 255.0
        lines = [f"return torch.tensor(0.0).double(), torch.tensor({scale}).double()"]
        words = "as they are" if how == "none" else "0 to 1"
    elif not info.pictures:
        words = "0 to 1" if how == "unit" else "mean 0, variance 1"
        low = "train.min(0), np.ptp(train, 0)" if how == "unit" else "train.mean(0), train.std(0)"
        lines = ["train = train.numpy().astype(np.float64)", f"shift, scale = {low}",
                 "return torch.tensor(shift), torch.tensor(np.where(scale > 0, scale, 1.0))"]  # fmt: skip
    else:
        words = "mean 0, variance 1 in each channel"
        fitted = "part" if flat else "fit(part)"
        lines = [
            f"train = train[:: max(1, -(-len(train) * {math.prod(target)} // 2**30))]",
            "count, first, second = 0, 0, 0",
            "for part in train.split(256):",
            f"    values = {fitted}.long().transpose(0, 1).flatten(1)",
            "    count += values.shape[1]",
            "    first, second = first + values.sum(1), second + values.square().sum(1)",
            "pairs = list(zip(first.tolist(), second.tolist()))",
            "shift = torch.tensor([one / count for one, _ in pairs], dtype=torch.float64)",
            "scale = [math.sqrt(count * two - one * one) / count or 1.0 for one, two in pairs]",
            f"return shift{spread}{form}, torch.tensor(scale, dtype=torch.float64){spread}{form}",
        ]
    head = f'"""What to subtract from inputs and to divide them by, from the training samples: {words}."""'
    return "\n    ".join(["def measure(train):", head, *lines]) + "\n\n\n"


def _objective(training: TrainingSettings, scores: Shape) -> str:
    """Loss and right answers; see `train.objective`."""
    several = len(scores) > 0 and scores[0] > 1
    right = "scores.argmax(1) == y"
    match training.loss:
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
    return (
        'def judge(scores, y):\n    """Mean loss of a batch, and which answers are right."""\n'
        f"    return {loss}, {right}\n\n\n"
    )


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


def _schedule(training: TrainingSettings) -> str:
    chosen = training.schedule
    if not isinstance(chosen, Cosine):
        return ""
    wave = "(1 + math.cos(math.pi * step / steps)) / 2"
    factor = f"{chosen.last!r} + {1 - chosen.last!r} * {wave}" if chosen.last else wave
    return (
        "    whole, rest = divmod(len(train[0]), BATCH_SIZE)\n"
        "    steps = EPOCHS * (whole + (rest >= 2 * world or whole == 0))\n"
        f"    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: {factor})\n"
    )


def _kind(wish: str) -> str:
    if wish == "auto":
        return '"cuda" if torch.cuda.is_available() else "cpu"'
    return f'"{wish.partition(":")[0]}"'


_BEGIN = '''def begin(net):
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

_LAYOUT = ".clone(memory_format=torch.channels_last)"

_TRAINING = '''def prepare(device):
    """Training, validation and test part, each inputs and class numbers; and what normalises the inputs."""
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
    return torch.addcmul(offset, fit(inputs[rows]).float(), factor){layout}, targets[rows]


def evaluate(net, part, normal, rank, world):
    """Mean loss and share of right answers over a part of the data; each process looks at its share."""
    sums = torch.zeros(2, device=part[0].device)
    for buffer in net.buffers() if world > 1 else ():
        dist.broadcast(buffer, 0)  # what batch normalisation has measured
    net.eval()
    with torch.no_grad():
        for rows in torch.arange(len(part[0]))[rank::world].split(1024):
            x, y = batch(part, rows, normal)
            loss, right = judge(net(x), y)
            sums += torch.stack([loss * len(rows), right.sum()])
    net.train()
    if world > 1:
        dist.all_reduce(sums)
    loss, right = (sums / len(part[0])).tolist()
    return f"loss {{loss:.6f}}, accuracy {{right:.4f}}"


def main():
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    kind = {kind}
    device = torch.device(kind, int(os.environ.get("LOCAL_RANK", {index}))) if kind == "cuda" else torch.device(kind)
    if world > 1:
        dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    train, validation, test, normal = prepare(device)

    torch.manual_seed(SEED)
    {net}.to(device, memory_format=torch.channels_last)
    model = DistributedDataParallel(net) if world > 1 else net
    optimizer = {optimizer}
{schedule}    order = torch.Generator().manual_seed(SEED)
    torch.manual_seed(SEED + rank)  # of dropout

    for epoch in range(1, EPOCHS + 1):
        sums = torch.zeros(3, device=device)
        for rows in torch.randperm(len(train[0]), generator=order).split(BATCH_SIZE):
            if len(rows) < 2 * world and len(rows) < len(train[0]):
                continue  # the last one may be too small for batch normalisation
            own = rows[rank::world]
            x, y = batch(train, own, normal)
            loss, right = judge(model(x), y)
            optimizer.zero_grad()
            (loss * (len(own) * world / len(rows))).backward()  # so that the processes' mean is that of all rows
            optimizer.step()
{follow}            sums += torch.stack([loss.detach() * len(own), right.sum(), torch.tensor(len(own), device=device)])
        if world > 1:
            dist.all_reduce(sums)
        loss, right, count = sums.tolist()
        report = [f"epoch {{epoch}}: training loss {{loss / count:.6f}}, accuracy {{right / count:.4f}}"]
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
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
'''
