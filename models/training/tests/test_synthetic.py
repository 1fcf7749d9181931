# SPDX-License-Identifier: MPL-2.0
"""Distortions, synthetic pictures and labels."""

import csv

import numpy as np
import pytest
import torch

from iqatrain import coded, colour, data, fidelity, kadid, labels, synthetic, text
from iqatrain.jpeg import ENCODERS
from iqatrain.ssim import ssim_map

PICTURE = data.noise_pictures(1, 112, seed=3).pixels[0]
# At these types' first or middle level the set's own parameters change nothing (or less than a step of 8 bits).
UNCHANGED = {("gaussian-blur", 1), ("motion-blur", 1), ("saturation-lab", 1), ("mean-shift", 3)}


def psnr(a, b):
    error = np.mean((a.astype(float) - b) ** 2)
    return np.inf if error == 0 else 10 * np.log10(255**2 / error)


@pytest.mark.parametrize("kind", range(1, kadid.TYPES + 1))
def test_each_type_keeps_the_size_and_the_last_level_differs_most(kind):
    name = kadid.NAMES[kind - 1]
    copies = [kadid.distort(PICTURE, kind, level, np.random.default_rng(7)) for level in range(1, 6)]
    assert all(one.shape == PICTURE.shape and one.dtype == np.uint8 for one in copies)
    errors = [psnr(one, PICTURE) for one in copies]
    for level, error in enumerate(errors, 1):
        assert np.isinf(error) or error > 30 if (name, level) in UNCHANGED else np.isfinite(error), (name, level)
    if name not in ("mean-shift", "contrast"):  # those go through the untouched picture
        assert errors[4] == min(errors)


