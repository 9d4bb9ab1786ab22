"""Released files are too large to keep: files of the same format with random values stand in for them."""

from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from gallery.clip.checksums import file_sha256
from gallery.clip.model import ClipConfig, WeightsError, load_clip, parse_name

NAME = "ViT-B-32"


@pytest.fixture(scope="module")
def released():
    """open_clip's own ViT-B-32 with random values, and its own transform."""
    torch.manual_seed(1)
    network, _, transform = open_clip.create_model_and_transforms(NAME, pretrained=None)
    return network.eval(), transform


def config(path: Path | str, model: str = NAME) -> ClipConfig:
    return ClipConfig(model, str(path), Path("unused"))


def check_same(model, network, transform) -> None:
    random = np.random.default_rng(3)
    image = Image.fromarray(random.integers(0, 256, (150, 260, 3), dtype=np.uint8))
    texts = ["a photo of a cat", "two dogs on a beach"]
    with torch.no_grad():
        pictures = network.encode_image(transform(image)[None], normalize=True)
        words = network.encode_text(open_clip.get_tokenizer(NAME)(texts), normalize=True)
    assert torch.allclose(model.encode_images([image]), pictures, atol=1e-5)
    assert torch.allclose(model.encode_text(texts), words, atol=1e-5)


def test_a_safetensors_file_gives_open_clips_own_vectors(released, tmp_path):
    network, transform = released
    path = tmp_path / "open_clip_model.safetensors"
    save_file({name: tensor.clone() for name, tensor in network.state_dict().items()}, path)
    model = load_clip(config(path))
    check_same(model, network, transform)
    assert model.model_id == f"ViT-B-32/open_clip_model.safetensors@{file_sha256(path)[:8]}"
    assert (model.dim, model.image_size) == (512, 224)


def test_a_training_checkpoint_with_state_dict_and_module_prefix_gives_the_same(released, tmp_path):
    network, transform = released
    path = tmp_path / "epoch_32.pt"
    state = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"epoch": 32, "state_dict": state}, path)
    check_same(load_clip(config(path)), network, transform)


def test_missing_keys_are_listed(released, tmp_path):
    network, _ = released
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    del state["visual.conv1.weight"], state["text_projection"]
    path = tmp_path / "incomplete.safetensors"
    save_file(state, path)
    with pytest.raises(WeightsError) as caught:
        load_clip(config(path))
    assert "visual.conv1.weight" in str(caught.value)
    assert "text_projection" in str(caught.value)


def test_weights_of_another_architecture_are_refused(released, tmp_path):
    network, _ = released
    path = tmp_path / "other.safetensors"
    save_file({name: tensor.clone() for name, tensor in network.state_dict().items()}, path)
    with pytest.raises(WeightsError, match="does not fit RN50"):
        load_clip(config(path, model="RN50"))


def test_a_torchscript_archive_is_refused_before_anything_in_it_runs(tmp_path):
    path = tmp_path / "ViT-B-32.pt"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)
    with pytest.raises(WeightsError, match="TorchScript"):
        load_clip(config(path))


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    marker = tmp_path / "it-ran"
    path = tmp_path / "evil.pt"

    class Evil:
        def __reduce__(self):
            return (Path.touch, (marker,))

    torch.save({"state_dict": Evil()}, path)
    with pytest.raises(WeightsError):
        load_clip(config(path))
    assert not marker.exists()


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "notes.pt"
    path.write_text("not weights")
    with pytest.raises(WeightsError, match=r"notes\.pt"):
        load_clip(config(path))


def test_an_unknown_model_and_an_unknown_tag_say_what_there_is():
    with pytest.raises(WeightsError, match="neither 'mini' nor a model"):
        load_clip(config("openai", model="ViT-Z-99"))
    with pytest.raises(WeightsError, match="laion2b_s34b_b79k"):
        load_clip(config("no-such-tag"))
    with pytest.raises(WeightsError, match="neither a file nor a released tag"):
        load_clip(config(""))


@pytest.mark.parametrize(
    ("name", "model", "pretrained", "quick"),
    [
        ("mini", "mini", "", False),
        ("mini-quick", "mini", "", True),
        ("ViT-B-32/laion2b_s34b_b79k", "ViT-B-32", "laion2b_s34b_b79k", False),
        ("ViT-B-32//models/a.pt", "ViT-B-32", "/models/a.pt", False),
    ],
)
def test_one_word_names_a_model_and_its_weights(name, model, pretrained, quick):
    config = parse_name(name, pack_dir=Path("unused"))
    assert (config.model, config.pretrained, config.quick) == (model, pretrained, quick)


def test_transformers_compute_in_the_order_that_attention_wants(released, tmp_path):
    """So that no weight is repeated for every position: the vectors are open_clip's, as the others test."""
    path = tmp_path / "open_clip_model.safetensors"
    save_file({name: tensor.clone() for name, tensor in released[0].state_dict().items()}, path)
    model = load_clip(config(path))
    shapes = []
    block = model.network.visual.transformer.resblocks[0]
    block.register_forward_pre_hook(lambda _, inputs: shapes.append(tuple(inputs[0].shape)))
    model.encode_pixels(torch.rand(2, 3, 224, 224))
    assert shapes == [(50, 2, 768)]
