"""Released checkpoints become folders that hold the VQGAN and nothing of its training."""

import hashlib

import pytest
import torch
from safetensors.torch import load_file

from generator.engine.vqgan import VqganError, VqganSource, load_vqgan
from generator.engine.vqgan_import import import_vqgan, yaml_beside
from tests.engine.released_vqgan import (
    Reference,
    lightning_callbacks,
    pixels,
    transformer_around,
    write,
    yaml_of,
)


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "imported"
    folder.mkdir()
    return folder


def load(folder):
    return load_vqgan(VqganSource(folder / "model.safetensors", folder / "config.yaml"))


def check_same(folder, reference):
    with torch.no_grad():
        torch.testing.assert_close(load(folder)(pixels(32)), reference(pixels(32)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["VQModel", "GumbelVQ"])
def test_a_checkpoint_with_its_training_in_it_gives_tamings_own_pictures(tmp_path, target, kind):
    config = yaml_of(target=f"taming.models.vqgan.{kind}", embed_dim=16)
    reference = Reference(config).eval()
    source = write(tmp_path / "released", config, reference.state_dict())
    with lightning_callbacks() as callbacks:
        content = {
            "state_dict": reference.state_dict(),
            "callbacks": callbacks,
            "epoch": 11,
            "global_step": 7,
        }
        torch.save({**content, "optimizer_states": [{"state": {}}]}, source.weights)
    imported = import_vqgan(source, target)
    assert imported.architecture == ("f2 32 Gumbel" if kind == "GumbelVQ" else "f2 32")
    check_same(target, reference)
    assert not [name for name in load_file(target / "model.safetensors") if name.startswith("loss.")]


def test_the_vqgan_in_a_transformers_checkpoint_is_taken_out(tmp_path, target):
    config = yaml_of()
    reference = Reference(config).eval()
    source = write(tmp_path / "coco", *transformer_around(reference, config))
    assert import_vqgan(source, target).layout == "checkpoint of taming-transformers, out of a transformer's"
    check_same(target, reference)


def test_what_does_not_belong_to_a_transformer_either_is_listed(tmp_path, target):
    config = yaml_of()
    around, weights = transformer_around(Reference(config), config)
    weights["first_stage_model.surprise"] = torch.zeros(1)
    del weights["first_stage_model.quant_conv.bias"]
    with pytest.raises(VqganError, match=r"1 missing: quant_conv\.bias; 1 unexpected: surprise"):
        import_vqgan(write(tmp_path / "coco", around, weights), target)


def test_a_transformer_without_a_first_stage_is_refused(tmp_path, target):
    config = yaml_of()
    around, weights = transformer_around(Reference(config), config)
    del around.model.params["first_stage_config"]
    with pytest.raises(VqganError, match="names no VQGAN"):
        import_vqgan(write(tmp_path / "coco", around, weights), target)


def test_safetensors_stay_byte_for_byte(tmp_path, target):
    config = yaml_of()
    reference = Reference(config).eval()
    weights = {name: value for name, value in reference.state_dict().items() if not name.startswith("loss.")}
    source = write(tmp_path / "mine", config, weights, "model.safetensors")
    import_vqgan(source, target)
    check_same(target, reference)
    sums = [
        hashlib.sha256(path.read_bytes()).digest() for path in (source.weights, target / "model.safetensors")
    ]
    assert sums[0] == sums[1]


def test_the_yaml_is_found_beside_its_checkpoint_or_asked_for(tmp_path):
    weights = tmp_path / "last.ckpt"
    with pytest.raises(VqganError, match="name it with --config"):
        yaml_beside(weights)
    (tmp_path / "project.yaml").touch()
    assert yaml_beside(weights).name == "project.yaml"
    (tmp_path / "last.yaml").touch()
    assert yaml_beside(weights).name == "last.yaml"
