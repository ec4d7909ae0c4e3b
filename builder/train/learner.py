"""All that one run learns with: the model, its data, the loss and the optimiser, made from a `Job`.

Knows nothing of threads, commands or files; how the parts work together in a step stands in `train.loop`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from builder.compile.chance import Chance, NoChance
from builder.compile.infer import infer
from builder.compile.module import rewire
from builder.compile.plan import Plan, make_plan
from builder.compile.stored import Carried, in_setting
from builder.compile.weights import carry, initial
from builder.data.catalogue import Task
from builder.graph.problems import Fix, Problem, ProblemError, SetSetting, Severity
from builder.inspect.gradients import Loss
from builder.inspect.look import Observer
from builder.inspect.transfer import side_stream
from builder.layers.base import Category
from builder.train.class_weights import balanced
from builder.train.fit import fit_problems
from builder.train.job import Job
from builder.train.meter import Meter, Rows
from builder.train.objective import Objective
from builder.train.patience import Patience
from builder.train.regularisation import make_regularisation
from builder.train.requirements import asks_for_validation, no_validation, requirements
from builder.train.settings import Plateau, TrainingSettings

if TYPE_CHECKING:
    from builder.data.prepare import Prepared
    from builder.data.resident import Part

Progress = Callable[[str, float | None], None]


class NotFiniteError(Exception):
    """The loss is infinite or not a number."""


class Learner:
    """A network about to learn, or learning.

    Attributes:
        root: holds every submodule under its name on the canvas; its `state_dict` is what is saved.
        model: a `GraphModule` over the same submodules, from the input to the scores that the loss works on.
        scores: name of the step that gives these scores.
        heads: the steps that give the scores of auxiliary outputs, and how much the loss of each counts.
        step: updates made; epoch: epochs completed; position: batches done of the one under way.
        update: makes the optimiser's step.
        carried: what the initial weights took from a file; None when they are all fresh.
        learning_rate: how far each step follows the gradient, before the schedule.
        patience: how the validation loss goes; best: the weights of its best epoch, kept only for early stopping.
        at_best: whether the network has these weights again.
        rows: the figures of the epoch under way, as the meter gave them.
        batch: what the step under way works on, for whoever must find out what went wrong; loss: that of its output.
    """

    def __init__(self, job: Job, plan: Plan, root: nn.Module, data: Prepared, device: torch.device) -> None:
        settings = job.training
        self.job, self.plan, self.data, self.device = job, plan, data, device
        self.root = root.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.scores = plan.before_loss(settings.loss)
        self.model = rewire(self.root, plan, self.scores)
        self.heads = [(plan.before_loss(settings.loss, n), weight) for n, weight in enumerate(plan.weights) if n]
        names = (self.scores, *(name for name, _ in self.heads))
        self._with_heads = rewire(self.root, plan, names) if self.heads else None
        counts, weights = data.task is not Task.REGRESSION, None
        if counts and settings.weighs_classes:
            weights = torch.tensor(balanced(data.class_counts), dtype=torch.float32, device=device)
        self.objective = Objective(settings.loss, counts=counts, weights=weights)
        self.optimizer = make_optimizer(self.root, settings)
        self.update = unprofiled(self.optimizer)
        self.learning_rate = settings.optimizer.learning_rate
        self._changes_rate, self._cycles_momentum = settings.changes_rate, settings.cycles_momentum
        self.regularisation = make_regularisation(self.root, settings)
        self.patience = Patience()
        self.best: dict[str, Tensor] | None = None
        self.at_best = False
        random = any(step.layer.category is Category.REGULARISATION for step in plan.steps)
        self.chance = Chance(settings.seed, device) if random else NoChance()
        self.augmenter = data.augmenter(job.data.augmentation, settings.seed)
        self.side = side_stream(device)
        self.meter = Meter(self.objective, self.side)
        self.carried: Carried | None = None
        self.step = self.epoch = self.position = 0
        self.rows: list[Rows] = []
        self.batch: tuple[Tensor, Tensor] | None = None
        self.loss: Tensor | None = None
        self.order = torch.Generator().manual_seed(settings.seed)
        self.epoch_began = self.order.get_state()
        self._host = device.type == "cpu"
        self._parameters = list(self.root.parameters())

    @property
    def steps_per_epoch(self) -> int:
        """Updates that one epoch makes."""
        return self.job.training.steps_per_epoch(len(self.data.train))

    @property
    def steps(self) -> int:
        """Updates that the whole run makes."""
        return self.steps_per_epoch * self.job.training.epochs

    @property
    def batch_size(self) -> int:
        """Samples in each batch but the last of an epoch."""
        return min(self.job.training.batch_size, len(self.data.train))

    @property
    def parameter_count(self) -> int:
        """How many numbers are learned."""
        return sum(parameter.numel() for parameter in self.root.parameters() if parameter.requires_grad)

    @property
    def rate(self) -> float:
        """The learning rate of the step under way, as the schedule has it."""
        if not self._changes_rate:
            return self.learning_rate
        share = self.job.training.rate_share(self.step, self.steps_per_epoch, self.patience.drops)
        return self.learning_rate * share

    @property
    def regularised(self) -> bool:
        """Whether weight decay, L1 and max norm have begun."""
        return self.epoch >= self.job.training.regularise_after

    @property
    def lone_sample(self) -> str:
        """What a batch of one sample holds, in words: its class, and of a point the two numbers; "" for any other.

        Waits for the device.
        """
        if self.batch is None or len(self.batch[0]) != 1:
            return ""
        (x,), (target,), data = *self.batch, self.data
        words = []
        if data.task is not Task.REGRESSION and data.classes and target.numel() == 1:
            words.append(data.classes[int(target)])
        if x.shape == (2,):
            words.append("x = ({:.2f}, {:.2f})".format(*x.tolist()).replace("-", "−"))
        return ", ".join(words)

    def follow_schedule(self) -> None:
        """Give the optimiser the learning rate of the step under way, its momentum, and the weight decay."""
        rate, settings = self.rate, self.job.training
        cycled = settings.cycled(self.step, self.steps_per_epoch) if self._cycles_momentum else {}
        for group in self.optimizer.param_groups:
            group["lr"] = rate
            group.update(cycled)
            if settings.regularise_after:
                group["weight_decay"] = settings.optimizer.weight_decay if self.regularised else 0.0

    def limit_weights(self) -> None:
        """Keep to the max norm, where there is one."""
        if self.regularisation is not None and self.regularised:
            self.regularisation.limit()

    def judge(self, loss: float | None) -> None:
        """Take note of the validation loss of the epoch that has just ended; None where there is none."""
        settings = self.job.training
        if loss is None:
            return
        plateau = 0
        if isinstance(settings.schedule, Plateau):
            began = (self.epoch - 1) * self.steps_per_epoch
            # A rate that still rises cannot stand still.
            plateau = settings.schedule.patience if began >= settings.warm_steps(self.steps_per_epoch) else 0
        if self.patience.hear(self.epoch, loss, plateau) and settings.patience:
            self.best = {name: tensor.detach().clone() for name, tensor in self.root.state_dict().items()}

    @property
    def out_of_patience(self) -> bool:
        """Whether training is to stop early."""
        return 0 < self.job.training.patience <= self.patience.since

    def take_best(self) -> None:
        """Go back to the weights of the best epoch, where they were kept."""
        if self.best is not None:
            self.root.load_state_dict(self.best)
            self.at_best = True

    def batches(self) -> Iterator[Tensor]:
        """The positions of each batch of the epoch under way, from `position` on; a new order each epoch.

        There are `steps_per_epoch` of them.
        """
        self.epoch_began = self.order.get_state()
        rows = self.data.train.order(self.order)
        pieces = rows.split(self.job.training.batch_size)  # type: ignore[no-untyped-call]
        for batch in pieces[self.position : self.steps_per_epoch]:
            yield batch
            self.position += 1

    def end_epoch(self) -> None:
        """Every batch is done: the next one belongs to another epoch."""
        self.epoch += 1
        self.position = 0
        self.rows.clear()
        self.epoch_began = self.order.get_state()

    def load(self, rows: Tensor, part: Part | None = None) -> tuple[Tensor, Tensor]:
        """Inputs and targets of some samples on the device: of a part, or unless one is named, to learn from.

        Only these are augmented, in a way that depends on the seed and the number of the step alone.
        """
        if part is None and self.augmenter is not None:
            x, target = self.data.train.batch(rows, self.augmenter.at(self.step))
        else:
            x, target = (part or self.data.train).batch(rows)
        return (x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x), target

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The scores of a batch, and those of the auxiliary outputs."""
        if self._with_heads is None:
            return self.model(x), ()
        values = self._with_heads(x)
        return values[self.scores], tuple(values[name] for name, _ in self.heads)

    def whole_loss(self, loss: Tensor, extra: tuple[Tensor, ...], target: Tensor) -> Tensor:
        """What the step makes small: the loss of the output, those of auxiliary outputs by their weights, and L1."""
        for (_, weight), scores in zip(self.heads, extra, strict=True):
            loss = loss + weight * self.objective.training_loss(scores, target)
        if self.regularisation is not None and self.regularised:
            loss = self.regularisation.penalty(loss)
        return loss

    def check(self, loss: Tensor) -> None:
        """Raise `NotFiniteError` when a loss is no number, before it spoils the weights.

        Only where looking is free. On other devices it shows a few steps later, when somebody reads the figures.
        """
        if self._host and not math.isfinite(loss.item()):
            raise NotFiniteError

    def forget_gradients(self) -> None:
        """Drop the gradients of the last step.

        What the optimiser's `zero_grad` does, without its profiling; see `unprofiled`.
        """
        for parameter in self._parameters:
            parameter.grad = None

    def gradient_length(self) -> float | None:
        """Length of the gradient of all weights, as the last backward pass left it; None before there was one."""
        found = [parameter.grad for parameter in self.root.parameters() if parameter.grad is not None]
        if not found:
            return None
        lengths = torch.stack([torch.linalg.vector_norm(gradient) for gradient in found])
        return float(torch.linalg.vector_norm(lengths))

    def observer(self, waiting: Callable[[], bool] = lambda: False) -> Observer:
        """Looks into it as it learns; `waiting` says whether somebody waits, so that what takes long is cut short."""
        # The penalty of L1 does not depend on the values of layers.
        loss = Loss(((self.scores, 1.0), *self.heads), self.objective.loss)
        answer = self.objective.answer
        return Observer(self.root, self.plan, self.data, self.scores, answer, self.side, waiting, loss)

    def zero(self) -> Tensor:
        """A zero on the device, to add figures to."""
        # Not every device has double precision.
        return torch.zeros((), device=self.device, dtype=torch.float64 if self._host else torch.float32)


