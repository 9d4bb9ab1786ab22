"""Loading a VQGAN strictly: files of exactly the released format, with random values."""

import hashlib
import os
import subprocess
import sys

import pytest
import torch
from omegaconf import OmegaConf

from generator.engine.vqgan import VqganError, VqganSource, load_vqgan
from tests.engine.released_vqgan import (
    IMAGENET_F16_1024,
    Reference,
    lightning_callbacks,
    pixels,
    write,
    yaml_of,
)


@pytest.fixture
def small(tmp_path):
    config = yaml_of()
    reference = Reference(config).eval()
    return config, reference, write(tmp_path / "small", config, reference.state_dict())


def test_the_released_imagenet_model_at_full_width_gives_what_tamings_own_modules_give(tmp_path):
    config = OmegaConf.create(IMAGENET_F16_1024)
    reference = Reference(config).eval()
    model = load_vqgan(write(tmp_path, config, reference.state_dict()))
    with torch.no_grad():
        torch.testing.assert_close(model(pixels(32, 1)), reference(pixels(32, 1)), atol=1e-5, rtol=0)
    assert model.factor == 16
    assert model.codebook.shape == (1024, 256)


def test_parameters_have_the_names_of_released_checkpoints(small):
    names = load_vqgan(small[2]).state_dict()
    for name in (
        "encoder.conv_in.weight",
        "encoder.down.1.attn.0.q.weight",
        "encoder.mid.block_1.norm1.weight",
        "decoder.up.0.block.1.conv2.bias",
        "decoder.conv_out.weight",
        "quantize.embedding.weight",
        "quant_conv.weight",
        "post_quant_conv.bias",
    ):
        assert name in names


@pytest.mark.parametrize("name", ["model.ckpt", "model.safetensors"])
def test_a_small_model_reconstructs_as_the_reference_from_either_format(tmp_path, small, name):
    config, reference, _ = small
    model = load_vqgan(write(tmp_path, config, reference.state_dict(), name))
    with torch.no_grad():
        torch.testing.assert_close(model(pixels(64)), reference(pixels(64)), atol=1e-5, rtol=0)


def test_half_precision_files_are_computed_with_in_float32(tmp_path, small):
    config, reference, _ = small
    weights = {name: tensor.half() for name, tensor in reference.state_dict().items()}
    model = load_vqgan(write(tmp_path, config, weights, "model.safetensors"))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_a_gumbel_model_chooses_by_its_scores_and_quantises_to_the_nearest_vector(tmp_path):
    config = yaml_of(target="taming.models.vqgan.GumbelVQ", embed_dim=16)
    reference = Reference(config).eval()
    model = load_vqgan(write(tmp_path, config, reference.state_dict()))
    with torch.no_grad():
        torch.testing.assert_close(model(pixels(32)), reference(pixels(32)), atol=1e-5, rtol=0)
        latent = model.encode(pixels(32))
        assert torch.equal(model.quantize(latent), latent)
    assert model.codebook.shape == (32, 16)


def test_quantising_takes_the_nearest_vector_and_passes_the_gradient_straight_through(small):
    model = load_vqgan(small[2])
    z = (model.codebook[[3, 5]].T.reshape(1, 8, 1, 2) + 1e-4).requires_grad_()
    quantized = model.quantize(z)
    torch.testing.assert_close(quantized, model.codebook[[3, 5]].T.reshape(1, 8, 1, 2), atol=0, rtol=0)
    upstream = torch.arange(16.0).reshape(1, 8, 1, 2)
    (gradient,) = torch.autograd.grad(quantized, z, upstream)
    assert torch.equal(gradient, upstream)


def test_fewer_groups_of_normalisation_let_a_plain_colour_through(tmp_path):
    plain = torch.linspace(-1, 1, 32).view(1, 32, 1, 1).expand(1, 32, 8, 8)
    left = {}
    for groups in (32, 8):
        config = yaml_of(norm_groups=groups)
        model = load_vqgan(write(tmp_path / str(groups), config, Reference(config).state_dict()))
        left[groups] = model.decoder.norm_out(plain).abs().max().item()
    assert left[32] == pytest.approx(0, abs=1e-3)
    assert left[8] > 1


def test_sizes_other_than_that_of_training_work(small):
    model = load_vqgan(small[2])
    latent = model.encode(torch.zeros(1, 3, 48, 80))
    assert latent.shape == (1, 8, 24, 40)
    assert model.decode(latent).shape == (1, 3, 48, 80)


def test_a_loaded_model_is_for_drawing_alone(small, capsys):
    model = load_vqgan(small[2])
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert capsys.readouterr().out.count("Working with z") == 0


@pytest.mark.parametrize("missing", ["weights", "config"])
def test_a_missing_file_is_named_with_what_to_do(small, missing):
    source = small[2]
    path = getattr(source, missing)
    path.unlink()
    with pytest.raises(VqganError, match="VQGAN_CHECKPOINT") as error:
        load_vqgan(source)
    assert str(path) in str(error.value)


def test_missing_unexpected_and_misshapen_weights_are_all_listed(tmp_path, small):
    config, reference, _ = small
    weights = dict(reference.state_dict())
    del weights["encoder.conv_in.bias"]
    weights["first_stage.extra"] = torch.zeros(1)
    weights["quant_conv.bias"] = torch.zeros(9)
    with pytest.raises(VqganError) as error:
        load_vqgan(write(tmp_path, config, weights))
    assert "1 missing: encoder.conv_in.bias" in str(error.value)
    assert "1 unexpected: first_stage.extra" in str(error.value)
    assert "quant_conv.bias (9,) instead of (8,)" in str(error.value)


