"""The loops and networks that ours are measured against, written by hand as somebody else would write them.

Not used for training. They share nothing with the program but the data, so that no shortcut of ours helps them.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from builder.train.learner import Learner

BATCH = 64


class PlainLeNet5(nn.Module):
    """LeNet-5, input 1×32×32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.conv3 = nn.Conv2d(16, 120, 5)
        self.fc1 = nn.Linear(120, 84)
        self.fc2 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = functional.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.tanh(self.conv3(x)).flatten(1)
        scores: Tensor = self.fc2(torch.tanh(self.fc1(x)))
        return scores


class _Block(nn.Module):
    def __init__(self, before: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.short: nn.Module = nn.Identity()
        if stride > 1:
            self.short = nn.Sequential(nn.Conv2d(before, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(inner + self.short(x))


class PlainResNet(nn.Sequential):
    """ResNet-18's plan with 16 to 128 filters, input 1×32×32."""

    def __init__(self) -> None:
        blocks: list[nn.Module] = [nn.Conv2d(1, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
        for before, filters in pairwise((16, 16, 32, 64, 128)):
            blocks += [_Block(before, filters, 1 if before == filters else 2), _Block(filters, filters, 1)]
        super().__init__(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


class Plain:
    """The fastest loop that we can write: data on the device, batches by index, channels last, fused optimiser."""

    def __init__(self, learner: Learner, model: nn.Module) -> None:
        self._device = learner.device
        self._samples, self._targets = _samples(learner)
        self._shift, self._scale = _normalisation(learner)
        self._model = model.to(self._device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, fused=True)

    def run(self, seconds: float) -> float:
        """Train for about so long; returns images per second."""
        model, optimizer = self._model, self._optimizer
        done, began = 0, time.perf_counter()
        while True:
            for rows in torch.split(torch.randperm(len(self._samples)).to(self._device), BATCH):
                x = self._samples.index_select(0, rows).float().sub_(self._shift).div_(self._scale)
                loss = functional.cross_entropy(model(x), self._targets.index_select(0, rows))
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                done += len(rows)
                if time.perf_counter() - began > seconds:
                    finish(self._device)
                    return done / (time.perf_counter() - began)


class Usual:
    """What a tutorial writes: a data set of pictures, transforms, a DataLoader, the loss read at every step."""

    def __init__(self, learner: Learner, model: nn.Module) -> None:
        from torch.utils.data import DataLoader

        self._loader = DataLoader(_Pictures(learner), batch_size=BATCH, shuffle=True)
        self._device = learner.device
        self._model = model.to(self._device)
        self._optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def run(self, seconds: float) -> float:
        """Train for about so long; returns images per second."""
        done, total, began = 0, 0.0, time.perf_counter()
        while True:
            for x, target in self._loader:
                self._optimizer.zero_grad()
                loss = functional.cross_entropy(self._model(x.to(self._device)), target.to(self._device))
                loss.backward()  # type: ignore[no-untyped-call]
                self._optimizer.step()
                total += loss.item()
                done += len(x)
                if time.perf_counter() - began > seconds:
                    return done / (time.perf_counter() - began)


class _Pictures(torch.utils.data.Dataset[tuple[Tensor, int]]):
    """As torchvision's MNIST is: tensors, one picture and its class at a time, brought to size through PIL."""

    def __init__(self, learner: Learner) -> None:
        from builder.vision import import_torchvision

        transforms: Any = import_torchvision("torchvision.transforms")
        train = learner.data.train
        self._samples = torch.from_numpy(np.stack([train.raw(position)[0] for position in range(len(train))]))
        self._targets = _samples(learner)[1].cpu()  # asked for one by one: on a GPU each would be waited for
        shift, scale = (value / 255 for value in _normalisation(learner))
        self._change = transforms.Compose(
            [
                transforms.Resize(learner.plan.input_shape[1:]),
                transforms.ToTensor(),
                transforms.Normalize((shift,), (scale,)),
            ]
        )

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        from PIL import Image

        return self._change(Image.fromarray(self._samples[index].numpy())), int(self._targets[index])


def _samples(learner: Learner) -> tuple[Tensor, Tensor]:
    """The training pictures as bytes (count, 1, height, width), before normalisation, and their classes."""
    train = learner.data.train
    shift, scale = _normalisation(learner)
    pictures, targets = [], []
    for rows in torch.split(train.order(), 4096):
        x, target = train.batch(rows)
        pictures.append((x * scale + shift).round().clamp(0, 255).to(torch.uint8))
        targets.append(target)
    return torch.cat(pictures).contiguous(), torch.cat(targets)


def _normalisation(learner: Learner) -> tuple[float, float]:
    normalisation = learner.data.normalisation
    return normalisation.shift[0], normalisation.scale[0]


def finish(device: torch.device) -> None:
    """Wait until the device has done all that it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
