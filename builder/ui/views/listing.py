"""Every live view as the window knows it before it is made, in the order of the window.

Imports no view: a module of this folder that has the key of a view for its name is imported when that view is first
wanted. Most views stand behind others, and together they would take a tenth of the program's start.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Listed:
    """What is said of a view.

    Attributes:
        key: stable name, for the remembered layout; also that of its module.
        title: heading of its dock.
        help: one sentence: what is seen here.
        short: the title on a tab that has no room for the whole; "" where it is short enough.
        least: the same for the smallest of windows.
        behind: key of an earlier view that it stands behind as a tab until somebody arranges the window; "" for none.
    """

    key: str
    title: str
    help: str
    short: str = ""
    least: str = ""
    behind: str = ""


_ORDER = (
    Listed(
        "loss",
        "Loss",
        "How wrong the network is: on the data it learns from, and on data kept apart (validation).",
    ),
    Listed(
        "accuracy",
        "Accuracy",
        "The share of samples that the network gets right, in training and on data kept apart.",
    ),
    Listed(
        "confusion",
        "Confusion matrix",
        "Which classes the network takes for which, counted at the end of each epoch.",
        short="Confusion",
        least="Matrix",
        behind="accuracy",
    ),
    Listed(
        "maps",
        "Feature maps",
        "What the selected layer makes of the pinned input, or the gradient that comes back to it: one picture for "
        "each channel.",
        short="Maps",
    ),
    Listed(
        "filters",
        "Learned filters",
        "The weights that the selected layer has learned: red adds, blue takes away, white ignores.",
        short="Filters",
    ),
    Listed(
        "sample",
        "Pinned input",
        "The sample that all pictures are made of, and how sure the network is of each class.",
        short="Input",
    ),
    Listed(
        "flow",
        "Layer statistics",
        "For each layer the size of its gradient, the spread of its output, and its dead units.",
        short="Statistics",
        least="Stats",
        behind="loss",
    ),
    Listed(
        "attribution",
        "What it looks at",
        "Which parts of the pinned input speak for the network's answer, or for a class you choose.",
        short="Looks at",
        behind="maps",
    ),
    Listed(
        "responses",
        "Responds to",
        "What one unit of the selected layer responds to most. A click on a feature map or a filter chooses the unit.",
        short="Responds",
        least="Likes",
        behind="filters",
    ),
    Listed(
        "preferred",
        "Looks for",
        "What each unit of the selected layer looks for: a picture made so that the unit gives as much as it can.",
        behind="filters",
    ),
    Listed(
        "cloud",
        "Sample cloud",
        "Each sample is a point: close together lie those that the selected layer makes alike.",
        short="Cloud",
        behind="loss",
    ),
)
LISTED = {listed.key: listed for listed in _ORDER}
