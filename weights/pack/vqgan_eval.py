"""Measures the pack's VQGAN on held-out pictures: `python -m weights.pack.vqgan_eval`.

Prints the scores and the training's curve as the tables of the model card, and draws the sheet of
reconstructions.
"""

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from generator.engine.training.codebook import CodebookUsage
from generator.engine.training.losses import Features, feature_distance
from generator.engine.vqgan import MINI_PACK, Vqgan, VqganSource, load_vqgan
from weights.pack.data import PACKAGES_FOLDER
from weights.pack.dataset import DEFAULT_FOLDER, HELD_OUT_ARTIST, TEST, Dataset, load_dataset
from weights.pack.jpeg import jpeg_within
from weights.pack.vqgan import RUN_FOLDER
from weights.pack.vqgan_features import perceptual_features
from weights.pack.vqgan_pictures import held_out_pictures

SIZE = 128  # pixels
PICTURES = 64  # of each split
BATCH = 16
SHEET_PICTURES, SHEET_COLUMNS = 20, 10
CURVE_ROWS = 12


@dataclass(frozen=True)
class Scores:
    """How well pictures of one split survive the codebook."""

    split: str
    pictures: int
    psnr: float  # dB, of values in [0, 1], mean over pictures
    psnr_of_mean_colour: float  # the same where each picture is replaced by its mean colour
    feature_distance: float  # see generator.engine.training.losses; 0 is equal
    jpeg_psnr: float  # of JPEG with the bytes that the codes take
    jpeg_feature_distance: float
    codebook_used: float  # share of codes chosen at least once, in [0, 1]
    perplexity: float  # of the choices; at most the number of codes


@torch.no_grad()
def measure(model: Vqgan, features: Features, pictures: Tensor, split: str) -> Scores:
    """pictures: (N, 3, H, W) in [-1, 1]."""
    usage = CodebookUsage(len(model.codebook))
    psnr, plain, jpeg = [], [], []
    distance = jpeg_distance = 0.0
    for real in pictures.split(BATCH):
        latent = model.encode(real)
        usage.add(model.quantize.nearest(latent))
        fake = model.decode(model.quantize(latent)).clamp(-1, 1)
        psnr.append(_psnr(real, fake))
        plain.append(_psnr(real, real.mean(dim=(2, 3), keepdim=True).expand_as(real)))
        distance += feature_distance(features, real, fake).item() * len(real)
        bits = latent.shape[2] * latent.shape[3] * math.log2(len(model.codebook))
        compressed = torch.stack([jpeg_within(picture, math.ceil(bits / 8)) for picture in real])
        jpeg.append(_psnr(real, compressed))
        jpeg_distance += feature_distance(features, real, compressed).item() * len(real)
    return Scores(
        split=split,
        pictures=len(pictures),
        psnr=torch.cat(psnr).mean().item(),
        psnr_of_mean_colour=torch.cat(plain).mean().item(),
        feature_distance=distance / len(pictures),
        jpeg_psnr=torch.cat(jpeg).mean().item(),
        jpeg_feature_distance=jpeg_distance / len(pictures),
        codebook_used=usage.used,
        perplexity=usage.perplexity,
    )


def _psnr(real: Tensor, fake: Tensor) -> Tensor:
    """(B,) dB; the range of values is 2. Equal pictures are counted as 60 dB."""
    error = (real - fake).square().mean(dim=(1, 2, 3))
    return (10 * torch.log10(4 / error.clamp(min=4e-6))).double()


def evaluate(dataset: Dataset, features: Features, source: VqganSource | None = None) -> Iterator[Scores]:
    """Scores on the held-out concepts and on the held-out artist."""
    model = load_vqgan(source or VqganSource())
    for split in (TEST, HELD_OUT_ARTIST):
        yield measure(model, features, held_out_pictures(dataset, split, size=SIZE, limit=PICTURES), split)


def scores_table(scores: Iterator[Scores]) -> str:
    """A Markdown table, one row a split."""
    rows = [
        "| split | pictures | PSNR, dB | JPEG's PSNR | mean colour's PSNR | feature distance | JPEG's "
        "| codes used | perplexity |"
    ]
    rows.append("| --- " * 9 + "|")
    for row in scores:
        rows.append(
            f"| {row.split} | {row.pictures} | {row.psnr:.2f} | {row.jpeg_psnr:.2f} "
            f"| {row.psnr_of_mean_colour:.2f} | {row.feature_distance:.3f} | {row.jpeg_feature_distance:.3f} "
            f"| {row.codebook_used:.0%} | {row.perplexity:.0f} |"
        )
    return "\n".join(rows)


def curve_table(log: Path) -> str:
    """The training log as a Markdown table of a few rows; each value is a mean over its stretch of steps."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    stretch = math.ceil(len(lines) / CURVE_ROWS)
    columns = ("pixel", "perceptual", "codebook", "adversarial", "discriminator", "lambda", "perplexity")
    rows = [f"| step | minutes | {' | '.join(columns)} |", "| --- " * (len(columns) + 2) + "|"]
    for start in range(0, len(lines), stretch):
        part = lines[start : start + stretch]
        values = [[line[column] for line in part if column in line] for column in columns]
        means = [f"{sum(column) / len(column):.3g}" if column else "–" for column in values]
        rows.append(f"| {part[-1]['step']} | {part[-1]['seconds'] / 60:.0f} | {' | '.join(means)} |")
    return "\n".join(rows)


@torch.no_grad()
def contact_sheet(model: Vqgan, pictures: Tensor, *, columns: int) -> Image.Image:
    """Originals in one row, their reconstructions in the row below; pictures (N, 3, H, W) in [-1, 1]."""
    pairs = []
    for real in pictures.split(columns):
        pairs.append(torch.cat(list(real), dim=2))  # (3, H, columns · W)
        pairs.append(torch.cat(list(model(real)), dim=2))
    sheet = torch.cat(pairs, dim=1).clamp(-1, 1)
    return Image.fromarray(((sheet + 1) * 127.5).round().byte().permute(1, 2, 0).numpy())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--packages", type=Path, default=PACKAGES_FOLDER)
    parser.add_argument("--run", type=Path, default=RUN_FOLDER)
    options = parser.parse_args()
    dataset, features = load_dataset(options.dataset), perceptual_features(options.packages)
    print(scores_table(evaluate(dataset, features)))
    log = options.run / "log.jsonl"
    if log.exists():
        print(f"\n{curve_table(log)}")
    pictures = held_out_pictures(dataset, TEST, size=96, limit=SHEET_PICTURES, seed=1)
    sheet = contact_sheet(load_vqgan(VqganSource()), pictures, columns=SHEET_COLUMNS)
    path = MINI_PACK / "vqgan" / "reconstructions.png"
    sheet.quantize(256).save(path, optimize=True)
    print(f"\n{path}")


if __name__ == "__main__":
    main()
