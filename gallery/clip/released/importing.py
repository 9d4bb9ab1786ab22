"""A released file → a folder in open_clip's layout, from which it is loaded from then on.

Safetensors with open_clip's own names stay byte for byte. Everything else is written anew as safetensors, in
the dtypes it had: what is loaded every day then holds tensors and nothing else, and needs no translating.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
from open_clip.factory import load_checkpoint
from safetensors.torch import save_file
from torch import Tensor, nn

from gallery.clip.checksums import WeightsError
from gallery.clip.released import files, layouts
from gallery.clip.released.folders import CONFIG, PUBLISHED_NAMES, WEIGHTS, build, is_known_tower, read_config

NAMES_IN_MESSAGE = 8
PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")
ALIKE = 0.5  # share of common names from which on a file counts as one of the architecture, with errors
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "config.json")

# Architectures that are tried when nothing says which one it is; open_clip knows more, by `architecture`.
CANDIDATES = (
    *("ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-B-16-SigLIP2", "xlm-roberta-base-ViT-B-32"),
    *("MobileCLIP-S1", "MobileCLIP-S2", "MobileCLIP-B"),
)


@dataclass(frozen=True)
class Imported:
    """layout: what the file was, in words. architecture: open_clip's name, or `custom`."""

    layout: str
    architecture: str
    note: str = ""


def import_clip(source: Path, target: Path, *, architecture: str = "", tag: str = "") -> Imported:
    """Writes the folder `target`, which exists and is empty, from a file or a folder of the hub.

    architecture, tag: open_clip's names, where they are known; the tag's preprocessing and activation count.
    Raises WeightsError that says what is wrong: the file, or each name that does not fit.
    """
    path = _weights_in(source) if source.is_dir() else source
    beside = path.parent
    kind, state = files.read_weights(path)
    layout, model_cfg, imported, note = _recognise(kind, state, beside, architecture, path)
    preprocess = _preprocessing(beside, imported, tag)
    if tag:
        quick = bool(open_clip.get_pretrained_cfg(imported, tag).get("quick_gelu", False))
        model_cfg = {**model_cfg, "quick_gelu": quick} if quick else model_cfg
        note = ""
    (target / CONFIG).write_text(
        json.dumps({"model_cfg": model_cfg, "preprocess_cfg": preprocess}, indent=2), encoding="utf-8"
    )
    _copy_tokenizer(beside, target, model_cfg)
    network = build(model_cfg, target)
    weights = target / WEIGHTS
    if layout == "open_clip":
        if kind == files.SAFETENSORS:
            shutil.copyfile(path, weights)
        else:
            _save(state, weights)
        _load_translated(network, weights, state, path)
    else:
        state = state if layout == "OpenAI" else layouts.from_transformers(state)
        _load_exactly(network, state, path)
        _save(state, weights)
    return Imported(f"{kind}, {layout}'s names", imported or "custom", note)


def _weights_in(folder: Path) -> Path:
    names = (*PUBLISHED_NAMES, "model.safetensors")
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise WeightsError(f"{folder} has none of {', '.join(names)}.")


def _recognise(
    kind: str, state: dict[str, Tensor], beside: Path, architecture: str, path: Path
) -> tuple[str, dict[str, Any], str, str]:
    """(layout, open_clip's model_cfg, its name for the architecture, a note). Drops OpenAI's numbers."""
    if kind == files.TORCHSCRIPT:
        for name in layouts.OPENAI_NUMBERS:
            state.pop(name, None)
        if not layouts.is_openai(state):
            raise WeightsError(f"{path} is a TorchScript archive, but not of a CLIP as OpenAI published it.")
        config = layouts.openai_config(state)
        return "OpenAI", config, architecture or _name_of(config), ""
    if layouts.is_transformers(state):
        return "transformers", layouts.transformers_config(_json(beside / "config.json")), architecture, ""
    if architecture:
        known = open_clip.get_model_config(architecture)
        if known is None:
            raise WeightsError(f"open_clip knows no architecture {architecture!r}, such as ViT-B-32.")
        return "open_clip", known, architecture, ""
    if (beside / CONFIG).is_file():
        return "open_clip", read_config(beside)["model_cfg"], "", ""
    name = _nearest(state, path)
    note = (
        f"A file of weights does not tell its activation: taken as {name}, with GELU and the usual "
        f"preprocessing. If it was trained with QuickGELU, add it with --architecture {name}-quickgelu."
    )
    return "open_clip", open_clip.get_model_config(name), name, note if name.startswith("ViT-") else ""


