"""The file of a lesson: what it may say, and what is told of one that says something else."""

from __future__ import annotations

import pytest

from builder.graph.problems import ProblemError
from builder.project.lessons import Lesson, SetUp, find, lessons, parse
from builder.project.set_ups import project_of

HEAD = '+++\ntitle = "Kernels"\naim = "What a kernel does."\nminutes = 10\ntopics = ["Convolution"]\n+++\n'


def lesson(body: str, file: str = "03-kernels.md") -> Lesson:
    return parse(HEAD + body, file)


def set_up(toml: str) -> SetUp:
    (found,) = lesson(f"```setup\n{toml}\n```\n").set_ups
    return found


def problem(text: str, file: str = "03-kernels.md") -> str:
    with pytest.raises(ProblemError) as error:
        parse(text, file)
    return str(error.value)


def test_a_lesson_is_cut_into_steps_with_text_and_set_ups_in_their_order() -> None:
    found = lesson(
        '\nFirst *words*.\n\n## One step\n\nBefore.\n\n```setup\n# ## no heading\nname = "A"\ntemplate = "mlp"\n```\n\n'
        "After, see [the next](lesson:pooling) and [this](https://example.org).\n\n## Last\n\nEnd.\n"
    )
    assert (found.key, found.title, found.minutes, found.topics) == ("kernels", "Kernels", 10, ("Convolution",))
    assert [step.title for step in found.steps] == ["", "One step", "Last"]
    before, made, after = found.steps[1].parts
    assert before == "Before."
    assert isinstance(made, SetUp)
    assert made.name == "A"
    assert made.place == "03-kernels.md, line 14"
    assert str(after).startswith("After")
    assert found.links == ("lesson:pooling", "https://example.org")


@pytest.mark.parametrize(
    ("words", "rank"),
    [("", 0), ("KERNEL", 0), ("lesson 3", 0), ("ernels", 1), ("kernels lesson", 1), ("kernel does", 2), ("steps", 2),
     ("words", 3), ("A kernel steps", 2), ("kernel here", 3), ("3x3", 3), ("kernel pooling-layer", None),
     ("lesson 4", None)],
)  # fmt: skip
def test_a_lesson_is_found_by_its_title_before_its_headings_and_its_text(words: str, rank: int | None) -> None:
    found = lesson('Words of 3×3.\n\n## Two steps\n\nText.\n\n```setup\nname = "here"\ntemplate = "mlp"\n```\n')
    assert found.rank(words) == rank


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('```setup\nname = "A"\ntemplate = \n```\n', "03-kernels.md, line 9: this is no TOML"),
        ('```setup\nname = "A"\ntemplate = "mlp"\nshape = 3\n```\n', "line 10.shape: there is no parameter"),
        ('```setup\nname = "A"\n```\n', "names a template or writes a network"),
        ('```setup\nname = "A"\ntemplate = "mlp"\nchange = [{becomes = "ReLU"}]\n```\n', "line 10"),
        ('```setup\nname = "A"\ntemplate = "mlp"\nbegin = {kind = "ones"}\n```\n', "line 10"),
        (
            '```setup\nname = "A"\ntemplate = "mlp"\n```\n\n```setup\nname = "A"\ntemplate = "mlp"\n```\n',
            "line 12: two set-ups are called A",
        ),
        ("\n", "a lesson has text"),
    ],
)
def test_a_fault_is_told_with_file_and_line(body: str, words: str) -> None:
    assert words in problem(HEAD + body)


def test_a_fault_of_the_head_is_told_with_its_line() -> None:
    assert "03-kernels.md, line 1: a lesson begins with a head" in problem("# Kernels\n")
    assert "line 4" in problem(HEAD.replace("10", "0") + "x")
    assert "line 5" in problem(HEAD.replace("Convolution", "Cooking") + "x")
    assert "is called by a number and small letters" in problem(HEAD + "x", "Kernels.md")


