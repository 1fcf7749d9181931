# SPDX-License-Identifier: MPL-2.0
"""The cards say what differs from the papers, and the figures there are those of the code."""

from pathlib import Path

import pytest

from iqatrain import deviations, labels
from iqatrain.benchmarks import live, protocol
from iqatrain.meta import MetaRecipe
from iqatrain.networks import mt_irn

MODELS = Path(__file__).parents[2]
PICTURES = 1162  # of LIVE Challenge


@pytest.mark.parametrize("name", deviations.TABLES)
def test_a_card_holds_its_table(name):
    card = (MODELS / name / "card.md").read_text()
    assert "\n".join(deviations.table(name)) in card, (
        f"`python -m iqatrain.deviations` prints the table of {name}/card.md"
    )


@pytest.mark.parametrize("name", deviations.TABLES)
def test_rows_are_whole_and_each_comes_once(name):
    rows = deviations.TABLES[name]
    assert all(len(row) == len(deviations.COLUMNS) and all(row) and "|" not in "".join(row) for row in rows)
    assert len({row[0] for row in rows}) == len(rows)


def test_the_choice_of_recipes_has_seen_a_part_of_nine_tests():
    trained, measured = protocol.parts_of(PICTURES, 0, choosing=True)
    used, chosen_by = set(trained) | set(measured), set(measured)
    assert (len(trained), len(measured)) == (744, 186)
    tests = [set(live.split(PICTURES, seed)[1]) for seed in range(live.SPLITS)]
    assert not tests[0] & used
    shared = [sorted(len(test & part) for test in tests[1:]) for part in (used, chosen_by)]
    assert [(one[0], one[-1]) for one in shared] == [(182, 195), (37, 47)]
    assert "182 to 195" in deviations.CHOSEN[2] and "37 to 47" in deviations.CHOSEN[2]


def row(name, what):
    (found,) = [one for one in deviations.TABLES[name] if one[0].strip("*") == what]
    return found


def test_figures_are_those_of_the_code():
    recipe = MetaRecipe()
    crops = 50 * recipe.tasks * 2 * recipe.inner * recipe.batch
    assert f"{crops:,} crops" in row("metaiqa", "Length of the prior")[2]
    assert f"weight of {labels.WEIGHT}" in row("metaiqa", "Labels of the tasks")[2]
    assert recipe.beta == 1.0 and recipe.lr == 1e-4
    widths = row("mt-irn", "F1 to F3, widths")[2]
    for number in (mt_irn.WIDTH, mt_irn.DIFFERENCE, mt_irn.HIDDEN):
        assert str(number) in widths
