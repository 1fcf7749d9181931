# SPDX-License-Identifier: MPL-2.0
"""MetaIQA's network: resuming, learning, exporting; and the distortions of the ranking loss."""

import contextlib
import io
import tempfile
import tomllib
import unittest
import unittest.mock
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from iqatrain import data, datasets, distortions, export, finetune, networks
from iqatrain.finetune import FinetuneRecipe, FinetuneTrainer, train

RECIPE = dict(steps=4, batch=4, degraded=1, crop=96, early_crop=64, early_share=0.5, warmup=1, bf16=False)


def fresh(**changes):
    recipe = FinetuneRecipe(**{**RECIPE, **changes})
    torch.manual_seed(recipe.seed)
    return FinetuneTrainer(networks.build("metaiqa", frozen_blocks=2), recipe)


def quietly(*arguments, **options):
    with contextlib.redirect_stdout(io.StringIO()):
        train(*arguments, **options)


class Resuming(unittest.TestCase):
    def test_stopped_and_resumed_is_as_not_stopped(self):
        pictures, validation = data.split(data.noise_pictures(10, 256), 2)
        with tempfile.TemporaryDirectory() as folder:
            whole, folder = fresh(), Path(folder)
            quietly(whole, pictures, validation, folder / "whole")
            quietly(fresh(), pictures, validation, folder / "parts", stop_at=2)
            resumed = fresh(seed=1)
            resumed.load(folder / "parts" / "checkpoint.pt")
            self.assertEqual(resumed.step, 2)
            quietly(resumed, pictures, validation, folder / "parts", workers=2)
        self.assertEqual(resumed.step, 4)
        for name, value in whole.ema.shadow.items():
            self.assertTrue(torch.equal(value, resumed.ema.shadow[name]), name)
        for name, value in whole.network.state_dict().items():
            self.assertTrue(torch.equal(value, resumed.network.state_dict()[name]), name)


class Learning(unittest.TestCase):
    def test_frozen_parts_stay_and_the_rest_moves(self):
        training = fresh()
        before = {name: value.clone() for name, value in training.network.state_dict().items()}
        pictures = data.noise_pictures(8, 256).take(range(8))
        training.training_step(datasets.batch_of(pictures, training.recipe, 0))
        after = training.network.state_dict()
        self.assertTrue(torch.equal(before["backbone.blocks.1.conv1.weight"], after["backbone.blocks.1.conv1.weight"]))
        self.assertFalse(torch.equal(before["backbone.blocks.2.conv1.weight"], after["backbone.blocks.2.conv1.weight"]))
        self.assertFalse(torch.equal(before["head.0.weight"], after["head.0.weight"]))

    def test_ranking_loss_wants_the_order(self):
        recipe = FinetuneRecipe(batch=1, degraded=1)
        target, strengths = torch.tensor([0.8]), torch.tensor([[0.3, 0.8]])
        in_order = finetune.losses(torch.tensor([0.8, 0.6, 0.3]), target, strengths, 0.03, recipe)[3]
        reversed_ = finetune.losses(torch.tensor([0.3, 0.6, 0.8]), target, strengths, 0.03, recipe)[3]
        self.assertEqual(float(in_order), 0.0)
        self.assertGreater(float(reversed_), 1.0)


class Distortions(unittest.TestCase):
    def test_each_kind_keeps_the_size_and_the_stronger_differs_more(self):
        picture = data.noise_pictures(1, 256, seed=3).pixels[0]
        for kind in distortions.KINDS:
            with self.subTest(kind):
                shares = {kind: 1.0}
                with unittest.mock.patch.object(distortions, "KINDS", shares):
                    pair, (mild, strong) = distortions.degraded_pair(picture, 16, 16, 128, np.random.default_rng(5))
                self.assertLess(mild, strong)
                original = picture[16:144, 16:144].astype(float)
                errors = [np.mean((one - original) ** 2) for one in pair]
                self.assertEqual([one.shape for one in pair], [(128, 128, 3)] * 2)
                self.assertLess(errors[0], errors[1])


class Exporting(unittest.TestCase):
    def test_the_graph_agrees_with_the_network_and_takes_any_batch(self):
        network = fresh().network.eval()
        for module in network.modules():  # as if trained: every scale, shift, mean and variance its own
            if hasattr(module, "variance"):
                module.variance.uniform_(0.5, 2)
                module.mean.uniform_(-0.1, 0.1)
                torch.nn.init.uniform_(module.scale, 0.5, 1.5)
                torch.nn.init.uniform_(module.shift, -0.1, 0.1)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            export.write_onnx(network, path)
            self.assertLess(path.stat().st_size, 25_000_000)
            model = onnx.load(path)
            session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
        contract = tomllib.loads({p.key: p.value for p in model.metadata_props}["iqa.contract"])
        self.assertEqual(contract["input"][0]["tensor"], session.get_inputs()[0].name)
        self.assertEqual(contract["output"]["tensor"], session.get_outputs()[0].name)
        self.assertLessEqual(model.opset_import[0].version, 17)
        self.assertLessEqual(model.ir_version, 9)
        for count in (1, 3):
            x = torch.randn(count, 3, 224, 224)
            with torch.no_grad():
                expected = network(x).numpy()
            (found,) = session.run(None, {"input": x.numpy()})
            self.assertEqual(found.shape, (count, 1))
            np.testing.assert_allclose(found, expected, atol=3e-3)


if __name__ == "__main__":
    unittest.main()