def _name_of(config: Mapping[str, Any]) -> str:
    """open_clip's name for a deduced configuration, or nothing."""
    for name in ("ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336", "RN50", "RN101", "RN50x4", "RN50x16"):
        known = open_clip.get_model_config(name)
        if all(known[part].items() <= config[part].items() for part in ("vision_cfg", "text_cfg")):
            return name
    return ""


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path}, which belongs to the weights, cannot be read: {error}.") from error


def _nearest(state: Mapping[str, Tensor], path: Path) -> str:
    """The candidate with exactly these names and shapes. Raises WeightsError: how the nearest one differs."""
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    best, best_share, differences = "", 0.0, ""
    for name in CANDIDATES:
        wanted = shapes_of(build(open_clip.get_model_config(name), device="meta"))
        if wanted == found:
            return name
        common = sum(found.get(key) == shape for key, shape in wanted.items())
        share = common / max(len(wanted), len(found))
        if share > best_share:
            best, best_share, differences = name, share, mismatch(wanted, found)
    if best_share < ALIKE:
        some = ", ".join(list(found)[:3])
        raise WeightsError(
            f"{path} holds no CLIP that is known here: its tensors are {some} …. If open_clip has its "
            "architecture, name it with --architecture."
        )
    raise WeightsError(f"{path} is nearest to {best}, but does not fit it: {differences}.")


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def mismatch(wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> str:
    """Missing, unexpected and misshapen names, some of each kind; empty if all fits."""
    problems = {
        "missing": [name for name in wanted if name not in found],
        "unexpected": [name for name in found if name not in wanted],
        "of another shape": [
            f"{name} {found[name]} instead of {shape}"
            for name, shape in wanted.items()
            if name in found and found[name] != shape
        ],
    }
    return "; ".join(f"{len(names)} {what}: {_some(names)}" for what, names in problems.items() if names)


def _some(names: list[str]) -> str:
    more = len(names) - NAMES_IN_MESSAGE
    return ", ".join(names[:NAMES_IN_MESSAGE]) + (f" and {more} more" if more > 0 else "")


def _load_exactly(network: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Raises WeightsError with every name that does not fit."""
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    if differences := mismatch(shapes_of(network), found):
        raise WeightsError(f"{path} does not fit: {differences}.")
    network.load_state_dict(dict(state), strict=True)


def _load_translated(network: nn.Module, weights: Path, state: Mapping[str, Tensor], path: Path) -> None:
    """As open_clip loads files: strictly, but it knows its older layouts and MobileCLIP's own."""
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    try:
        load_checkpoint(network, str(weights), strict=True, weights_only=True)
    except (RuntimeError, KeyError, ValueError) as error:
        differences = mismatch(shapes_of(network), found) or str(error)
        raise WeightsError(f"{path} does not fit: {differences}.") from error
    if not found.keys() & shapes_of(network).keys():
        _save(network.state_dict(), weights)  # names of somebody else's, translated once and for all


def _preprocessing(beside: Path, architecture: str, tag: str) -> dict[str, Any]:
    if tag:
        published = open_clip.get_pretrained_cfg(architecture, tag)
        return {key: published[key] for key in PREPROCESSING if key in published}
    if (beside / CONFIG).is_file():
        return read_config(beside).get("preprocess_cfg", {})
    if (beside / "preprocessor_config.json").is_file():
        given = _json(beside / "preprocessor_config.json")
        return {key: given[f"image_{key}"] for key in ("mean", "std") if f"image_{key}" in given}
    return {}  # OpenAI's, which open_clip takes where nothing else is said


def _copy_tokenizer(beside: Path, target: Path, model_cfg: Mapping[str, Any]) -> None:
    """config.json goes along where only it says how the text tower is built; else it is of something else."""
    tower = model_cfg["text_cfg"].get("hf_model_name")
    left_out = set() if tower and not is_known_tower(tower) else {"config.json"}
    for name in TOKENIZER_FILES:
        if (beside / name).is_file() and not (target / name).exists() and name not in left_out:
            shutil.copyfile(beside / name, target / name)


def _save(state: Mapping[str, Tensor], target: Path) -> None:
    # Copies, because safetensors refuses tensors that share their memory.
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in state.items()}, target)
