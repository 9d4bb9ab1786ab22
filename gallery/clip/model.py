"""CLIP models: one interface over the shipped pack and released open_clip weights, loaded strictly."""

import json
import pickle
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.tokenizer import HFTokenizer
from open_clip.transform import PreprocessCfg
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional as F

from gallery.clip.checksums import WeightsError, file_sha256, verify_checksums
from gallery.clip.compact import read_state
from gallery.clip.layout import arrange
from gallery.clip.precision import Precision, Sight
from gallery.clip.preprocess import Preprocess
from gallery.clip.released.folders import load_folder
from gallery.clip.text_states import text_states
from gallery.clip.towers import SINGLES, TRIO  # registers the pack's image towers with timm, too

__all__ = ["PACK", "ClipConfig", "ClipModel", "WeightsError", "load_clip"]

PACK = "mini"  # CLIP_MODEL for the weights that ship with the repository
QUICK_PACK = "mini-quick"  # of these the first image tower alone
REVISION = 8  # digits of the weights' SHA-256 in a model's id
WEIGHTS, CONFIG = "model.safetensors", "open_clip_config.json"
TRUNK = "visual.trunk."  # the image towers and their vote
MEMBERS = f"{TRUNK}members."  # of which quick leaves all out but one
RELEASED_TEMPLATE = "a photo of a {}"  # Radford et al. 2021, section 3.1.4


@dataclass(frozen=True)
class ClipConfig:
    """Which model to load.

    model: `mini`, or the name of an open_clip model. pretrained: for the latter a released tag, a file, or a
    folder with an open_clip_config.json, which then decides the architecture.
    precision: in which pictures are seen; see gallery.clip.precision.
    quick: of the pack one image tower alone, for guidance, which looks at thousands of cutouts. member: which
    one that is, counted from 0; each sees at a size of its own.
    """

    model: str
    pretrained: str
    pack_dir: Path  # weights/mini/clip
    device: str = "cpu"
    quick: bool = False
    member: int = 0
    precision: Precision = "fp32"


