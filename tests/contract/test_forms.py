"""Every declared parameter gets an editor of the right kind, and what each editor gives is a value that fits."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import pytest
from pytestqt.qtbot import QtBot

import builder.layers  # noqa: F401  (registers all layers)
from builder.data.settings import DataSettings
from builder.graph.model import Node
from builder.graph.parameters import Parameters, extras
from builder.layers.registry import kinds, make
from builder.train.settings import TrainingSettings
from builder.ui.inspector.fields import TextEdit, nested, variants
from builder.ui.inspector.form import Form
from builder.ui.inspector.params import with_param
from builder.ui.widgets.choice import Choice
from builder.ui.widgets.file_edit import FileEdit
from builder.ui.widgets.number import NumberEdit, ShapeEdit, SizeEdit
from builder.ui.widgets.toggle import Toggle

FORMS: dict[str, type[Parameters]] = {**kinds(), "data": DataSettings, "training": TrainingSettings}


def start(kind: type[Parameters]) -> Parameters:
    return kind()


def field_of(value: Parameters, path: str) -> tuple[Parameters, str]:
    for name in path.split(".")[:-1]:
        value = getattr(value, name)
    return value, path.split(".")[-1]


def at(value: Parameters, path: str) -> Any:
    holder, name = field_of(value, path)
    return getattr(holder, name)


def put(value: Parameters, path: str, new: Any) -> Parameters:
    """What a document does with an edit."""
    name, _, rest = path.partition(".")
    inner = put(getattr(value, name), rest, new) if rest else new
    changed: Parameters = type(value).model_validate(
        {**{field: getattr(value, field) for field in type(value).model_fields}, name: inner}
    )
    return changed


def made(qtbot: QtBot, kind: type[Parameters]) -> tuple[Form, Parameters]:
    form = Form(kind)
    qtbot.addWidget(form)
    value = start(kind)
    form.show_values(value)
    return form, value


@pytest.mark.parametrize("name", FORMS)
def test_every_field_has_an_editor_of_its_type(qtbot: QtBot, name: str) -> None:
    form, value = made(qtbot, FORMS[name])
    shown = {path.partition(".")[0] for path in form.paths()}
    assert shown == {field for field in FORMS[name].model_fields if field != "kind"}
    for group in (field for field in shown if nested(FORMS[name].model_fields[field]) is not None):
        inner = {path.removeprefix(f"{group}.") for path in form.paths() if path.startswith(f"{group}.")}
        assert inner == set(type(at(value, group)).model_fields), "a group is shown by its fields alone"
        assert group not in form.paths()
    for path in form.paths():
        holder, field_name = field_of(value, path)
        field = type(holder).model_fields[field_name]
        editor = form.row(path).editor
        current = getattr(holder, field_name)
        if variants(field) or get_origin(field.annotation) is Literal or extras(field).get("choices"):
            expected: type = Choice
        elif isinstance(current, bool):
            expected = Toggle
        elif isinstance(current, int | float):
            expected = NumberEdit
        elif isinstance(current, tuple):
            expected = ShapeEdit if get_args(field.annotation)[-1] is Ellipsis else SizeEdit
        else:
            expected = FileEdit if extras(field).get("file") else TextEdit
        assert type(editor) is expected, path
        assert form.row(path).label.text() == field.title, path
        assert field.description, path


@pytest.mark.parametrize("name", FORMS)
def test_what_an_editor_gives_validates_and_comes_back(qtbot: QtBot, name: str) -> None:
    form, value = made(qtbot, FORMS[name])
    told: list[tuple[str, Any]] = []
    form.edited.connect(lambda path, new, _gesture: told.append((path, new)))
    for path in form.paths():
        before = at(value, path)
        for edit in edits_of(form.row(path).editor, before):
            told.clear()
            edit()
            if form.row(path).error:  # two fields may not go together: the message says so, and nothing is told
                assert not told, path
                form.show_values(value)
                form.reset()
                continue
            assert len(told) == 1, path
            assert told[0][0] == path
            changed = put(value, path, told[0][1])
            form.show_values(changed)
            assert at(changed, path) == told[0][1], path
            form.show_values(value)  # as undo does
            assert not form.row(path).error


@pytest.mark.parametrize("name", kinds())
def test_an_edited_layer_is_stored_and_made_again(qtbot: QtBot, name: str) -> None:
    form, value = made(qtbot, kinds()[name])
    told: list[tuple[str, Any]] = []
    form.edited.connect(lambda path, new, _gesture: told.append((path, new)))
    for path in form.paths():
        for edit in edits_of(form.row(path).editor, at(value, path)):
            edit()
    form.reset()
    for path, new in told:
        node = Node("x", name, with_param(Node("x", name), path, new))
        assert at(make(name, node.params), path) == new
        assert len(node.params) <= 1, "only what differs from the defaults is stored"


def edits_of(editor: Any, before: Any) -> list[Any]:
    """Acts of a user that ask for another value, through the widget's own parts."""
    if isinstance(editor, Toggle):
        return [editor.click]
    if isinstance(editor, Choice):
        others = [index for index in range(editor.count()) if index != editor.currentIndex()]
        return [lambda index=index: editor.activated.emit(index) for index in others]
    if isinstance(editor, ShapeEdit):
        return [lambda: typed(editor.entry, "2x3")]
    if isinstance(editor, NumberEdit):
        slider = editor.slider
        acts = [lambda: typed(editor.entry, other_number(before))]
        if slider is not None:
            acts += [lambda place=place: slid(editor, place) for place in {slider.minimum(), slider.maximum()}]
        return acts
    return [lambda: typed(editor, "cpu" if before != "cpu" else "auto")]


def other_number(before: Any) -> str:
    if isinstance(before, tuple):
        return f"{before[0] + 1}x{before[-1] + 1}"
    return str(before + 1) if isinstance(before, int) else str(before * 0.5 or 0.25)


def typed(entry: Any, text: str) -> None:
    entry.setText(text)
    entry.editingFinished.emit()


def slid(editor: NumberEdit, place: int) -> None:
    assert editor.slider is not None
    # Away from there first, so that it is a move wherever the value stood.
    editor._value = None
    editor.slider.setValue(place)
    editor.slider.sliderMoved.emit(place)
