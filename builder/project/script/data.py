"""The part of a script that has to do with data, as text: what `data` does, in few lines. Knows no torch."""

from __future__ import annotations

import math
from textwrap import dedent, indent

from builder.data.catalogue import DataSet, Task
from builder.data.cifar import CifarPictures
from builder.data.fit import enlargement
from builder.data.idx import IdxPictures
from builder.data.settings import WHITENED_FLOOR, WHITENED_FROM, DataSettings
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError
from builder.layers.base import show


def samples(info: DataSet) -> str:
    """How all samples are made or read. Raises `ProblemError` for those of a plug-in."""
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
    answers = "what is asked for" if info.task is Task.REGRESSION else "class numbers"
    head = f'def load():\n    """All samples: {words}, {answers}, and a test part where there is one."""\n'
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
_DIGITS = """
digits = load_digits()
grey = np.rint(digits.images * (255 / 16)).astype(np.uint8)
"""
_COUNTS = "(POINTS - POINTS // 2, POINTS // 2)"
_BACK = "return points.astype(np.float32), targets, None\n"
_SAMPLES = {
    "digits": f"""{_DIGITS.lstrip()}return grey[:, None], digits.target.astype(np.int64), None
""",
    "noisy-digits": f"""{_DIGITS.lstrip()}centres = (np.arange(32) + 0.5) * 8 / 32 - 0.5
weights = np.stack([np.interp(centres, np.arange(8), row) for row in np.eye(8)], axis=1).astype(np.float32)
clean = weights @ (grey[:, None].astype(np.float32) / 255) @ weights.T
noise = np.random.default_rng(DATA_SEED).normal(0, NOISE, clean.shape)
return np.rint((clean + noise).clip(0, 1) * 255).astype(np.uint8), clean, None
""",
    "random-pictures": """
targets = np.repeat(np.arange(1000), 8)
pictures = np.random.default_rng(0).integers(0, 256, (len(targets), 3, 16, 16), np.uint8)
return pictures, targets, None
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


def fit(source: Shape, target: Shape, how: str) -> str:
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


def measure(info: DataSet, target: Shape, how: str) -> str:
    """What to subtract and divide by, and for whitening to multiply by; see `data.measure`."""
    flat = len(target) == 1
    spread = f".repeat_interleave({math.prod(info.shape[1:])})" if flat and info.pictures else ""
    form = "" if flat else ".view(-1, 1, 1)"
    if how == "none" or (how == "unit" and info.pictures):
        scale = 1.0 if how == "none" else 255.0
        lines = [f"return torch.tensor(0.0).double(), torch.tensor({scale}).double()"]
        words = "as they are" if how == "none" else "0 to 1"
    elif not info.pictures:
        words = {"unit": "0 to 1", "whiten": "whitened"}.get(how, "mean 0, variance 1")
        low = "train.min(0), np.ptp(train, 0)" if how == "unit" else "train.mean(0), train.std(0)"
        lines = ["train = train.numpy().astype(np.float64)", f"shift, scale = {low}"]
        if how == "whiten":
            lines += ["scale = np.where(scale > 0, scale, 1.0)", "standard = (train - shift) / scale",
                      "covariance = torch.from_numpy(standard.T @ standard / len(standard))", *_WHITEN,
                      "return torch.tensor(shift), torch.tensor(scale), matrix"]  # fmt: skip
        else:
            lines.append("return torch.tensor(shift), torch.tensor(np.where(scale > 0, scale, 1.0))")
    elif how in ("features", "whiten"):
        words = "each pixel by its own mean and deviation" if how == "features" else "whitened (ZCA)"
        lines = _by_value(math.prod(target), how)
        form = "" if flat else f".view{target}"
        lines.append(f"return shift{form}, scale{form}" + ", matrix" * (how == "whiten"))
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


_WHITEN = (
    "along, directions = torch.linalg.eigh(covariance)",
    f"floor = {WHITENED_FLOOR} * along.mean()",
    "matrix = (directions / (along.clamp(min=0) + floor).sqrt() @ directions.T).float()",
)


def _by_value(values: int, how: str) -> list[str]:
    """Mean and deviation of each value by itself, or their mean and what whitens them."""
    if how == "features":
        at_most, kind, square, shape = f"len(train) * {values} // 2**30", "int64", "rows.square().sum(0)", f"{values}"
    else:
        at_most, kind, square, shape = (
            f"len(train) // {WHITENED_FROM}",
            "float64",
            "rows.T @ rows",
            f"{values}, {values}",
        )
    lines = [
        f"train = train[:: max(1, -(-{at_most}))]",
        f"first, second = torch.zeros({values}, dtype=torch.{kind}), torch.zeros({shape}, dtype=torch.{kind})",
        "for part in train.split(256):",
        f"    rows = fit(part).flatten(1).to(torch.{kind})",
        f"    first, second = first + rows.sum(0), second + {square}",
        "count = len(train)",
    ]
    if how == "features":
        lines.append("shift = first.double() / count")
        lines.append("scale = (count * second - first.square()).double().sqrt() / count")
        lines.append("scale[scale == 0] = 1.0")
    else:
        lines.append("shift, scale = first / count, torch.full_like(first, 255.0)")
        lines.append("covariance = (second / count - shift.outer(shift)) / 255.0**2")
        lines += _WHITEN
    return lines


MISLABEL = '''def mislabel(targets, share):
    """The same class numbers, but of this share drawn anew from all classes."""
    count = round(share * len(targets))
    rng, targets = np.random.default_rng([DATA_SEED, 1]), targets.copy()
    rows = rng.permutation(len(targets))[:count]
    targets[rows] = rng.integers({classes}, size=count)
    return targets


'''


def divide(info: DataSet, settings: DataSettings) -> str:
    """How samples are divided into training, validation and test; see `data.split`."""
    counted = info.task is not Task.REGRESSION
    classes = "targets[rows]" if counted else "np.zeros(len(rows), np.int64)  # all alike"
    fold = _FOLD.format(classes="targets[rest][by_class]" if counted else "np.zeros(len(rest), np.int64)")
    return _TAKE.format(classes=classes, rare=_RARE if counted and settings.rare < 1 else "",
                        validation=fold if settings.in_folds else _SHARE)  # fmt: skip


_SHARE = """    validation, train = take(targets, rest, round(VALIDATION * len(rest)), rng)
"""
_FOLD = """    by_class = rng.permutation(len(rest))
    by_class = by_class[np.argsort({classes}, kind="stable")]
    taken = np.zeros(len(rest), bool)
    taken[by_class[FOLD - 1 :: FOLDS]] = True
    validation, train = rest[taken], rest[~taken]
"""
_RARE = """    last = targets[train] == targets.max()
    own = np.random.default_rng([DATA_SEED, 2]).permutation(train[last])
    train = np.sort(np.concatenate([train[~last], own[: max(1, round(RARE * len(own)))]]))
"""

_TAKE = '''def take(targets, rows, count, rng, spare=True):
    """So many of the rows, of each class its share, and the others. With spare, no class is taken whole."""
    classes = {classes}
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
{validation}    if 0 < LIMIT < len(train):
        train, _ = take(targets, train, LIMIT, rng, spare=False)
{rare}    return train, validation, test


'''