class ClipModel:
    """A dual encoder: pictures and texts become unit vectors whose cosine tells how well they fit."""

    def __init__(
        self,
        *,
        network: nn.Module,
        tokenizer: Callable[[list[str]], Tensor],
        preprocess: Preprocess,
        model_id: str,
        label_template: str,
        device: str,
        precision: Precision = "fp32",
    ) -> None:
        self.network = network.to(device).eval().requires_grad_(False)
        self._see = Sight(self.network, precision, torch.device(device))
        self.preprocess = preprocess
        self.model_id = model_id
        self.label_template = label_template
        self._tokenizer = tokenizer
        self._device = device
        # Neither the output width nor the scale has one name over open_clip's classes, so ask the model.
        self.dim = self.encode_text([""]).shape[1]
        self.logit_scale = float(network.logit_scale.exp())  # type: ignore[operator]

    @property
    def image_size(self) -> int:
        """Width and height, in pixels, that encode_pixels wants."""
        return self.preprocess.size

    @torch.no_grad()
    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(N, dim) float32 unit rows; a text longer than the model's context is cut."""
        tokens = self._tokenizer(list(texts)).to(self._device)  # (N, context length)
        return F.normalize(self.network.encode_text(tokens).float(), dim=-1)  # type: ignore[operator]

    def text_states(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(N, L, W) float32 states of the text tower and (N, L) bool, True where there is text."""
        return text_states(self.network, self._tokenizer(list(texts)).to(self._device))

    @torch.no_grad()
    def encode_images(self, images: Sequence[Image.Image]) -> Tensor:
        """(N, dim) float32 unit rows. Any mode and size; transparency is seen on white."""
        return self.encode_pixels(torch.stack([self.preprocess.pixels(image) for image in images]))

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """(B, 3, S, S) in [0, 1], S = image_size → (B, dim) unit rows, differentiable in the pixels."""
        size = self.image_size
        if pixels.ndim != 4 or pixels.shape[1:] != (3, size, size):
            raise ValueError(f"pixels must be (B, 3, {size}, {size}), not {tuple(pixels.shape)}")
        return F.normalize(self._see(self.preprocess.normalise(pixels.to(self._device))), dim=-1)


def parse_name(
    name: str, *, pack_dir: Path, device: str = "cpu", precision: Precision = "fp32"
) -> ClipConfig:
    """A model's name in one word, as the encoder is asked for it: `mini`, `mini-quick`, or open_clip's name
    and after a slash the tag or the path of the weights, `ViT-B-32/laion2b_s34b_b79k`."""
    if name == QUICK_PACK:
        return ClipConfig(PACK, "", pack_dir, device, quick=True, precision=precision)
    model, _, pretrained = name.partition("/")
    return ClipConfig(model, pretrained, pack_dir, device, precision=precision)


def load_clip(config: ClipConfig) -> ClipModel:
    """The configured model, ready to encode. Raises WeightsError with a message that says what to do."""
    if config.model == PACK:
        return _load_pack(config)
    if config.pretrained and Path(config.pretrained).is_dir():
        return _load_folder(config, Path(config.pretrained))
    return _load_released(config)


def build_pack_network(folder: Path, *, quick: bool = False, member: int = 0) -> nn.Module:
    """The pack's architecture without weights, from its open_clip and text configurations."""
    settings = read_pack_config(folder)
    config = settings["model_cfg"]
    single = {"timm_model_name": SINGLES[member], "image_size": TRIO[member].size}
    vision = config["vision_cfg"] | (single if quick else {})
    # The text configuration is always the one beside ours: the pack may lie anywhere, and no hub is asked.
    text = config["text_cfg"] | {"hf_model_name": str(folder.resolve()), "hf_model_pretrained": False}
    return open_clip.CustomTextCLIP(config["embed_dim"], vision_cfg=vision, text_cfg=text)


def read_pack_config(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{folder / CONFIG} cannot be read ({error}). Rebuild it with `make pack`."
        ) from error


def pack_tokenizer(folder: Path, context_length: int) -> Callable[[list[str]], Tensor]:
    """Texts to (N, L) token ids, L being the longest text's length.

    open_clip pads to the whole context; the text tower masks padding out, so it would only cost time.
    """
    tokenizer = HFTokenizer(str(folder.resolve()), context_length=context_length)
    padding = tokenizer.tokenizer.pad_token_id

    def tokenize(texts: list[str]) -> Tensor:
        tokens = tokenizer(texts)
        return tokens[:, : int((tokens != padding).sum(dim=1).max())]

    return tokenize


def _load_pack(config: ClipConfig) -> ClipModel:
    folder = config.pack_dir
    digests = verify_checksums(folder)
    if WEIGHTS not in digests:
        raise WeightsError(f"SHA256SUMS does not list {folder.name}/{WEIGHTS}. Rebuild it with `make pack`.")
    settings = read_pack_config(folder)
    network = build_pack_network(folder, quick=config.quick, member=config.member)
    state = read_state(folder / WEIGHTS)
    preprocess = Preprocess.from_open_clip(PreprocessCfg(**settings["preprocess_cfg"]))
    if config.quick:
        state = of_one_member(state, config.member)
        preprocess = replace(preprocess, size=TRIO[config.member].size)
    load_strictly(network, state, name=str(folder / WEIGHTS))
    return ClipModel(
        network=network,
        tokenizer=pack_tokenizer(folder, settings["model_cfg"]["text_cfg"]["context_length"]),
        preprocess=preprocess,
        model_id=f"{PACK}-{digests[WEIGHTS][:REVISION]}{_single_name(config)}",
        label_template=settings["label_template"],
        device=config.device,
        precision=config.precision,
    )


def of_one_member(state: dict[str, Tensor], member: int) -> dict[str, Tensor]:
    """The weights of all but the other members and the vote, this one's under the names of the first."""
    own, first = f"{MEMBERS}{member}.", f"{MEMBERS}0."
    return {
        name.replace(own, first): tensor
        for name, tensor in state.items()
        if name.startswith(own) or not name.startswith(TRUNK)
    }


def _single_name(config: ClipConfig) -> str:
    if not config.quick:
        return ""
    return "-quick" if config.member == 0 else f"-member{config.member + 1}"


def load_strictly(network: nn.Module, state: dict[str, Tensor], *, name: str) -> None:
    """Fills the network; half precision widens. Raises WeightsError naming each key that does not fit."""
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise WeightsError(f"{name} does not fit the configured model. {error}") from error


def _load_folder(config: ClipConfig, folder: Path) -> ClipModel:
    network, tokenizer, preprocess, weights = load_folder(folder)
    return ClipModel(
        network=arrange(network),
        tokenizer=tokenizer,
        preprocess=Preprocess.from_open_clip(preprocess),
        model_id=f"{folder.name}@{file_sha256(weights)[:REVISION]}",
        label_template=RELEASED_TEMPLATE,
        device=config.device,
        precision=config.precision,
    )


def _load_released(config: ClipConfig) -> ClipModel:
    if config.model not in open_clip.list_models():
        raise WeightsError(
            f"CLIP_MODEL={config.model!r} is neither {PACK!r} nor a model open_clip knows, such as ViT-B-32."
        )
    tag = open_clip.get_pretrained_cfg(config.model, config.pretrained) if config.pretrained else {}
    path = _download(config, tag) if tag else Path(config.pretrained)
    if not config.pretrained or not path.is_file():
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(config.model)) or "none"
        raise WeightsError(
            f"CLIP_PRETRAINED={config.pretrained!r} is neither a file nor a released tag of {config.model} "
            f"({tags})."
        )
    network = _build_released(config, path, tag)
    return ClipModel(
        network=arrange(network),
        tokenizer=open_clip.get_tokenizer(config.model),
        preprocess=Preprocess.from_open_clip(PreprocessCfg(**network.visual.preprocess_cfg)),  # type: ignore
        # A file may be exchanged under its name, and a released tag's by whoever publishes it.
        model_id=f"{config.model}/{config.pretrained if tag else path.name}@{file_sha256(path)[:REVISION]}",
        label_template=RELEASED_TEMPLATE,
        device=config.device,
        precision=config.precision,
    )