def test_the_yaml_of_another_model_is_refused(tmp_path, small):
    with pytest.raises(VqganError, match="Give the yaml that belongs to the checkpoint"):
        load_vqgan(write(tmp_path, yaml_of(n_embed=64), small[1].state_dict()))


@pytest.mark.parametrize("name", ["model.ckpt", "model.safetensors"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "text"])
def test_damaged_weights_are_a_clear_error(tmp_path, small, name, damage):
    source = write(tmp_path, small[0], small[1].state_dict(), name)
    whole = source.weights.read_bytes()
    source.weights.write_bytes(
        {"truncated": whole[: len(whole) // 2], "empty": b"", "text": b"hello\n"}[damage]
    )
    with pytest.raises(VqganError, match=name):
        load_vqgan(source)


def test_a_checkpoint_that_would_run_code_is_not_opened(tmp_path, small):
    witness = tmp_path / "ran"

    class Payload:
        def __reduce__(self):
            return os.system, (f"touch {witness}",)

    source = small[2]
    torch.save({"state_dict": small[1].state_dict(), "callbacks": Payload()}, source.weights)
    with pytest.raises(VqganError, match="could run code"):
        load_vqgan(source)
    assert not witness.exists()


def test_a_checkpoint_that_names_lightnings_callbacks_loads_without_lightning(small):
    source = small[2]
    with lightning_callbacks() as callbacks:
        torch.save({"state_dict": small[1].state_dict(), "callbacks": callbacks}, source.weights)
    assert load_vqgan(source).factor == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: [", "not readable yaml"),
        ("just text", "model.params"),
        ("model: {target: taming.models.vqgan.VQModel}", "model.params"),
        ("model: {target: ldm.models.autoencoder.AutoencoderKL, params: {}}", "AutoencoderKL"),
        ("model: {target: taming.models.vqgan.VQModel, params: {embed_dim: 8, n_embed: 8}}", "ddconfig"),
    ],
)
def test_a_yaml_that_is_no_vqgans_is_a_clear_error(small, text, message):
    source = small[2]
    source.config.write_text(text, encoding="utf-8")
    with pytest.raises(VqganError, match=message):
        load_vqgan(source)


@pytest.mark.parametrize(
    ("params", "ddconfig", "message"),
    [
        ({"embed_dim": "many"}, {}, "embed_dim"),
        ({"n_embed": 0}, {}, "n_embed"),
        ({"remap": "used.npy"}, {}, "remap"),
        ({}, {"double_z": True}, "double_z"),
        ({}, {"attn_type": "linear"}, "attn_type"),
        ({}, {"ch": 33}, "no model can be built"),
        ({}, {"norm_groups": 5}, "norm_groups 5 does not divide 32 channels"),
    ],
)
def test_settings_that_cannot_be_right_are_named(small, params, ddconfig, message):
    config, _, source = small
    config.model.params |= params
    config.model.params.ddconfig |= ddconfig
    OmegaConf.save(config, source.config)
    with pytest.raises(VqganError, match=message):
        load_vqgan(source)


def test_the_packs_own_model_gives_a_red_disc_back_as_a_red_disc():
    model = load_vqgan(VqganSource())
    grid = torch.linspace(-1, 1, 128)
    inside = (grid[:, None] ** 2 + grid[None, :] ** 2 < 0.4)[None]
    picture = torch.where(inside, torch.tensor([0.8, -0.8, -0.8]).view(3, 1, 1), 1.0)
    back = model(picture[None])[0].clamp(-1, 1)
    red = back[:, 44:84, 44:84].mean(dim=(1, 2))
    ground = back[:, :12, :12].mean(dim=(1, 2))
    assert red[0] > 0.4
    assert red[1:].max() < -0.3
    assert ground.min() > 0.7
    assert model.codebook.std().item() == pytest.approx(1, abs=0.01)


def sha256sum(folder):
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    return folder / "SHA256SUMS"


@pytest.mark.parametrize("tampered", ["model.safetensors", "config.yaml"])
def test_a_file_that_is_not_the_listed_one_is_refused(tmp_path, small, tampered):
    source = write(tmp_path / "pack", small[0], small[1].state_dict(), "model.safetensors")
    source = VqganSource(weights=source.weights, config=source.config, checksums=sha256sum(tmp_path))
    load_vqgan(source)
    path = source.weights.parent / tampered
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(VqganError, match="not the file that belongs here"):
        load_vqgan(source)


def test_a_file_that_the_listing_does_not_name_is_refused(tmp_path, small):
    listing = sha256sum(tmp_path / "small")
    listing.write_text("", encoding="utf-8")
    source = VqganSource(weights=small[2].weights, config=small[2].config, checksums=listing)
    with pytest.raises(VqganError, match="names none for it"):
        load_vqgan(source)


def test_importing_the_model_leaves_lightning_and_django_unloaded():
    code = (
        "import sys, generator.engine.vqgan, generator.engine.training.trainer\n"
        "print([name for name in ('pytorch_lightning', 'django', 'torchvision') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
