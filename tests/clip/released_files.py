"""Small CLIPs with random values, written in each format that released ones have."""

import copy
import json
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file
from torch import nn

SMALL = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 128, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2},
}
TEXTS = ["a photo of a cat", "two dogs on a beach"]


def small_clip(*, quick_gelu: bool = False) -> nn.Module:
    torch.manual_seed(4)
    return open_clip.CLIP(**SMALL, quick_gelu=quick_gelu).eval()


class AsOpenAI(nn.Module):
    """OpenAI's names: the text tower at the top, and three numbers beside the weights."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        for name, module in network.named_children():
            setattr(self, name, module)
        for name, parameter in network.named_parameters(recurse=False):
            self.register_parameter(name, parameter)
        size, texts = network.visual.image_size[0], network.context_length
        numbers = {"input_resolution": size, "context_length": texts, "vocab_size": network.vocab_size}
        for name, number in numbers.items():
            self.register_buffer(name, torch.tensor(number))

    def forward(self, image, text):
        return self.visual(image) * self.logit_scale.exp(), self.token_embedding(text)


def write_openai_archive(network: nn.Module, path: Path) -> nn.Module:
    """A program of TorchScript with matrices in half precision, as OpenAI's; returns what is in it."""
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1 and ".ln_" not in name:
            # Values that half precision has, so that the file loses nothing.
            parameter.data = parameter.data.half().float()
    size = network.visual.image_size[0]
    example = (torch.zeros(1, 3, size, size), torch.zeros(1, 77, dtype=torch.long))
    program = torch.jit.trace(AsOpenAI(copy.deepcopy(network)), example, check_trace=False)
    for parameter in program.parameters():
        if parameter.ndim > 1:
            parameter.data = parameter.data.half()
    torch.jit.save(program, path)
    return network


def write_hub_folder(network: nn.Module, folder: Path, *, quick_gelu: bool = False, mean=None) -> Path:
    """open_clip's layout of the Hugging Face hub."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "model_cfg": {**SMALL, "quick_gelu": quick_gelu},
        "preprocess_cfg": {"mean": mean or [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "resize_mode": "squash"},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    save_state(network.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def save_state(state: dict, path: Path) -> Path:
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in state.items()}, path)
    return path


def vectors(network: nn.Module, pixels: torch.Tensor, texts: list[str] = TEXTS) -> tuple:
    """open_clip's own: pictures (B, 3, S, S), already normalised, and texts → unit rows."""
    tokens = open_clip.SimpleTokenizer(context_length=77)(texts)
    with torch.no_grad():
        return network.encode_image(pixels, normalize=True), network.encode_text(tokens, normalize=True)


def check_same(model, network: nn.Module) -> None:
    """The loaded model gives open_clip's own vectors, of random pixels and of words."""
    size = model.image_size
    pixels = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(2))
    pictures, words = vectors(network, model.preprocess.normalise(pixels))
    with torch.no_grad():
        torch.testing.assert_close(model.encode_pixels(pixels), pictures, atol=1e-5, rtol=0)
        torch.testing.assert_close(model.encode_text(TEXTS), words, atol=1e-5, rtol=0)
