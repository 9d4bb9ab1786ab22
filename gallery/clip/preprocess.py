"""Pictures to tensors. Preprocessing is data: it belongs to the weights, in their configuration."""

from dataclasses import dataclass

import numpy as np
import torch
from open_clip.transform import PreprocessCfg
from PIL import Image

INTERPOLATION = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
RESIZE_MODES = ("shortest", "longest", "squash")
GROUND = (255, 255, 255)  # shown through transparency, as browsers do on a white page


@dataclass(frozen=True)
class Preprocess:
    """How a model wants its pictures; the field names are open_clip's."""

    size: int  # pixels, square
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"
    resize_mode: str = "shortest"  # scale the shorter side and crop, the longer side and pad, or squash
    fill_color: int = 0  # of padding, 0 to 255

    def __post_init__(self) -> None:
        if self.interpolation not in INTERPOLATION:
            raise ValueError(f"interpolation {self.interpolation!r} is none of {', '.join(INTERPOLATION)}")
        if self.resize_mode not in RESIZE_MODES:
            raise ValueError(f"resize mode {self.resize_mode!r} is none of {', '.join(RESIZE_MODES)}")
        if self.size < 1 or len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise ValueError("preprocessing wants a positive size, three means and three positive deviations")

    @classmethod
    def from_open_clip(cls, config: PreprocessCfg) -> "Preprocess":
        """Raises ValueError for what no square-input model here has."""
        width, height = (config.size, config.size) if isinstance(config.size, int) else config.size
        if width != height:
            raise ValueError(f"the model wants {width}×{height} pictures; only square input is supported")
        interpolation = "bicubic" if config.interpolation == "random" else config.interpolation
        mean, std = tuple(config.mean), tuple(config.std)
        return cls(width, mean, std, interpolation, config.resize_mode, config.fill_color)

    def pixels(self, image: Image.Image) -> torch.Tensor:
        """(3, size, size) float32 in [0, 1], not yet normalised."""
        array = np.asarray(self._square(_opaque(image)), dtype=np.uint8)
        return torch.from_numpy(array.copy()).permute(2, 0, 1).float() / 255  # (H, W, 3) → (3, H, W)

    def normalise(self, pixels: torch.Tensor) -> torch.Tensor:
        """(…, 3, S, S) in [0, 1] → the same shape with the mean taken off, in deviations."""
        mean = torch.tensor(self.mean, dtype=pixels.dtype, device=pixels.device)[:, None, None]
        std = torch.tensor(self.std, dtype=pixels.dtype, device=pixels.device)[:, None, None]
        return (pixels - mean) / std

    def _square(self, image: Image.Image) -> Image.Image:
        if self.resize_mode == "squash":
            return image.resize((self.size, self.size), INTERPOLATION[self.interpolation])
        return self._cropped(image) if self.resize_mode == "shortest" else self._padded(image)

    # Rounding follows torchvision and open_clip to the pixel: models see what they were trained on.

    def _cropped(self, image: Image.Image) -> Image.Image:
        width, height = (int(edge * self.size / min(image.size)) for edge in image.size)
        left, top = round((width - self.size) / 2), round((height - self.size) / 2)
        scaled = image.resize((width, height), INTERPOLATION[self.interpolation])
        return scaled.crop((left, top, left + self.size, top + self.size))

    def _padded(self, image: Image.Image) -> Image.Image:
        ratio = max(image.size) / self.size
        width, height = (max(1, round(edge / ratio)) for edge in image.size)
        padded = Image.new("RGB", (self.size, self.size), (self.fill_color,) * 3)
        scaled = image.resize((width, height), INTERPOLATION[self.interpolation])
        padded.paste(scaled, ((self.size - width) // 2, (self.size - height) // 2))
        return padded


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, (*GROUND, 255))
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")
