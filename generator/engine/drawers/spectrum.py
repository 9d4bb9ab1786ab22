"""Drawing in waves: a picture as the sum of its frequencies, in colours that are independent of each other.

Olah, Mordvintsev, Schubert 2017, "Feature Visualization", Distill, section "Preconditioning and
Parameterization": the same pictures as by pixels, but steepest descent in other, decorrelated units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

UNIT = 0.9  # change of a frequency's amplitude, in standard deviations of noise, by one unit of a parameter
START_DEVIATION = 0.02
START_BRIGHTNESS = 1.0  # of the whole picture, before the sigmoid
CONTRAST = 4.0
# A square root of the covariance of colours in ImageNet, with rows red, green and blue: columns are about
# brightness, red against blue, green against both. From lucid's `optvis/param/color.py`, the paper's code.
COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))


class SpectrumDrawer:
    """Draws by the frequencies of the picture, which start as faint noise of all sizes on a light ground.

    Its one parameter is (1, 3, H, W // 2 + 1, 2): of each of three decorrelated colours the real and
    imaginary parts of each frequency. Low frequencies count more, as in photographs, so that a step of equal
    size changes large shapes first.
    """

    def __init__(self, *, width: int, height: int, rng: torch.Generator, device: torch.device) -> None:
        self._size = (height, width)
        down = torch.fft.fftfreq(height)[:, None]
        right = torch.fft.rfftfreq(width)[None]
        frequency = (down.square() + right.square()).sqrt()  # (H, W // 2 + 1) cycles a pixel
        scale = math.sqrt(width * height) / frequency.clamp(min=1 / max(width, height))
        self._scale = (UNIT * scale / CONTRAST).to(device)
        spread = torch.tensor(COLOURS)
        self._spread = (spread / spread.norm(dim=0).max()).to(device)  # (3, 3)
        start = START_DEVIATION / UNIT * torch.randn((1, 3, *frequency.shape, 2), generator=rng)
        self._spectrum = start.to(device).requires_grad_()

    def parameters(self) -> list[Tensor]:
        return [self._spectrum]

    def render(self) -> Tensor:
        return self.picture([self._spectrum])

    def picture(self, parameters: Sequence[Tensor]) -> Tensor:
        """The picture (1, 3, H, W) in [0, 1] of parameters other than the current ones."""
        (spectrum,) = parameters
        waves = torch.view_as_complex(spectrum.contiguous()) * self._scale  # (1, 3, H, W // 2 + 1)
        values = torch.fft.irfft2(waves, s=self._size)  # (1, 3, H, W)
        return torch.sigmoid(START_BRIGHTNESS + torch.einsum("rc,bchw->brhw", self._spread, values))

    def constrain(self) -> None:
        """Every spectrum is that of a picture."""
