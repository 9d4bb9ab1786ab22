"""Each layout that CLIPs are published in becomes a folder that gives the libraries' own vectors."""

import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
import transformers
from safetensors.torch import load_file

from gallery.clip.checksums import WeightsError, file_sha256
from gallery.clip.model import ClipConfig, load_clip
from gallery.clip.released.importing import import_clip
from gallery.clip.released.torchscript import read_torchscript
from tests.clip.released_files import (
    SMALL,
    check_same,
    save_state,
    small_clip,
    write_hub_folder,
    write_openai_archive,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),  # OpenAI's format is what it is
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]


@pytest.fixture
def target(tmp_path) -> Path:
    folder = tmp_path / "imported"
    folder.mkdir()
    return folder


def load(folder: Path):
    return load_clip(ClipConfig("custom", str(folder), Path("unused")))


def test_openais_archive_gives_its_vectors_and_its_program_never_runs(tmp_path, target, monkeypatch):
    network = write_openai_archive(small_clip(quick_gelu=True), tmp_path / "ViT.pt")
    monkeypatch.setattr(torch.jit, "load", lambda *_: pytest.fail("the program was loaded"))
    imported = import_clip(tmp_path / "ViT.pt", target)
    assert imported.layout == "TorchScript archive, OpenAI's names"
    check_same(load(target), network)
    # In the precision of the archive, without its three numbers.
    stored = load_file(target / "open_clip_model.safetensors")
    assert stored["visual.conv1.weight"].dtype == torch.float16
    assert stored["ln_final.weight"].dtype == torch.float32
    assert "input_resolution" not in stored


def test_the_reader_of_archives_agrees_with_torchs_own(tmp_path):
    path = tmp_path / "ViT.pt"
    write_openai_archive(small_clip(), path)
    ours, torchs = read_torchscript(path), torch.jit.load(path).state_dict()
    assert ours.keys() == torchs.keys()
    assert all(torch.equal(ours[name], torchs[name]) for name in torchs)


def test_a_folder_of_the_hub_keeps_its_file_and_its_preprocessing(tmp_path, target):
    network = small_clip(quick_gelu=True)
    folder = write_hub_folder(network, tmp_path / "hub", quick_gelu=True)
    import_clip(folder, target)
    model = load(target)
    check_same(model, network)
    assert (model.preprocess.mean, model.preprocess.resize_mode) == ((0.5, 0.5, 0.5), "squash")
    name = "open_clip_model.safetensors"
    assert file_sha256(target / name) == file_sha256(folder / name)
    assert model.model_id == f"imported@{file_sha256(folder / name)[:8]}"


@pytest.mark.parametrize("wrapper", ["plain", "state_dict", "distributed"])
def test_a_training_checkpoint_loads_with_and_without_its_wrappers(tmp_path, target, wrapper):
    network = small_clip()
    folder = write_hub_folder(network, tmp_path / "run")
    (folder / "open_clip_model.safetensors").unlink()
    state = network.state_dict()
    content = {
        "plain": state,
        "state_dict": {"epoch": 3, "name": "run", "state_dict": state, "optimizer": {"state": {}}},
        "distributed": {"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}},
    }[wrapper]
    torch.save(content, folder / "epoch_3.pt")
    assert import_clip(folder / "epoch_3.pt", target).layout == "torch checkpoint, open_clip's names"
    check_same(load(target), network)
    assert (target / "open_clip_model.safetensors").is_file()


def test_transformers_own_clip_gives_the_vectors_of_its_class(tmp_path, target):
    vision = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 256}
    text = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128}
    config = transformers.CLIPConfig(
        vision_config={**vision, "image_size": 64, "patch_size": 16},
        text_config={**text, "eos_token_id": 49407},
        projection_dim=64,
    )
    torch.manual_seed(5)
    reference = transformers.CLIPModel(config).eval()
    reference.save_pretrained(tmp_path / "hub")
    given = {"image_mean": [0.4, 0.4, 0.4], "image_std": [0.3, 0.3, 0.3]}
    (tmp_path / "hub" / "preprocessor_config.json").write_text(json.dumps(given))
    assert import_clip(tmp_path / "hub", target).layout == "safetensors, transformers's names"
    model = load(target)
    pixels = torch.rand(2, 3, 64, 64)
    texts = ["a photo of a cat", "two dogs on a beach"]
    tokens = open_clip.SimpleTokenizer(context_length=77)(texts)
    with torch.no_grad():
        theirs = reference(pixel_values=model.preprocess.normalise(pixels), input_ids=tokens)
        torch.testing.assert_close(model.encode_pixels(pixels), theirs.image_embeds, atol=1e-5, rtol=0)
        torch.testing.assert_close(model.encode_text(texts), theirs.text_embeds, atol=1e-5, rtol=0)
    assert model.preprocess.mean == (0.4, 0.4, 0.4)


def test_a_file_of_a_known_architecture_is_told_by_its_shapes(tmp_path, target):
    torch.manual_seed(1)
    network = open_clip.create_model("ViT-B-32", pretrained=None).eval()
    path = save_state(network.state_dict(), tmp_path / "weights.safetensors")
    imported = import_clip(path, target)
    assert imported.architecture == "ViT-B-32"
    assert "ViT-B-32-quickgelu" in imported.note
    check_same(load(target), network)


