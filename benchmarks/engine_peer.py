"""nerdyrodent/VQGAN-CLIP's own loop, run step by step for benchmarks/engine.py.

Its `generate.py` is a script. It is read from a checkout and run unchanged as far as its loop, with what it
imports and cannot have here put in place: OpenAI's CLIP package becomes open_clip with our weights,
in the order of dimensions that OpenAI's code computes in, and `taming.models`, which wants an old
pytorch-lightning, becomes the same layers from `taming.modules`. Its functions then take the steps.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import nn

LOOP = "\n# Do it\ntry:"  # where the script's loop begins


def peer_losses(
    *, checkout: Path, weights: Path, size: int, cutouts: int, prompt: str, start: torch.Tensor, views: Any
) -> Iterator[float]:
    """The loss of each step, for as long as one asks.

    start: the latent (1, C, h, w) to begin with; views: what takes the place of its cutouts, called with the
    picture (1, 3, H, W); None: they are its own.
    """
    source = (checkout / "generate.py").read_text(encoding="utf-8")
    if LOOP not in source:
        raise SystemExit(f"{checkout}/generate.py is not the script this was written for (2022-10-02).")
    _put_in_place(weights)
    sys.argv = ["generate.py", "-p", prompt, "-s", str(size), str(size), "-cuts", str(cutouts), "-cd", "cpu"]
    sys.argv += ["-conf", str(weights / "vqgan.yaml"), "-ckpt", str(weights / "vqgan.safetensors")]
    sys.argv += ["-sd", "1", "-se", str(sys.maxsize)]  # no step saves a picture
    script: dict[str, Any] = {"__name__": "generate"}
    exec(compile(source[: source.index(LOOP)], str(checkout / "generate.py"), "exec"), script)
    with torch.no_grad():
        script["z"].copy_(start)
    if views is not None:
        script["make_cutouts"] = views
    distances: list[float] = []
    ask = script["ascend_txt"]

    def listening() -> list[torch.Tensor]:
        found = ask()
        distances.append(sum(found).item())
        return found

    script["ascend_txt"] = listening
    for step in count(1):
        script["train"](step)
        yield distances[-1]


def _put_in_place(weights: Path) -> None:
    import open_clip

    class Clip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            from gallery.clip.layout import put_positions_first

            path = str(weights / "clip.pt")
            network = open_clip.create_model("ViT-B-32", pretrained=path, weights_only=True)
            self.network = put_positions_first(network)
            self.visual = self.network.visual
            self.visual.input_resolution = 224
            self.encode_image, self.encode_text = self.network.encode_image, self.network.encode_text

    _module("CLIP", clip=_module("CLIP.clip", load=lambda name, jit: (Clip(), None)))
    sys.modules["CLIP.clip"].tokenize = open_clip.get_tokenizer("ViT-B-32")  # type: ignore[attr-defined]
    _module("torch_optimizer", DiffGrad=None, AdamP=None)
    _module("imageio")
    vqgan = _module("taming.models.vqgan", VQModel=_vq_model(weights))
    _module("taming.models", vqgan=vqgan, cond_transformer=None)


def _vq_model(weights: Path) -> type[nn.Module]:
    from safetensors.torch import load_file

    from generator.engine.vqgan import Vqgan
    from generator.engine.vqgan_files import read_architecture

    class VQModel(Vqgan):
        def __init__(self, **_params: Any) -> None:
            super().__init__(read_architecture(weights / "vqgan.yaml"))
            self.loss = nn.Identity()

        def init_from_ckpt(self, path: str) -> None:
            self.load_state_dict(load_file(path))

    return VQModel


def _module(name: str, **members: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module
    return module
