"""Random changes of training batches: what each does, that it does no more, and that chance is reproducible."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from builder.data.augmentation import Augmentation
from builder.data.augmenter import Augmenter, moved, placements, principal_colours
from builder.data.prepare import prepare
from builder.data.settings import DataSettings

CPU = torch.device("cpu")
STRONG: dict[str, Any] = {
    "flip_horizontal": True, "flip_vertical": True, "shift": 0.2, "rotation": 40, "scale": 0.3, "crop": 2,
    "brightness": 0.4, "contrast": 0.4, "saturation": 0.5, "pca": 0.5, "noise": 0.2,
}  # fmt: skip
LABELS = torch.zeros(0)


def pictures(count: int = 6, channels: int = 3, height: int = 9, width: int = 12) -> Tensor:
    return torch.randint(0, 256, (count, channels, height, width), generator=torch.Generator().manual_seed(1)).float()


def augmenter(shape: tuple[int, ...] = (3, 9, 12), seed: int = 0, **changes: Any) -> Augmenter:
    return Augmenter(Augmentation(**changes), seed, shape, CPU, colours=20 * torch.eye(3))


def draws(count: int, **columns: float) -> Tensor:
    """Random numbers of which those of some columns are given; the others change nothing."""
    names = (
        "flip_x",
        "flip_y",
        "x",
        "y",
        "rotation",
        "scale",
        "crop_x",
        "crop_y",
        "brightness",
        "contrast",
        "saturation",
    )
    found = torch.full((count, len(names)), 0.5)
    for name, value in columns.items():
        found[:, names.index(name)] = value
    return found


def test_zero_strengths_are_the_identity_to_the_last_digit() -> None:
    x = pictures()
    changed, targets = augmenter()(x, LABELS, 3)
    assert torch.equal(changed, x)
    assert targets is LABELS
    assert prepare(DataSettings(), (1, 8, 8), "cpu").augmenter(Augmentation(), 0) is None


@pytest.mark.parametrize("axis", ["horizontal", "vertical"])
def test_a_flip_mirrors_and_twice_is_the_identity(axis: str) -> None:
    x = pictures()
    chosen = Augmentation(**{f"flip_{axis}": True})
    where = placements(chosen, draws(len(x), **{"flip_x" if axis == "horizontal" else "flip_y": 0.1}), 9, 12)
    once = moved(x, where, exact=True)
    assert torch.equal(once, x.flip(3 if axis == "horizontal" else 2))
    assert torch.equal(moved(once, where, exact=True), x)


def test_half_of_the_pictures_are_mirrored_and_the_others_are_as_they_were() -> None:
    x = pictures(400)
    changed, _ = augmenter(flip_horizontal=True)(x, LABELS, 0)
    mirrored = torch.tensor([torch.equal(one, other.flip(2)) for one, other in zip(changed, x, strict=True)])
    kept = torch.tensor([torch.equal(one, other) for one, other in zip(changed, x, strict=True)])
    assert torch.equal(mirrored, ~kept)
    assert 150 < int(mirrored.sum()) < 250


@pytest.mark.parametrize(("across", "down"), [(1.0, 0.5), (0.5, 1.0), (0.0, 0.0)])
def test_a_known_shift_moves_a_known_pixel(across: float, down: float) -> None:
    x = torch.zeros(1, 1, 8, 12)
    x[0, 0, 4, 6] = 1.0
    where = placements(Augmentation(shift=0.25), draws(1, x=across, y=down), 8, 12)
    wanted = torch.zeros(1, 1, 8, 12)
    wanted[0, 0, 4 + int(2 * (2 * down - 1)), 6 + int(3 * (2 * across - 1))] = 1.0
    torch.testing.assert_close(moved(x, where, exact=False), wanted, rtol=0, atol=1e-5)


def test_a_quarter_turn_is_that_of_the_picture_also_where_it_is_not_square() -> None:
    x = torch.zeros(1, 1, 9, 15)
    x[0, 0, 1:8, 4:11] = pictures(1, 1, 7, 7)[0, 0]
    turned = moved(x, placements(Augmentation(rotation=90), draws(1, rotation=1.0), 9, 15), exact=False)
    wanted = x.clone()
    wanted[0, 0, 1:8, 4:11] = x[0, 0, 1:8, 4:11].rot90(-1)
    torch.testing.assert_close(turned, wanted, rtol=0, atol=1e-2)


def test_scaling_enlarges_about_the_middle() -> None:
    x = torch.zeros(1, 1, 16, 16)
    x[0, 0, 6:10, 6:10] = 1.0
    for draw, width in ((1.0, 6.0), (0.0, 2.0)):
        found = moved(x, placements(Augmentation(scale=0.5), draws(1, scale=draw), 16, 16), exact=False)[0, 0]
        assert float(found.sum()) == pytest.approx(width**2, rel=0.15)
        assert torch.allclose(found, found.flip(0).flip(1), atol=1e-5)


def test_a_crop_is_a_step_of_whole_pixels_and_all_of_them_occur() -> None:
    x = pictures(500, 1, 8, 8)
    padded = functional.pad(x, (2, 2, 2, 2))
    changed, _ = augmenter((1, 8, 8), crop=2)(x, LABELS, 0)
    found = set()
    for one, room in zip(changed, padded, strict=True):
        places = [(y, z) for y in range(5) for z in range(5) if torch.equal(one, room[:, y : y + 8, z : z + 8])]
        assert len(places) == 1
        found.add(places[0])
    assert len(found) == 25


def test_affine_places_are_those_of_pytorch() -> None:
    x = pictures(5)
    where = placements(Augmentation(shift=0.2, rotation=30, scale=0.3), torch.rand(5, 11), 9, 12)
    grid = functional.affine_grid(where, list(x.shape), align_corners=False)
    wanted = functional.grid_sample(x, grid, "bilinear", "zeros", align_corners=False)
    torch.testing.assert_close(moved(x, where, exact=False), wanted, rtol=0, atol=1e-2)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_chance_depends_on_seed_and_step_alone(data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from(sorted(STRONG)), min_size=1))
    chosen = {name: STRONG[name] for name in names}
    x, seed, step = pictures(), data.draw(st.integers(0, 2**31 - 1)), data.draw(st.integers(0, 10**6))
    one = augmenter(seed=seed, **chosen)
    first, _ = one(x, LABELS, step)
    one(x, LABELS, step + 1)
    torch.rand(3)  # what else draws meanwhile does not matter
    assert torch.equal(one(x, LABELS, step)[0], first)
    assert torch.equal(augmenter(seed=seed, **chosen)(x, LABELS, step)[0], first)
    assert first.shape == x.shape
    assert 0 <= float(first.min()) <= float(first.max()) <= 255.0


def test_samples_steps_and_seeds_differ() -> None:
    x = pictures(1).expand(8, -1, -1, -1)
    changed, _ = augmenter(**STRONG)(x, LABELS, 0)
    for one in range(8):
        assert all(not torch.equal(changed[one], changed[other]) for other in range(one))
    assert not torch.equal(augmenter(**STRONG)(x, LABELS, 1)[0], changed)
    assert not torch.equal(augmenter(seed=1, **STRONG)(x, LABELS, 0)[0], changed)


def test_one_more_change_leaves_the_others_as_they_were() -> None:
    x = torch.full((50, 1, 9, 12), 100.0)
    dim, _ = augmenter((1, 9, 12), brightness=0.3)(x, LABELS, 2)
    both, _ = augmenter((1, 9, 12), brightness=0.3, contrast=0.5)(x, LABELS, 2)
    torch.testing.assert_close(both, dim)  # of one grey, contrast changes nothing


def test_the_first_numbers_of_neighbouring_steps_are_spread_evenly() -> None:
    x = torch.full((1, 1, 1, 1), 100.0)
    found = torch.stack([augmenter((1, 1, 1), brightness=1.0)(x, LABELS, step)[0].flatten() for step in range(2000)])
    assert float(found.mean()) == pytest.approx(100, abs=4)
    assert float(found.std()) == pytest.approx(100 / math.sqrt(3), rel=0.05)


def test_each_colour_change_does_what_it_says() -> None:
    x = (pictures(30) / 3 + 80).round()
    brighter, _ = augmenter(brightness=0.2)(x, LABELS, 0)
    factors = brighter / x
    assert float(factors.flatten(1).std(1).max()) < 1e-5
    assert 0.8 <= float(factors.min()) < 0.9 < 1.1 < float(factors.max()) <= 1.2001
    flatter, _ = augmenter(contrast=0.5)(x, LABELS, 0)
    torch.testing.assert_close(flatter.mean((1, 2, 3)), x.mean((1, 2, 3)))
    spread = flatter.std((1, 2, 3)) / x.std((1, 2, 3))
    assert 0.5 <= float(spread.min()) < 0.8 < 1.2 < float(spread.max()) <= 1.501
    grey = (x * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1)
    paler, _ = augmenter(saturation=0.5)(x, LABELS, 0)
    torch.testing.assert_close((paler * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1), grey)
    same, _ = augmenter(saturation=0.5)(x[:, :1].expand(-1, 3, -1, -1), LABELS, 0)
    torch.testing.assert_close(same, x[:, :1].expand(-1, 3, -1, -1))
    tinted, _ = augmenter(pca=0.5)(x, LABELS, 0)
    steps = (tinted - x).flatten(2)
    assert float(steps.std(2).max()) < 1e-3  # all pixels of a picture alike
    assert float(steps[:, :, 0].std()) == pytest.approx(0.5 * 20, rel=0.4)


def test_principal_colours_are_those_of_the_covariance() -> None:
    generator = torch.Generator().manual_seed(0)
    mixing = torch.tensor([[20.0, 18.0, 15.0], [0.0, 5.0, -4.0], [1.0, 0.0, 1.0]])
    pixels = (128 + torch.randn(400, 30, 3, generator=generator) @ mixing).clamp(0, 255).round()
    found = principal_colours(pixels.to(torch.uint8).permute(0, 2, 1).unsqueeze(3)).double()
    torch.testing.assert_close(
        found.T @ found, pixels.reshape(-1, 3).double().T.cov(correction=0), rtol=1e-4, atol=1e-3
    )


def test_noise_is_a_share_of_the_full_range_and_stays_within_it() -> None:
    x = torch.full((64, 1, 32, 32), 127.0)
    noisy, _ = augmenter((1, 32, 32), noise=0.1)(x, LABELS, 0)
    assert float((noisy - x).std()) == pytest.approx(25.5, rel=0.03)
    points = torch.zeros(4000, 2)
    spans = torch.tensor([2.0, 10.0])
    found, _ = Augmenter(Augmentation(noise=0.1), 0, None, CPU, spans=spans)(points, LABELS, 0)
    torch.testing.assert_close(found.std(0), spans / 10, rtol=0.05, atol=0)


def test_a_picture_that_is_the_answer_follows_and_gets_no_noise() -> None:
    x = pictures(6, 1)
    changed, answer = augmenter((1, 9, 12), shift=0.2, rotation=30, flip_horizontal=True)(x, x / 255, 0)
    torch.testing.assert_close(answer * 255, changed, rtol=0, atol=1e-3)
    noisy, answer = augmenter((1, 9, 12), flip_vertical=True, noise=0.3, brightness=0.5)(x, x, 0)
    assert not torch.equal(noisy, answer)
    assert torch.equal(answer, augmenter((1, 9, 12), flip_vertical=True)(x, x, 0)[0])


@pytest.mark.cuda
def test_a_gpu_does_the_same_with_the_same_numbers() -> None:
    x, numbers = pictures(), torch.rand(6, 11)
    where = placements(Augmentation(shift=0.2, rotation=40, scale=0.3, flip_horizontal=True), numbers, 9, 12)
    there = moved(x.cuda(), where.cuda(), exact=False)
    torch.testing.assert_close(there.cpu(), moved(x, where, exact=False), rtol=0, atol=1e-2)
    changer = Augmenter(Augmentation(**STRONG), 0, (3, 9, 12), torch.device("cuda"), colours=20 * torch.eye(3))
    once, again = (changer(x.cuda(), LABELS.cuda(), 3)[0] for _ in range(2))
    assert torch.equal(once, again)
    assert 0 <= float(once.min()) < float(once.max()) <= 255.0


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("shape", [(1, 20, 20), (3, 20, 24), (64,)])
def test_a_batch_is_changed_before_it_is_normalised(shape: tuple[int, ...], last: bool) -> None:
    found = prepare(DataSettings(), shape, "cpu", channels_last=last)
    rows = torch.arange(20)
    plain, labels = found.train.batch(rows)
    same, told = found.train.batch(rows, lambda x, y: (x, y))
    assert torch.equal(same, plain)
    assert torch.equal(told, labels)
    seen: list[tuple[int, ...]] = []

    def mirror(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(tuple(x.shape))
        assert 0 <= float(x.min()) < float(x.max()) <= 255.0
        return x.flip(3), y

    mirrored, _ = found.train.batch(rows, mirror)
    picture = (1, 8, 8) if len(shape) == 1 else shape
    assert seen == [(20, *picture)]
    assert torch.equal(mirrored.view(20, *picture), plain.view(20, *picture).flip(3))
