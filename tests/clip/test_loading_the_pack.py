import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from gallery.clip.checksums import file_sha256
from gallery.clip.compact import write_widened
from gallery.clip.model import WEIGHTS, ClipConfig, ClipModel, WeightsError, load_clip

PACK = Path(__file__).parents[2] / "weights" / "mini" / "clip"


@pytest.fixture(scope="module")
def model() -> ClipModel:
    return load_clip(ClipConfig("mini", "", PACK))


@pytest.fixture
def pack_copy(tmp_path: Path) -> Path:
    """A pack of one's own to damage."""
    copy = tmp_path / "mini" / "clip"
    shutil.copytree(PACK, copy)
    shutil.copy(PACK.parent / "SHA256SUMS", copy.parent)
    return copy


def enter_checksum(pack: Path, name: str) -> None:
    """Makes the list agree with a changed file, so that only the loading can find the fault."""
    listing = pack.parent / "SHA256SUMS"
    lines = [line for line in listing.read_text().splitlines() if not line.endswith(f"  clip/{name}")]
    listing.write_text("\n".join([*lines, f"{file_sha256(pack / name)}  clip/{name}"]) + "\n")


def noise_image(width: int, height: int) -> Image.Image:
    random = np.random.default_rng(width * height)
    return Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))


def test_the_model_id_names_the_weights(model):
    assert model.model_id == f"mini-{file_sha256(PACK / 'model.safetensors')[:8]}"


def test_texts_and_pictures_become_unit_vectors_of_one_width(model):
    texts = model.encode_text(["a red heart", ""])
    images = model.encode_images([noise_image(300, 200), noise_image(20, 90).convert("L")])
    assert texts.shape == images.shape == (2, model.dim)
    assert texts.dtype == images.dtype == torch.float32
    assert torch.allclose(torch.cat([texts, images]).norm(dim=1), torch.ones(4), atol=1e-5)


def test_a_text_gets_the_same_vector_alone_and_beside_a_longer_one(model):
    alone = model.encode_text(["a cat"])
    beside = model.encode_text(["a cat", "a very long description of a small yellow cat on a red sofa"])
    assert torch.allclose(alone[0], beside[0], atol=1e-5)


def test_a_text_beyond_the_context_is_cut_and_still_encoded(model):
    assert model.encode_text(["cat " * 10_000]).shape == (1, model.dim)


def test_vectors_agree_with_open_clips_own_loading_and_forward(model, monkeypatch, tmp_path):
    monkeypatch.chdir(PACK.parents[2])  # open_clip resolves the text tower's folder from here
    write_widened(PACK / WEIGHTS, tmp_path)
    name = f"local-dir:{tmp_path}"
    reference, _, transform = open_clip.create_model_and_transforms(name, pretrained_text=False)
    reference.eval()
    tokens = open_clip.get_tokenizer(name)(["a red heart", "two dogs"])
    image = noise_image(240, 180)
    with torch.no_grad():
        texts = reference.encode_text(tokens, normalize=True)
        pictures = reference.encode_image(transform(image)[None], normalize=True)
    assert torch.allclose(model.encode_text(["a red heart", "two dogs"]), texts, atol=1e-5)
    assert torch.allclose(model.encode_images([image]), pictures, atol=1e-5)
    assert model.logit_scale == pytest.approx(reference.logit_scale.exp().item())


def test_pixels_of_the_right_size_encode_like_the_picture_they_are(model):
    image = noise_image(model.image_size, model.image_size)
    pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None].float() / 255
    assert torch.allclose(model.encode_pixels(pixels), model.encode_images([image]), atol=1e-5)


def test_gradients_flow_back_into_the_pixels_and_not_into_the_weights(model):
    pixels = torch.rand(2, 3, model.image_size, model.image_size, requires_grad=True)
    similarity = (model.encode_pixels(pixels) @ model.encode_text(["a red heart"]).T).sum()
    similarity.backward()
    assert pixels.grad is not None
    assert pixels.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in model.network.parameters())


