"""Whether a network, its loss and its data set belong together: `data.fit` with the names of a plan. No torch."""

from __future__ import annotations

from builder.compile.plan import Plan
from builder.data.fit import Ends, check_fit
from builder.data.settings import DataSettings
from builder.graph.problems import Problem
from builder.train.settings import Loss


def fit_problems(plan: Plan, data: DataSettings, loss: Loss) -> tuple[Problem, ...]:
    """Why this network cannot be trained on such data with this loss; empty when it can. Quick."""
    name = plan.outputs[0][1]
    last = plan.step(name)
    shape = last.output_shape if last is not None else plan.input_shape
    units = _decides(plan, name)
    ends = Ends(plan.input, units or name, "features" if units else "")
    return check_fit(data, plan.input_shape, shape, loss, ends)


def _decides(plan: Plan, name: str) -> str:
    """The fully connected layer that sets how many numbers leave at `name`, perhaps through an activation."""
    step = plan.step(name)
    while step is not None and step.layer.kind() != "Linear":
        if step.input_shapes != (step.output_shape,):
            return ""
        step = plan.step(step.inputs[0])
    return step.name if step is not None else ""
