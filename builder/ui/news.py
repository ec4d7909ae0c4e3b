"""What the window hears of training. Each part of it connects to what concerns it, and asks no trainer."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class News(QObject):
    """All that happens, told on the window's thread."""

    commanded = Signal(object)  # Command: sent, and followed as soon as the trainer gets to it
    state_changed = Signal(object)  # State; also when the first step is made while it stays
    inside_changed = Signal(object)  # Inside, or None
    progressed = Signal(object)  # Progress, once a frame while training
    preparing = Signal(object)  # Preparing
    prepared_changed = Signal(object)  # Prepared
    picture_taken = Signal(object)  # Picture
    cards_due = Signal(object)  # the same Picture, a frame later: for the cards on the canvas
    scalars_added = Signal(object)  # float64 rows of (step, loss, accuracy)
    epoch_ended = Signal(object)  # EpochEnded
    warned = Signal(object)  # Problem
    failed = Signal(object)  # Problem
    finished = Signal(object)  # Finished
    weights_saved = Signal(object, object)  # the file that `save_weights` named; a Problem, or None when it is written
    mistake_found = Signal(object)  # MistakeFound
    responses_found = Signal(object)  # Responses
    rate_changed = Signal(int, float)  # by hand, behind this step of the run: the learning rate is this now
    pace_changed = Signal(float)
    cleared = Signal()  # another run begins: curves and pictures start anew
    stale_changed = Signal(bool)  # also when more or less has changed than before