def test_a_seed_gives_the_same_picture_and_another_does_not():
    one, same, other = (kadid.distort(PICTURE, 11, 3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()


def test_colour_spaces_are_inverses_and_agree_with_known_values():
    rgb = np.random.default_rng(0).random((9, 9, 3)).astype(np.float32)
    np.testing.assert_allclose(colour.lab_to_rgb(colour.rgb_to_lab(rgb)), rgb, atol=2e-4)
    np.testing.assert_allclose(colour.ycc_to_rgb(colour.rgb_to_ycc(rgb)), rgb, atol=1e-5)
    # sRGB red in CIE L*a*b* under D65, as CIE's formulas give it.
    np.testing.assert_allclose(colour.rgb_to_lab(np.float32([[[1, 0, 0]]]))[0, 0], [53.24, 80.09, 67.20], atol=0.05)


def test_a_stopped_folder_goes_on_and_refuses_other_references(folder):
    before = np.load(folder / "synthetic" / "pixels.npy")
    done = np.load(folder / "synthetic" / "done.npy", mmap_mode="r+")
    done[3], done[4] = 0, 0
    done.flush()
    files = synthetic.pristine_files([folder / "pristine"])
    pixels = np.load(folder / "synthetic" / "pixels.npy", mmap_mode="r+")
    pixels[3] = 0
    pixels.flush()
    assert len(synthetic.open_synthetic(folder / "synthetic").available) == 8
    synthetic.make(folder / "synthetic", files, side=96, with_measures=False)
    assert (np.load(folder / "synthetic" / "pixels.npy") == before).all()
    with pytest.raises(ValueError, match="other references"):
        synthetic.make(folder / "synthetic", files[:-1], side=96)


def test_some_types_are_as_in_the_whole_set_and_refused_where_all_are_needed(folder, tmp_path):
    files = synthetic.pristine_files([folder / "pristine"])[:2]
    synthetic.make(tmp_path / "some", files, side=96, with_measures=False, types=synthetic.parse_types("10,1"))
    some = synthetic.open_synthetic(tmp_path / "some", some_types=True)
    whole = synthetic.open_synthetic(folder / "synthetic")
    assert some.types == (1, 10) and whole.types == tuple(range(1, whole.kinds + 1))
    for kind in some.types:
        assert (some.picture(1, kind, 3) == whole.picture(1, kind, 3)).all()
    assert not some.picture(1, 2, 3).any()
    with pytest.raises(ValueError, match="types 1,10 alone"):
        synthetic.open_synthetic(tmp_path / "some")
    with pytest.raises(ValueError, match="other types"):
        synthetic.make(tmp_path / "some", files, side=96, with_measures=False)
    with pytest.raises(ValueError, match="go from 1 to 25"):
        synthetic.parse_types("1,26")


def test_evaluation_pictures_are_refused(tmp_path):
    (tmp_path / "kodak").mkdir()
    (tmp_path / "kodak" / "1.png").touch()
    with pytest.raises(ValueError, match="kept for evaluation"):
        synthetic.pristine_files([tmp_path])


def test_training_and_held_out_references_share_nothing(folder):
    pictures = synthetic.open_synthetic(folder / "synthetic")
    assert not set(pictures.part(True)) & set(pictures.part(False))
    assert len(pictures.part(True)) == 2


def test_cells_are_read_by_type_and_level(tmp_path):
    table = tmp_path / "KADID-10k.txt"
    with open(table, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("dis_img_path", "dis_type", "ref_img_path", "score"))
        for kind in range(1, 26):
            for level in range(1, 6):
                for picture, shift in ((1, -0.1), (2, 0.1)):
                    rows.writerow(
                        (f"K/I{picture:02}_{kind:02}_{level:02}.png", "x", "r", 5 - level / 2 - kind / 100 + shift)
                    )
    mean, spread = labels.read_cells(table)
    assert mean[2, 1] == pytest.approx((5 - 1 - 0.03 - 1) / 4) and spread[2, 1] == pytest.approx(0.025)


def test_labels_follow_the_cell_and_within_it_the_measure(folder):
    pictures = synthetic.open_synthetic(folder / "synthetic")
    found = labels.label(folder / "tables.npz", pictures, weight=0.5)
    np.testing.assert_allclose(found.scores.mean((0, 1)), np.linspace(0.9, 0.1, 5), atol=0.01)
    column = pictures.measures[:, 7, fidelity.MEASURES.index(labels.MEASURE)]  # type 2, level 3
    assert (np.argsort(column) == np.argsort(found.scores[:, 1, 2])).all()


def test_attribute_targets_name_the_own_dimension():
    targets, weights = labels.attribute_targets(kadid.NAMES.index("jpeg") + 1, 0.2)
    dimensions = list(text.DIMENSIONS)
    assert targets[dimensions.index("integrity")] == np.float32(0.2) and targets.sum() == pytest.approx(5.2)
    assert weights[dimensions.index("sharpness")] == 0
    assert labels.attribute_targets(0, 1.0)[0].tolist() == [1.0] * 6
    assert set(labels.OWN) == set(labels.NAMES)
    assert {own[0] for own in labels.OWN.values()} == set(dimensions)


def test_forty_adjectives_with_embeddings_of_unit_length():
    words = [word for word, _, _ in text.adjectives()]
    assert len(words) == len(set(words)) == 40
    assert text.embeddings().shape == (40, 384)
    np.testing.assert_allclose(np.linalg.norm(text.embeddings(), axis=1), 1, atol=2e-3)


def test_ssim_map_is_piqs_and_one_for_equal_pictures():
    piq = pytest.importorskip("piq")
    x = torch.rand(1, 3, 48, 48)
    y = (x + 0.1 * torch.randn_like(x)).clamp(0, 1)
    assert torch.allclose(ssim_map(x, x), torch.ones(1, 1, 48, 48))
    grey = [(one * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True) for one in (x, y)]
    assert float(ssim_map(x, y)[..., 5:-5, 5:-5].mean()) == pytest.approx(
        float(piq.ssim(*grey, downsample=False)), abs=1e-4
    )


def test_measures_prefer_the_better_copy():
    pytest.importorskip("piq")
    good, bad = (kadid.distort(PICTURE, 11, level, np.random.default_rng(0)) for level in (1, 5))
    assert (fidelity.measures(PICTURE, good) > fidelity.measures(PICTURE, bad)).all()


@pytest.mark.parametrize("coder", coded.CODERS)
def test_coders_lose_more_at_each_level(coder):
    smooth = kadid.distort(PICTURE, 1, 4, np.random.default_rng(0))
    errors = [psnr(coded.encoded(smooth, coder, quantiser), smooth) for quantiser in coded.CODERS[coder][3]]
    assert all(a > b for a, b in zip(errors, errors[1:])) and errors[0] > 30


@pytest.mark.parametrize("ladder", coded.FINE)
def test_fine_jpeg_loses_more_at_each_level(ladder):
    encoder, chroma, qualities = coded.FINE[ladder]
    errors = [psnr(ENCODERS[encoder](PICTURE, quality, chroma), PICTURE) for quality in qualities]
    assert all(a > b for a, b in zip(errors, errors[1:]))


def test_coded_pictures_join_the_folder_and_are_labelled_on_the_coders_cells(folder, tmp_path):
    import shutil

    shutil.copytree(folder / "synthetic", tmp_path / "synthetic")
    coded.make(tmp_path / "synthetic", with_measures=False)
    # Measures as if they told the truth: falling with the level, over the range of the two coders' own, and one beyond
    # it.
    measures, of_coded = (
        np.load(tmp_path / "synthetic" / f"{name}.npy", mmap_mode="r+") for name in ("measures", "coded_measures")
    )
    measures[:] = fidelity.EQUAL - np.tile(np.linspace(0.2, 1, 5), 25)[None, :, None]
    of_coded[:] = fidelity.EQUAL - np.tile(np.linspace(0.2, 1, 5), 8)[None, :, None]
    of_coded[:, 35:] = fidelity.EQUAL - np.linspace(0.02, 0.18, 5)[None, :, None]
    pictures = synthetic.open_synthetic(tmp_path / "synthetic")
    assert pictures.kinds == 33 and pictures.picture(2, 33, 5).shape == (96, 96, 3)
    assert (pictures.picture(2, 29, 1) == coded.rescaled(np.asarray(pictures.reference(2)), coded.FACTORS[0])).all()
    found = labels.label(folder / "tables.npz", pictures, weight=0.0)
    np.testing.assert_allclose(found.scores[:, 25:32], np.broadcast_to(np.linspace(0.9, 0.1, 5), (10, 7, 5)), atol=1e-6)
    # Finer than KADID-10k's finest JPEG: between its label and that of an equal picture, in order.
    np.testing.assert_allclose(found.scores[:, 32], np.broadcast_to(np.linspace(0.99, 0.91, 5), (10, 5)), atol=1e-6)