def test_settings_are_those_of_the_command_line() -> None:
    project = project_of(
        set_up('name = "A"\ntemplate = "mlp"\nsettings = ["training.optimizer=adam", "data.limit=50"]')
    )
    assert project.name == "A"
    assert project.training.optimizer.kind == "adam"
    assert project.data.limit == 50


def test_layers_become_others_by_name_and_by_kind() -> None:
    toml = (
        'name = "A"\ntemplate = "lenet5"\nchange = [{kind = "Tanh", becomes = "ReLU"}, '
        '{layer = "conv1", params = {filters = 8}}, {layer = "pool1", becomes = "MaxPool2d"}, '
        '{layer = "softmax1", remove = true}]\nbegin = {kind = "zeros"}'
    )
    nodes = project_of(set_up(toml)).graph.nodes
    assert [name for name, node in nodes.items() if node.kind == "ReLU"] == ["relu1", "relu2", "relu3", "relu4"]
    assert nodes["conv1"].params["filters"] == 8
    assert nodes["conv1"].params["kernel_size"] == 5
    assert nodes["pool1"].kind == "MaxPool2d"  # the name suits both
    assert "softmax1" not in nodes
    assert nodes["fc1"].params["initialisation"]["kind"] == "zeros"


def test_a_kind_changes_in_blocks_too() -> None:
    toml = 'name = "A"\ntemplate = "resnet20-small"\nchange = [{kind = "ReLU", becomes = "Tanh"}]'
    network = project_of(set_up(toml)).network
    inner = [node.kind for block in network.blocks.values() for node in block.graph.nodes.values()]
    assert "Tanh" in inner
    assert "ReLU" not in inner


def test_a_network_is_written_as_a_row_with_repeats() -> None:
    toml = (
        'name = "A"\nnetwork = [{kind = "Input", name = "input", params = {shape = [1, 8, 8]}}, {kind = "Flatten"},\n'
        '{times = 3, of = [{kind = "Linear", params = {features = 5}}, {kind = "Tanh"}]},\n{kind = "Output"}]'
    )
    graph = project_of(set_up(toml)).graph
    assert list(graph.nodes) == ["input", "flatten1", "fc1", "tanh1", "fc2", "tanh2", "fc3", "tanh3", "output1"]
    assert len(graph.edges) == 8


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('template = "mpl"', "no template called mpl"),
        ('template = "mlp"\nsettings = ["training.epoch=3"]', "training.epoch: there is no such setting"),
        ('template = "mlp"\nsettings = ["training.epochs"]', "not of the form KEY=VALUE"),
        ('template = "mlp"\nchange = [{layer = "conv9", remove = true}]', "no layer called conv9"),
        ('template = "mlp"\nchange = [{kind = "Tanh", becomes = "ReLU"}]', "no layer of the kind Tanh"),
        ('template = "mlp"\nchange = [{kind = "ReLU", becomes = "Relu"}]', "no kind of layer called Relu"),
    ],
)
def test_what_a_set_up_cannot_open_is_told_with_its_place(toml: str, words: str) -> None:
    with pytest.raises(ProblemError) as error:
        project_of(set_up(f'name = "A"\n{toml}'))
    assert words in str(error.value)
    assert "03-kernels.md, line 7" in str(error.value)


def test_lessons_are_found_by_key() -> None:
    first = lessons()[0]
    assert find(first.key) is first
    assert find("cooking") is None


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("7x7", "three-small"),  # the title has ×
        ("picture to picture", "denoising"),  # LeNet-5 goes "from picture to answer"
        ("overfitting", "few-samples"),
        ("residual", "residual"),
    ],
)
def test_words_come_nearest_to_the_lesson_that_is_called_so(words: str, key: str) -> None:
    ranks = {lesson.key: lesson.rank(words) for lesson in lessons()}
    known = {name: rank for name, rank in ranks.items() if rank is not None}
    assert known[key] == min(known.values())
    assert find(key).rank("xyzzy") is None  # type: ignore[union-attr]
