"""The rules that turn gradients into steps, as a project declares them. No torch.

Each names the class of PyTorch that does it and what that class is given: the learner makes it, a script prints it.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from builder.graph.parameters import Parameters, parameter


def _rate(default: float, help: str = "How far each step goes.") -> Any:
    return parameter(default, "Learning rate", help, gt=0, le=100, slider=(1e-5, 1), log=True)


def _decay(default: float = 0.0, help: str = "", *, advanced: bool = True) -> Any:
    words = help or "Pulls all weights towards zero: adds λ·w to the gradient (L2, ridge)."
    return parameter(default, "Weight decay", words, ge=0, le=10, slider=(0, 0.01), advanced=advanced)


def _eps() -> Any:
    return parameter(1e-8, "Epsilon", "Keeps the division from zero.", gt=0, le=1, advanced=True)


class _Optimizer(Parameters):
    """What every rule has.

    Attributes:
        torch_class: the name of its class in `torch.optim`.
        fused: whether PyTorch can do it in one pass over all weights.
    """

    torch_class: ClassVar[str]
    fused: ClassVar[bool] = True

    learning_rate: float = _rate(0.05, "How far each step follows the gradient.")
    weight_decay: float = _decay()

    def options(self) -> dict[str, Any]:
        """What the class of PyTorch is given besides weights, learning rate and weight decay, where it matters."""
        raise NotImplementedError

    def carrying(self, momentum: float) -> dict[str, Any]:
        """What the class of PyTorch is given to carry on this much of the last steps; nothing where it carries none."""
        raise NotImplementedError

    def formula(self) -> str:
        """One update of a weight w, with gradient g and learning rate η."""
        raise NotImplementedError


class SGD(_Optimizer):
    """Stochastic gradient descent: each step goes against the gradient of one mini-batch.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    torch_class: ClassVar[str] = "SGD"

    kind: Literal["sgd"] = "sgd"
    momentum: float = parameter(
        0.9, "Momentum", "Share of the last step that is carried on.", ge=0, lt=1, slider=(0, 0.99)
    )
    nesterov: bool = parameter(False, "Nesterov", "Look ahead along the momentum before measuring the gradient.")

    def options(self) -> dict[str, Any]:
        """What the class of PyTorch is given besides weights, learning rate and weight decay, where it matters."""
        if not self.momentum:
            return {}
        return {"momentum": self.momentum} | ({"nesterov": True} if self.nesterov else {})

    def carrying(self, momentum: float) -> dict[str, Any]:
        """What the class of PyTorch is given to carry on this much of the last steps; nothing where it carries none."""
        return {"momentum": momentum} if self.momentum else {}

    def formula(self) -> str:
        """One update of a weight w, with gradient g and learning rate η."""
        if not self.momentum:
            return "w ← w − η·g"
        step = "(g + μ·v)" if self.nesterov else "v"
        return f"v ← μ·v + g\nw ← w − η·{step}"


class _Adaptive(_Optimizer):
    learning_rate: float = _rate(0.001)
    kind: str  # here, so that files name it in front of what follows
    beta1: float = parameter(0.9, "β₁", "Memory of the gradient.", ge=0, lt=1, slider=(0, 0.999), advanced=True)
    beta2: float = parameter(0.999, "β₂", "Memory of the squared gradient.", ge=0, lt=1, slider=(0.9, 0.9999),
                             advanced=True)  # fmt: skip
    eps: float = _eps()

    def options(self) -> dict[str, Any]:
        """What the class of PyTorch is given besides weights, learning rate and weight decay, where it matters."""
        return {"betas": (self.beta1, self.beta2)} | ({"eps": self.eps} if self.eps != 1e-8 else {})

    def carrying(self, momentum: float) -> dict[str, Any]:
        """What the class of PyTorch is given to carry on this much of the last steps; nothing where it carries none."""
        return {"betas": (momentum, self.beta2)} if self.beta1 else {}

    def formula(self) -> str:
        """One update of a weight w, with gradient g and learning rate η; the hat stands for / (1 − β^t)."""
        return f"m ← β_{{1}}·m + (1 − β_{{1}})·g\nv ← β_{{2}}·v + (1 − β_{{2}})·g^{{2}}\n{self._step()}"

    def _step(self) -> str:
        return "w ← w − η·m̂ / (√v̂ + ε)"


class Adam(_Adaptive):
    """Adam: a step size of its own for each weight, from moving averages of gradient and squared gradient.

    Source: https://arxiv.org/abs/1412.6980
    """

    torch_class: ClassVar[str] = "Adam"

    kind: Literal["adam"] = "adam"


class AdamW(_Adaptive):
    """Adam whose weight decay shrinks the weights themselves, instead of being lost among the gradients' averages.

    Source: https://arxiv.org/abs/1711.05101
    """

    torch_class: ClassVar[str] = "AdamW"

    kind: Literal["adamw"] = "adamw"
    weight_decay: float = _decay(
        0.01, "Each step also takes this share of the learning rate off every weight.", advanced=False
    )

    def _step(self) -> str:
        return "w ← w − η·(m̂ / (√v̂ + ε) + λ·w)"


class RMSprop(_Optimizer):
    """RMSprop: divides each gradient by the usual size of that gradient, so that all weights move at about one speed.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
    """

    torch_class: ClassVar[str] = "RMSprop"
    fused: ClassVar[bool] = False

    kind: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = _rate(0.01)
    alpha: float = parameter(
        0.99, "α", "Memory of the squared gradient.", ge=0, lt=1, slider=(0.5, 0.999), advanced=True
    )
    eps: float = _eps()
    momentum: float = parameter(
        0.0, "Momentum", "Share of the last step that is carried on.", ge=0, lt=1, slider=(0, 0.99), advanced=True
    )
    centered: bool = parameter(
        False, "Centred", "Divide by the spread of the gradient around its mean, not around zero.", advanced=True
    )

    def options(self) -> dict[str, Any]:
        """What the class of PyTorch is given besides weights, learning rate and weight decay, where it matters."""
        chosen: dict[str, Any] = {"alpha": self.alpha} | ({"eps": self.eps} if self.eps != 1e-8 else {})
        chosen |= {"momentum": self.momentum} if self.momentum else {}
        return chosen | ({"centered": True} if self.centered else {})

    def carrying(self, momentum: float) -> dict[str, Any]:
        """What the class of PyTorch is given to carry on this much of the last steps; nothing where it carries none."""
        return {"momentum": momentum} if self.momentum else {}

    def formula(self) -> str:
        """One update of a weight w, with gradient g and learning rate η."""
        lines = ["v ← α·v + (1 − α)·g^{2}"]
        root = "√v"
        if self.centered:
            lines.append("a ← α·a + (1 − α)·g")
            root = "√(v − a^{2})"
        step = f"g / ({root} + ε)"
        if self.momentum:
            lines.append(f"b ← μ·b + {step}")
            step = "b"
        return "\n".join([*lines, f"w ← w − η·{step}"])


Optimizer = Annotated[SGD | Adam | AdamW | RMSprop, Field(discriminator="kind")]
