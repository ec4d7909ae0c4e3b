"""Which names a node may have. Knows Python and the words that a model keeps for itself; knows no graph.

A node's name becomes an attribute of the model, a part of its `state_dict` keys and a variable in the source.
"""

from __future__ import annotations

import keyword
import re

from builder.graph.problems import Problem

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")

# Public attributes of torch.nn.Module and torch.fx.GraphModule: a layer of such a name would hide or break them.
# A test compares this with the installed torch.
# fmt: off
RESERVED = frozenset({
    "T_destination", "add_module", "add_submodule", "apply", "bfloat16", "buffers", "call_super_init", "children",
    "code", "compile", "cpu", "cuda", "delete_all_unused_submodules", "delete_submodule", "double", "dump_patches",
    "eval", "extra_repr", "float", "forward", "get_buffer", "get_extra_state", "get_parameter", "get_submodule",
    "graph", "half", "ipu", "load_state_dict", "meta", "modules", "mtia", "named_buffers", "named_children",
    "named_modules", "named_parameters", "parameters", "print_readable", "recompile", "register_backward_hook",
    "register_buffer", "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook",
    "register_module", "register_parameter", "register_state_dict_post_hook", "register_state_dict_pre_hook",
    "requires_grad_", "set_extra_state", "set_submodule", "shape_env", "share_memory", "state_dict", "to", "to_empty",
    "to_folder", "train", "training", "type", "xpu", "zero_grad",
})
# fmt: on
LONGEST = 100  # letters


def name_problem(name: str) -> Problem | None:
    """Why a node cannot be called `name`; None when it can."""
    hint = "Use letters, digits and underscores, and begin with a letter."
    if not NAME.match(name):
        return Problem("bad-name", f"{_brief(name)} cannot be a name.", where=name, field="name", hint=hint)
    if len(name) > LONGEST:
        message = f"a name may have {LONGEST} letters, this one has {len(name)}."
        return Problem("bad-name", message, where=name, field="name", hint="Choose a shorter name.")
    if keyword.iskeyword(name) or name in RESERVED:
        message = f"{name!r} is a word that Python or PyTorch uses itself."
        return Problem("bad-name", message, where=name, field="name", hint=f"Choose another name, such as {name}1.")
    return None


def path_problem(path: str) -> Problem | None:
    """The same for a dotted path such as `stage1.0.conv1`, whose parts after the first may also be numbers."""
    first, *rest = path.split(".")
    for part in (first, *(part for part in rest if not (part.isascii() and part.isdigit()))):
        if problem := name_problem(part):
            return problem.at(path)
    return None


def _brief(name: str) -> str:
    return repr(name if len(name) <= 40 else f"{name[:40]}…")