def _download(config: ClipConfig, tag: dict[str, Any]) -> Path:
    try:
        return Path(open_clip.download_pretrained(tag))
    except (OSError, RuntimeError, ValueError) as error:
        raise WeightsError(
            f"The released weights {config.model}/{config.pretrained} could not be downloaded: {error} "
            "Fetch the file on a machine that can, and set CLIP_PRETRAINED to its path."
        ) from error


def _build_released(config: ClipConfig, path: Path, tag: dict[str, Any]) -> nn.Module:
    _refuse_torchscript(path)
    try:
        # open_clip knows its older key layouts; it loads with strict=True and weights_only=True.
        return open_clip.create_model(
            config.model,
            pretrained=str(path),
            force_quick_gelu=bool(tag.get("quick_gelu", False)),
            force_preprocess_cfg={key: value for key, value in tag.items() if key != "size"},
            pretrained_text=False,
            weights_only=True,
        )
    except (RuntimeError, OSError, SafetensorError, pickle.UnpicklingError, KeyError) as error:
        raise WeightsError(f"{path} does not fit {config.model}, or is damaged. {error}") from error


def _refuse_torchscript(path: Path) -> None:
    """OpenAI published TorchScript archives: programs, which must not run here."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith("/constants.pkl") for name in archive.namelist()):
                raise WeightsError(
                    f"{path} is a TorchScript archive, which holds a program and not only weights. Take its "
                    "weights out with `manage.py models add`, or use the same model's safetensors file "
                    "(open_clip's tag `openai` downloads one)."
                )