def test_moving_pixels_along_the_gradient_brings_them_closer_to_the_text(model):
    text = model.encode_text(["a red heart"])
    # Noise, because in a plain picture all units of a channel turn on or off together.
    noise = torch.rand(1, 3, model.image_size, model.image_size, generator=torch.Generator().manual_seed(0))
    pixels = noise.requires_grad_()
    before = (model.encode_pixels(pixels) @ text.T).squeeze()
    before.backward()
    moved = (pixels + 0.1 * pixels.grad / pixels.grad.norm()).detach()
    assert (model.encode_pixels(moved) @ text.T).item() > before.item()


def test_pixels_of_another_size_are_refused(model):
    with pytest.raises(ValueError, match=str(model.image_size)):
        model.encode_pixels(torch.rand(1, 3, 32, 32))


def test_a_missing_file_says_which_and_what_to_do(pack_copy):
    (pack_copy / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"model\.safetensors is missing.*make pack"):
        load_clip(ClipConfig("mini", "", pack_copy))


def test_a_pack_without_a_list_of_checksums_is_refused(pack_copy):
    (pack_copy.parent / "SHA256SUMS").unlink()
    with pytest.raises(WeightsError, match=r"SHA256SUMS is missing"):
        load_clip(ClipConfig("mini", "", pack_copy))


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "open_clip_config.json"])
def test_one_changed_byte_in_any_file_is_found(pack_copy, name):
    path = pack_copy / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="SHA-256 differs"):
        load_clip(ClipConfig("mini", "", pack_copy))


def test_weights_with_missing_and_foreign_keys_are_refused_by_name(pack_copy):
    path = pack_copy / "model.safetensors"
    state = load_file(path)
    state["text.proj.renamed"] = state.pop("text.proj.weight")
    save_file(state, path)
    enter_checksum(pack_copy, "model.safetensors")
    with pytest.raises(WeightsError, match=r"(?s)text\.proj\.weight.*text\.proj\.renamed"):
        load_clip(ClipConfig("mini", "", pack_copy))


def test_weights_of_another_shape_are_refused(pack_copy):
    path = pack_copy / "model.safetensors"
    state = load_file(path)
    state["text.proj.weight"] = state["text.proj.weight"][:, :10].clone()
    save_file(state, path)
    enter_checksum(pack_copy, "model.safetensors")
    with pytest.raises(WeightsError, match="size mismatch"):
        load_clip(ClipConfig("mini", "", pack_copy))


def test_a_truncated_weights_file_is_refused_even_if_listed(pack_copy):
    path = pack_copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    enter_checksum(pack_copy, "model.safetensors")
    with pytest.raises(WeightsError, match="not a readable safetensors file"):
        load_clip(ClipConfig("mini", "", pack_copy))


def test_the_pack_loads_without_any_network():
    program = (
        "import socket\n"
        "def refuse(*args, **kwargs):\n"
        "    raise SystemExit('a connection was tried')\n"
        "socket.socket.connect = refuse\n"
        "socket.getaddrinfo = refuse\n"
        "from pathlib import Path\n"
        "from gallery.clip.model import ClipConfig, load_clip\n"
        f"model = load_clip(ClipConfig('mini', '', Path({json.dumps(str(PACK))})))\n"
        "print(model.encode_text(['a cat']).shape[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PACK.parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().isdigit()


def test_the_model_packages_know_no_django():
    program = (
        "import sys\n"
        "import gallery.clip.model, gallery.clip.zeroshot, gallery.clip.training\n"
        "sys.exit(any(name.partition('.')[0] == 'django' for name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=PACK.parents[2], check=False).returncode == 0


def test_zero_shot_imports_no_torch():
    program = "import sys, gallery.clip.zeroshot\nsys.exit('torch' in sys.modules)\n"
    assert subprocess.run([sys.executable, "-c", program], cwd=PACK.parents[2], check=False).returncode == 0