def make_learner(job: Job, progress: Progress, cancelled: Callable[[], bool]) -> Learner:
    """Check, load the data, and build the model.

    Its initial weights depend on the seed, and on the file that the job begins with, and on nothing else.

    Raises:
        ProblemError: the network, the settings and the data do not belong together, or something is missing.
        CancelledError: `cancelled` said so.
    """
    from builder.data.prepare import prepare

    plan = make_plan(infer(job.graph))
    check(job, plan)
    device = choose_device(job.training.device)
    data = prepare(job.data, plan.input_shape, device, progress, cancelled)
    if not len(data.train):
        message = "no samples are left to train on."
        raise ProblemError(Problem("no-samples", message, where="data.validation", hint="Keep fewer back."))
    if not len(data.validation) and (asking := asks_for_validation(job.training)):
        raise ProblemError(no_validation(asking))
    progress("building the network", None)
    root = initial(plan, job.training.seed)
    carried = begin(root, plan, job.weights) if job.weights is not None else None
    learner = Learner(job, plan, root, data, device)
    learner.carried = carried
    return learner


def check(job: Job, plan: Plan) -> None:
    """Raise `ProblemError` for what can be known before anything is loaded."""
    problems = (*fit_problems(plan, job.data, job.training.loss), *requirements(job.training, job.data))
    problems = tuple(problem for problem in problems if problem.severity is Severity.ERROR)
    if problems:
        raise ProblemError(*problems)
    if not any(step.layer.parameter_count(step.input_shapes) for step in plan.steps):
        message = "this network has no weights, so there is nothing to learn."
        raise ProblemError(Problem("nothing-to-learn", message, hint="Add a Conv or a Linear layer."))


