"""What crosses between the trainer's thread and whoever watches it: commands in, events out. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from builder.compile.stored import Carried
from builder.graph.problems import Problem
from builder.inspect.picture import Part
from builder.inspect.response import Responses

if TYPE_CHECKING:
    from numpy.typing import NDArray


class State(Enum):
    """Where a trainer stands."""

    PREPARING = "preparing"  # loading data, building the model
    PAUSED = "paused"  # ready for commands; also before the first step
    RUNNING = "running"
    FINISHED = "finished"  # all epochs done, stopped, or failed


class Phase(Enum):
    """The parts of a training step, in their order."""

    BATCH = "batch"
    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


class Way(Enum):
    """Which way a step has gone through the network."""

    FORWARD = "forward"  # values, from the data to the loss
    BACKWARD = "backward"  # gradients, from the loss to the data


class Reason(Enum):
    """Why a run ended."""

    COMPLETED = "completed"
    EARLY = "early-stopping"  # the validation loss had stopped falling
    STOPPED = "stopped"
    FAILED = "failed"


# Commands -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Resume:
    """Go on (or begin) training."""


@dataclass(frozen=True)
class Pause:
    """Stop behind the current phase and wait."""


@dataclass(frozen=True)
class StepBatch:
    """Finish the current step, or make one, then wait."""


@dataclass(frozen=True)
class StepPhase:
    """Do one phase of a step, then wait."""


@dataclass(frozen=True)
class Stop:
    """Behind the current step: evaluate nothing more, save, end."""


@dataclass(frozen=True)
class SetLearningRate:
    """Use another learning rate from the next update on."""

    value: float


@dataclass(frozen=True)
class SetPace:
    """Let a step begin no sooner than so many seconds behind the last one; 0 for full speed."""

    seconds: float


@dataclass(frozen=True)
class TakeSnapshot:
    """Write the weights as they are into the run folder."""


@dataclass(frozen=True)
class SaveWeights:
    """Write the weights to a file of the user's, as they are between two steps; `WeightsSaved` answers.

    Obeyed after the end, too.
    """

    path: Path


@dataclass(frozen=True)
class FindMistake:
    """Look for a sample that is answered wrongly; `MistakeFound` answers. Obeyed after the end, too.

    Of any kind, it is the first one behind position `after`, and around. Of a kind, the worst comes first: the one of
    whose wrong class the network is most sure; and where `after` is of this kind, the next worst.

    Attributes:
        true, said: only one that is of this class, and that is said to be of that one (by number); None for any.
        part: where to look.
    """

    after: int
    true: int | None = None
    said: int | None = None
    part: Part = Part.VALIDATION


@dataclass(frozen=True)
class FindResponses:
    """Look for the samples of the validation part that a unit of a layer responds to most; `ResponsesFound` answers.

    Of several such wishes the newest counts. Obeyed after the end, too.

    Attributes:
        unit: number of the map, or of the feature.
    """

    layer: str
    unit: int


Find = FindMistake | FindResponses
Command = Resume | Pause | StepBatch | StepPhase | Stop | SetLearningRate | SetPace | TakeSnapshot | SaveWeights | Find


# Events -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preparing:
    """Work before the first step; `share` from 0 to 1, None when unknown."""

    message: str
    share: float | None = None


@dataclass(frozen=True)
class Prepared:
    """Data and model are ready.

    Attributes:
        data, loss: the data set and the loss, as the settings name them.
        class_counts: training samples of each class, as `classes` has them.
        carried: what the initial weights took from a file; None when they are all fresh.
        samples: some of the training part, as many of each class: raw as the data set has it, and the class or value.
    """

    device: str
    parameters: int
    train_samples: int
    validation_samples: int
    test_samples: int
    classes: tuple[str, ...]
    samples: tuple[tuple[NDArray[np.generic], str | int | float], ...] = ()
    carried: Carried | None = None
    data: str = ""
    loss: str = ""
    class_counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Inside:
    """Where a run waits inside a step.

    Attributes:
        phase: the one that comes next.
        step: the one under way, from 1; samples: in its batch.
        loss: of the batch; None before it is measured, or where it cannot be read.
        gradient: length of the gradient of all weights; None before it is known.
        by_phases: it was led here phase by phase, and not stopped on its way.
        sample: the only one of its batch, in words, right after it was taken; "" for any other batch.
    """

    phase: Phase
    step: int
    samples: int
    loss: float | None = None
    gradient: float | None = None
    by_phases: bool = False
    sample: str = ""

    @property
    def way(self) -> Way | None:
        """What somebody who goes phase by phase has just seen; None before the network was gone through."""
        if not self.by_phases or self.phase in (Phase.BATCH, Phase.FORWARD):
            return None
        return Way.BACKWARD if self.phase is Phase.UPDATE else Way.FORWARD


@dataclass(frozen=True)
class StateChanged:
    """The trainer entered another state; `inside` tells where it waits inside a step."""

    state: State
    inside: Inside | None = None


TOP = 5
MANY = TOP + 1  # classes; of fewer, the true one always has one of so many highest scores

Confusion: TypeAlias = "NDArray[np.int64]"
"""(classes, classes): how many samples of the row's class were said to be of the column's."""


@dataclass(frozen=True)
class EpochEnded:
    """Figures of one epoch; None where they do not apply.

    Attributes:
        confusion: in the validation part, at the end of the epoch.
        validation_top5: see `loop.Figures`.
    """

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float
    images_per_second: float
    confusion: Confusion | None = field(default=None, compare=False, repr=False)
    validation_top5: float | None = None


@dataclass(frozen=True)
class RateChanged:
    """Behind this step of a run that is shown, the learning rate was set to this by hand."""

    step: int
    rate: float


@dataclass(frozen=True)
class WeightsSaved:
    """What became of a `SaveWeights`; with a problem, what stood in the file before is unchanged."""

    path: Path
    problem: Problem | None = None


@dataclass(frozen=True)
class MistakeFound:
    """The position of a sample of this part that is answered wrongly; None where there is none."""

    position: int | None
    part: Part = Part.VALIDATION


@dataclass(frozen=True)
class ResponsesFound:
    """What a unit responds to."""

    responses: Responses


@dataclass(frozen=True)
class Warned:
    """Something the user should know, but training goes on."""

    problem: Problem


@dataclass(frozen=True)
class Failed:
    """Training cannot go on."""

    problem: Problem


@dataclass(frozen=True)
class Finished:
    """The end of every run: only answers to what is asked after it still follow.

    Attributes:
        confusion: in the test part; None where it was not measured.
        best_epoch: the epoch whose weights the network has again, with early stopping; None for those of the last step.
        best_loss: the validation loss of that epoch.
        test_top5: see `loop.Figures`.
    """

    reason: Reason
    step: int
    test_loss: float | None = None
    test_accuracy: float | None = None
    run: str = ""
    confusion: Confusion | None = field(default=None, compare=False, repr=False)
    best_epoch: int | None = None
    best_loss: float | None = None
    test_top5: float | None = None


@dataclass(frozen=True)
class Stored:
    """The network can be looked at as it was at these steps, in their order: their weights are stored.

    In a pause the last of them is the present one: that of the update before.

    Attributes:
        anew: the network has its newest weights again, whichever were looked at before.
    """

    steps: tuple[int, ...]
    anew: bool = False


Found = MistakeFound | ResponsesFound
Told = EpochEnded | RateChanged | Stored | Warned
Event = Preparing | Prepared | StateChanged | Told | WeightsSaved | Found | Failed | Finished


@dataclass(frozen=True)
class Progress:
    """Where training stands; replaced as a whole, so reading it needs no lock.

    Attributes:
        epoch: the one under way, from 1; 0 before the first step.
        step: updates made; steps: updates that the whole run will make.
        seconds_left: None when unknown.
        learning_rate: before the schedule; rate: of the step under way, as the schedule has it.
    """

    state: State = State.PREPARING
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    images_per_second: float = 0.0
    seconds_left: float | None = None
    learning_rate: float = 0.0
    rate: float = 0.0
