"""What the network looks at: the parts of the pinned picture that speak for a class, in a map over and beside it."""

from __future__ import annotations

import numpy as np

from builder.compile.plan import Plan, make_plan
from builder.graph.problems import ProblemError
from builder.inspect.picture import Attention, Floats
from builder.inspect.question import Attribution, Method, Named, Question, layer_for_maps, refusal
from builder.ui.terms import METHODS, SCORE
from builder.ui.views.base import Subject, view
from builder.ui.views.colour import ACTIVATION, GREY, WEIGHT, Pixels, colours, limits, symmetric
from builder.ui.views.explained import ExplainedView
from builder.ui.views.frame import Choice
from builder.ui.views.grid import Look
from builder.ui.views.paint import figure
from builder.ui.views.scale import Scale

METHOD_ORDER = tuple(Method)
NAMED = tuple(Named)
NOT_YET = "What the network looks at appears here once the data is loaded."
UNSOUND = "Mend the network's problems to see what it looks at."
UNDER_WAY = "It is being worked out, and appears with the next look inside the network."
FAILED = "It cannot be worked out for this network: it may need more memory than there is. Choose another method."
OVER, ALONE = range(2)  # the two pictures: over the input, and alone
_MOST = 0.85  # of a colour, over the input: it can still be seen below


@view("attribution")
class AttributionView(ExplainedView):
    """Which parts of the pinned picture speak for a class.

    Attributes:
        method, of: the choices in the head: how it is found out, and for which class.
    """

    def add_controls(self) -> None:
        self._settled = False  # whether somebody has chosen the method
        self.method = Choice([method.value for method in METHOD_ORDER], "How it is found out", self._choose_method)
        self.of = Choice([named.value for named in NAMED], "For which class", lambda _number: self._ask_other())
        self.frame.head.add(self.method, -3)
        self.frame.head.add(self.of, -2)

    def question(self) -> Question | None:
        """What is to be asked of the network; None where it cannot be asked."""
        plan, method = self._plan(), METHOD_ORDER[self.method.value]
        if plan is None or self.subject is None or refusal(plan, method):
            return None
        of = NAMED[self.of.value] if self.of.value < len(NAMED) else self.of.value - len(NAMED)
        layer = layer_for_maps(plan, self.subject.selection) if method is Method.GRAD_CAM else ""
        return Question(method, of, layer)

    def _plan(self) -> Plan | None:
        if self.subject is None:
            return None
        try:
            return make_plan(self.subject.inference)
        except ProblemError:
            return None

    def attention(self) -> Attention:
        return Attention(question=self.question())

    def _choose_method(self, _number: int) -> None:
        self._settled = True
        self._ask_other()

    def _ask_other(self) -> None:
        self.attention_changed.emit()
        self.refresh()

    def set_subject(self, subject: Subject) -> None:
        self.of.set_names([*(named.value for named in NAMED), *subject.classes])
        self.frame.head.set_present(self.of, bool(subject.classes))
        self.subject = subject  # what is asked now is worked out where somebody sees it, and not at every edit
        self.refresh()

    def _settle(self) -> None:
        """Begin with the first method that such a network can be asked by."""
        plan = self._plan()
        if self._settled or plan is None:
            return
        able = [number for number, method in enumerate(METHOD_ORDER) if not refusal(plan, method)]
        if able and able[0] != self.method.value:
            self.method.show_value(able[0])
            self.attention_changed.emit()

    def draw_anew(self) -> None:
        self._settle()
        super().draw_anew()

    def make_look(self) -> Look | str:
        picture, plan, method = self.picture, self._plan(), METHOD_ORDER[self.method.value]
        if self.subject is None or picture is None:
            return self.awaited(NOT_YET)
        if plan is None:
            return UNSOUND
        words = refusal(plan, method)
        if words:
            return words
        found = picture.attribution
        if found is None or found.question.method is not method:
            return UNDER_WAY
        if not found.values.size or found.values.shape != picture.fitted.shape[1:]:
            return FAILED
        return self._look(found, picture.fitted)

    def _look(self, found: Attribution, fitted: Floats) -> Look:
        question, values = found.question, found.values
        signed = question.method.signed
        scale = Scale(WEIGHT, *symmetric(values)) if signed else Scale(ACTIVATION, 0.0, limits(values)[1])
        name, place = self._name(found.of), f" at {question.layer}" if question.layer else ""
        formula, words = METHODS[question.method]
        explained = f"{formula}: {words.format(layer=question.layer)}."
        nothing = ""
        if not values.any():  # so it is also where a map as a whole speaks against, though parts of it speak for
            advice = ": try another layer or method" if place else ""
            nothing = f"Nothing{place} speaks for {name} by {question.method.value}{advice}."
        self.content.explain(nothing or explained, f"{explained if nothing else ''}\n{SCORE}".strip())
        side = "for" if not signed else ""

        def describe(_tile: int, row: int, column: int) -> str:
            value = float(values[row, column])
            sign = side or ("for" if value > 0 else "against" if value < 0 else "neither for nor against")
            return f"{figure(value)} {sign} {name}\nrow {row + 1}, column {column + 1}"

        return Look(
            f"For {name} · {self.title[0].lower()}{self.title[1:]} · {question.method.value}{place}",
            np.stack([values, values]),
            scale,
            lambda number: "over the input" if number == OVER else "alone",
            pixels=np.stack([over_picture(values, scale, fitted), colours(values, scale.table, scale.low, scale.high)]),
            describe=describe,
        )

    def _name(self, of: int) -> str:
        known = self.subject.classes if self.subject is not None else ()
        if not known:
            return "the value" if not of else f"output {of + 1}"
        return known[of] if of < len(known) else str(of)


def over_picture(values: Floats, scale: Scale, fitted: Floats) -> Pixels:
    """Values (height, width) over the grey picture (channels, height, width): the more they count, the less of it."""
    grey = fitted.mean(axis=0)
    below = _channels(colours(grey, GREY, *limits(grey)))
    above = _channels(colours(values, scale.table, scale.low, scale.high))
    reach = max(abs(scale.low), abs(scale.high))
    share = np.nan_to_num(np.abs(values) / reach if reach > 0 else np.zeros_like(values), nan=1.0).clip(0.0, 1.0)
    # By the root, so that faint colours are seen, too.
    mixed = below + (above - below) * (_MOST * np.sqrt(share))[..., None]
    red, green, blue = (mixed[..., part].astype(np.uint32) for part in range(3))
    return np.asarray(np.uint32(0xFF000000) | red << 16 | green << 8 | blue, dtype=np.uint32)


def _channels(pixels: Pixels) -> Floats:
    return np.stack([(pixels >> shift & 0xFF) for shift in (16, 8, 0)], axis=-1).astype(np.float32)