def begin(root: nn.Module, plan: Plan, weights: Path) -> Carried:
    """Let fresh weights give way to all that fits in a file. Raises `ProblemError`, on the setting that names it."""
    try:
        return carry(root, plan, weights)
    except ProblemError as error:
        raise ProblemError(*(in_setting(problem) for problem in error.problems)) from None


def choose_device(wish: str) -> torch.device:
    """The device that the settings ask for. Raises `ProblemError` when this machine does not have it."""
    if wish == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    kind, _, number = wish.partition(":")
    there = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }[kind]
    if int(number or 0) >= there:
        fix = Fix("Choose automatically", (SetSetting("training.device", "auto"),))
        message = f"this machine has no device {wish} that PyTorch can use."
        raise ProblemError(Problem("no-device", message, where="training.device", hint="Choose auto or cpu.", fix=fix))
    return torch.device(kind, int(number or 0)) if kind == "cuda" else torch.device(kind)


def make_optimizer(root: nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    """The optimiser of the settings, in its fused form (one pass over all weights) where PyTorch and device have it."""
    if not settings.optimizer.fused:
        return _optimizer(root, settings)
    try:
        return _optimizer(root, settings, fused=True)
    except (RuntimeError, TypeError):
        return _optimizer(root, settings)


def _optimizer(root: nn.Module, settings: TrainingSettings, **form: bool) -> torch.optim.Optimizer:
    chosen = settings.optimizer
    # With every layer frozen there is nothing to learn; the network can be looked at all the same.
    learned = [parameter for parameter in root.parameters() if parameter.requires_grad] or list(root.parameters())
    make: type[torch.optim.Optimizer] = getattr(torch.optim, chosen.torch_class)
    common: dict[str, Any] = {"lr": chosen.learning_rate, "weight_decay": chosen.weight_decay, **form}
    return make(learned, **common, **chosen.options())


def unprofiled(optimizer: torch.optim.Optimizer) -> Callable[[], object]:
    """The optimiser's `step` without what PyTorch wraps around it: a range for its profiler, and hooks; here are none.

    Between the large arrays of two steps all Python runs from a cold cache: the range took 3 % of a LeNet-5 step.
    """
    step = type(optimizer).step
    return partial(step.__wrapped__ if getattr(step, "hooked", False) else step, optimizer)  # type: ignore[attr-defined]


def warm_up() -> None:
    """Do once what is slow the first time in a process (an optimiser, a convolution), so that Run answers at once."""
    with Chance(0, torch.device("cpu")):
        layer = nn.Conv2d(1, 1, 3)
        optimizer = _optimizer(layer, TrainingSettings(), fused=True)
        layer(torch.zeros(1, 1, 4, 4)).sum().backward()
    optimizer.step()