@pytest.mark.parametrize("tag", ["openai", "laion2b_s34b_b79k"])
def test_a_released_tag_decides_activation_and_preprocessing(tmp_path, target, tag):
    quick = tag == "openai"
    torch.manual_seed(1)
    network = open_clip.create_model("ViT-B-32", pretrained=None, force_quick_gelu=quick).eval()
    path = save_state(network.state_dict(), tmp_path / "weights.safetensors")
    assert not import_clip(path, target, architecture="ViT-B-32", tag=tag).note
    check_same(load(target), network)


def test_a_multilingual_text_tower_is_built_without_asking_a_hub(monkeypatch):
    from gallery.clip.released.folders import build

    network = build(open_clip.get_model_config("xlm-roberta-base-ViT-B-32"), device="meta")
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes["text.transformer.embeddings.word_embeddings.weight"] == (250002, 768)


@pytest.mark.parametrize("name", ["ViT-B-16-SigLIP2", "MobileCLIP-S1", "MobileCLIP-B", "ViT-L-14"])
def test_each_other_known_architecture_has_open_clips_own_names(name):
    from gallery.clip.released.folders import build

    ours = build(open_clip.get_model_config(name), device="meta").state_dict()
    with torch.device("meta"):
        theirs = open_clip.create_model(name, load_weights=False, device="meta").state_dict()
    assert {key: tensor.shape for key, tensor in ours.items()} == {
        key: tensor.shape for key, tensor in theirs.items()
    }


def broken(tmp_path: Path) -> dict[str, Path]:
    """Files that are not what they should be, by what is wrong with them."""
    network = small_clip()
    state = network.state_dict()
    folder = write_hub_folder(network, tmp_path / "hub")
    whole = folder / "open_clip_model.safetensors"
    torch.save({"state_dict": state}, tmp_path / "whole.pt")
    write_openai_archive(small_clip(), tmp_path / "jit.pt")
    other = {name.replace("conv1", "stem"): tensor for name, tensor in state.items() if "ln_post" not in name}
    other["text_projection"] = torch.zeros(64, 32)
    contents = {
        "empty": b"",
        "text": b"not weights\n",
        "page": b"<!DOCTYPE html><title>Sign in</title>",
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "array": np.lib.format.magic(1, 0) + b"\x00" * 64,
        "cut.safetensors": whole.read_bytes()[: whole.stat().st_size // 2],
        "cut.pt": (tmp_path / "whole.pt").read_bytes()[:100_000],
        "cut-jit.pt": (tmp_path / "jit.pt").read_bytes()[:100_000],
    }
    files = {}
    for name, content in contents.items():
        files[name] = folder / name
        files[name].write_bytes(content)
    files["keys"] = save_state(other, folder / "keys.safetensors")
    files["foreign"] = save_state({"lm_head.weight": torch.zeros(2, 2)}, tmp_path / "foreign.safetensors")
    torch.save({"state_dict": ["no", "tensors"]}, folder / "list.pt")
    files["list"] = folder / "list.pt"
    files["program"] = folder / "program.pt"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), files["program"])
    return files


@pytest.mark.parametrize(
    ("kind", "messages"),
    [
        ("empty", ["is empty"]),
        ("text", ["is neither safetensors nor a file that torch saved"]),
        ("page", ["is a web page"]),
        ("pointer", ["is a Git LFS pointer"]),
        ("array", ["is a NumPy array"]),
        ("cut.safetensors", ["is cut off or damaged safetensors"]),
        ("cut.pt", ["is cut off: its end"]),
        ("cut-jit.pt", ["is cut off: its end"]),
        ("list", ["has no state_dict"]),
        ("program", ["but not of a CLIP as OpenAI published it"]),
        ("foreign", ["holds no CLIP that is known here", "lm_head.weight"]),
        (
            "keys",
            [
                "does not fit: 3 missing: visual.conv1.weight, visual.ln_post.weight, visual.ln_post.bias",
                "1 unexpected: visual.stem.weight",
                "text_projection (64, 32) instead of (64, 64)",
            ],
        ),
    ],
)
def test_each_wrong_file_has_its_own_message(tmp_path, target, kind, messages):
    with pytest.raises(WeightsError) as caught:
        import_clip(broken(tmp_path)[kind], target)
    for message in messages:
        assert message in str(caught.value)


class Payload:
    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return Path.touch, (self.witness,)


def test_a_checkpoint_that_would_run_code_is_not_opened(tmp_path, target):
    torch.save(
        {"state_dict": small_clip().state_dict(), "hook": Payload(tmp_path / "ran")}, tmp_path / "a.pt"
    )
    with pytest.raises(WeightsError, match="could run code when opened"):
        import_clip(tmp_path / "a.pt", target)
    assert not (tmp_path / "ran").exists()


def test_an_archive_that_would_run_code_is_not_opened(tmp_path, target):
    import pickle
    import zipfile

    with zipfile.ZipFile(tmp_path / "evil.pt", "w") as archive:
        archive.writestr("evil/data.pkl", pickle.dumps({"x": Payload(tmp_path / "ran")}))
        archive.writestr("evil/constants.pkl", b"")
    with pytest.raises(WeightsError, match=r"was not opened: it names pathlib\."):
        import_clip(tmp_path / "evil.pt", target)
    assert not (tmp_path / "ran").exists()


def test_weights_that_differ_from_their_configuration_are_refused_when_they_are_loaded(tmp_path):
    folder = write_hub_folder(small_clip(), tmp_path / "hub")
    config = {"model_cfg": {**SMALL, "vision_cfg": {**SMALL["vision_cfg"], "layers": 3}}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="does not fit its model"):
        load(folder)
    (folder / "open_clip_config.json").write_text("{")
    with pytest.raises(WeightsError, match="cannot be read"):
        load(folder)
