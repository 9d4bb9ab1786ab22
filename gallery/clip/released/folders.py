"""A model in a folder: weights, and open_clip_config.json, which says how they are built and what they see.

A file of weights alone does not tell its activation nor its preprocessing; the folder does. It is the layout
that open_clip publishes on the Hugging Face hub.
"""

import json
import pickle
from copy import deepcopy
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.factory import load_checkpoint
from open_clip.transform import PreprocessCfg
from safetensors import SafetensorError
from torch import nn

from gallery.clip.checksums import WeightsError

CONFIG = "open_clip_config.json"
WEIGHTS = "open_clip_model.safetensors"
PUBLISHED_NAMES = (WEIGHTS, "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
TEXT_TOWERS = Path(__file__).parent / "text_towers"  # configurations of towers that open_clip only names


def load_folder(folder: Path) -> tuple[nn.Module, Any, PreprocessCfg, Path]:
    """The network with its weights, the tokenizer, the preprocessing and the file of the weights.

    Raises WeightsError when a file is missing, damaged or does not fit the others.
    """
    config = read_config(folder)
    weights = weights_of(folder)
    network = build(config["model_cfg"], folder)
    fill(network, weights)
    try:
        tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
        preprocess = PreprocessCfg(
            **{**config.get("preprocess_cfg", {}), "size": network.visual.image_size}  # type: ignore[union-attr]
        )
    except (OSError, ValueError, TypeError) as error:
        raise WeightsError(f"{folder}: its tokenizer or its preprocessing cannot be used. {error}") from error
    return network.eval(), tokenizer, preprocess, weights


def read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder / CONFIG} cannot be read: {error}.") from error
    model_cfg = config.get("model_cfg") if isinstance(config, dict) else None
    if not isinstance(model_cfg, dict) or not {"vision_cfg", "text_cfg"} <= model_cfg.keys():
        raise WeightsError(f"{folder / CONFIG} has no model_cfg with vision_cfg and text_cfg.")
    return config


def weights_of(folder: Path) -> Path:
    for name in PUBLISHED_NAMES:
        if (folder / name).is_file():
            return folder / name
    raise WeightsError(f"{folder} has none of {', '.join(PUBLISHED_NAMES)}.")


def build(model_cfg: dict[str, Any], folder: Path | None = None, *, device: str = "cpu") -> nn.Module:
    """The network without weights; nothing is asked of a hub. folder: where a text tower's config.json is."""
    settings = deepcopy(model_cfg)
    text, vision = settings["text_cfg"], settings["vision_cfg"]
    if "multimodal_cfg" in settings:
        raise WeightsError("This is a CoCa, which also writes captions; only dual encoders can be used.")
    is_custom = settings.pop("custom_text", False)
    if name := text.get("hf_model_name"):
        is_custom = True
        text |= {"hf_model_name": str(_text_tower(name, folder)), "hf_model_pretrained": False}
    if "timm_model_name" in vision:
        vision["timm_model_pretrained"] = False
    try:
        with torch.device(device):
            return (open_clip.CustomTextCLIP if is_custom else open_clip.CLIP)(**settings)
    except (TypeError, ValueError, RuntimeError, KeyError, OSError) as error:
        raise WeightsError(f"No model can be built from its model_cfg. {error}") from error


def _text_tower(name: str, folder: Path | None) -> Path:
    if folder and (folder / "config.json").is_file():
        return folder
    if not is_known_tower(name):
        raise WeightsError(f"The text tower {name!r} is not known: put its config.json beside the weights.")
    return _known_tower(name)


def is_known_tower(name: str) -> bool:
    """Whether how it is built is known here, by the hub's name for it."""
    return _known_tower(name).is_dir()


def _known_tower(name: str) -> Path:
    return TEXT_TOWERS / name.replace("/", "--")


def fill(network: nn.Module, weights: Path) -> None:
    """Strictly, after open_clip has translated layouts of its own and of others that it knows."""
    try:
        load_checkpoint(network, str(weights), strict=True, weights_only=True)
    except (RuntimeError, OSError, SafetensorError, pickle.UnpicklingError, KeyError, StopIteration) as error:
        raise WeightsError(f"{weights} does not fit its model, or is damaged. {error}") from error
