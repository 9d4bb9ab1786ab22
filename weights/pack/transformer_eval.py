"""Measures the pack's transformer and draws its sheets: `python -m weights.pack.transformer_eval`.

Eight pictures of each of eight prompts as they come, and the eight that the pack's CLIP finds closest among
64. Prints how often the pack's CLIP takes a picture for what was asked for, the loss on unseen concepts and
the training's curve.
"""

import argparse
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from gallery.clip.model import PACK, ClipConfig, ClipModel, load_clip
from gallery.training.samples import sheet
from generator.engine.transformer.files import load_transformer
from generator.engine.transformer.model import TokenTransformer
from generator.engine.transformer.plan import SHOWN, best_first
from generator.engine.transformer.plan import draw as drawn
from generator.engine.transformer.training import Phase, loss_of
from generator.engine.vqgan import MINI_PACK, VqganSource, load_vqgan
from weights.pack.codes import CODES_FOLDER, load_codes
from weights.pack.dataset import DEFAULT_FOLDER, VALIDATION, load_dataset
from weights.pack.photographs import OTHERS
from weights.pack.transformer import CONFIG, FOLDER, PROMPTS, RUN_FOLDER, CaptionedCodes

EACH = 8  # pictures of a prompt in a sheet
AMONG = 64  # of which the second sheet has the best
CURVE_ROWS = 12
UNSEEN = 96  # pictures
# What CLIP may take a picture for instead: things that are none of the prompts.
OTHER_LABELS = tuple(f"a {label}" for label in OTHERS if label not in {"fish", "tree", "pizza"})


def named(clip: ClipModel, pictures: Tensor, prompt: str) -> float:
    """pictures (N, 3, S, S) in [0, 1] → the share that fits the prompt better than any other label."""
    labels = (*PROMPTS, *OTHER_LABELS)
    images = clip.encode_images(_images(pictures))
    return (images @ clip.encode_text(labels).T).argmax(dim=1).eq(labels.index(prompt)).float().mean().item()


def _images(pictures: Tensor) -> list[Image.Image]:
    pixels = (pictures.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1)
    return [Image.fromarray(each.numpy()) for each in pixels]


def curve_table(log: Path) -> str:
    """The training log as a Markdown table of a few rows; each value is a mean over its stretch of steps."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    stretch = math.ceil(len(lines) / CURVE_ROWS)
    rows = ["| step | minutes | codes a side | loss, nats a code |", "| --- | --- | --- | --- |"]
    for start in range(0, len(lines), stretch):
        part = lines[start : start + stretch]
        mean = sum(line["loss"] for line in part) / len(part)
        side = CONFIG.phase(part[-1]["step"] - 1).side
        rows.append(f"| {part[-1]['step']} | {part[-1]['seconds'] / 60:.0f} | {side} | {mean:.2f} |")
    return "\n".join(rows)


@torch.no_grad()
def unseen_losses(model: TokenTransformer, clip: ClipModel, dataset: Path, codes: Path) -> str:
    """What a code of concepts that no step has seen takes, for each size."""
    unseen = CaptionedCodes(
        load_codes(load_dataset(dataset), VALIDATION, codes, views=1), clip, seed=CONFIG.seed
    )
    said = []
    for phase in CONFIG.phases:
        batch = unseen(0, Phase(steps=1, side=phase.side, batch=UNSEEN))
        said.append(f"{loss_of(model, batch).item():.3f} nats up to {phase.side} × {phase.side} codes")
    return f"A code of unseen concepts takes {', '.join(said)}; by chance {math.log(CONFIG.model.codes):.3f}."


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--codes", type=Path, default=CODES_FOLDER)
    parser.add_argument("--run", type=Path, default=RUN_FOLDER)
    options = parser.parse_args()
    folder = MINI_PACK / FOLDER
    model, vqgan = load_transformer(folder), load_vqgan(VqganSource())
    whole = load_clip(ClipConfig(PACK, "", MINI_PACK / "clip"))
    quick = load_clip(ClipConfig(PACK, "", MINI_PACK / "clip", quick=True))
    first, best = [], []
    print(f"| prompt | named first as they come | the best {EACH} of {AMONG} | seconds for {AMONG} |")
    print("| --- | --- | --- | --- |")
    for prompt in PROMPTS:
        started = time.monotonic()
        pictures = drawn(model, vqgan, quick, [prompt] * AMONG, replace(SHOWN, side=CONFIG.model.grid))
        seconds = time.monotonic() - started
        first.append(pictures[:EACH])
        best.append(best_first(quick, prompt, pictures)[:EACH])
        shares = [f"{named(whole, some, prompt):.0%}" for some in (pictures, best[-1])]
        print(f"| {prompt} | {' | '.join(shares)} | {seconds:.0f} |", flush=True)
    print(f"\nAmong {len(PROMPTS) + len(OTHER_LABELS)} labels.")
    for name, rows in (("samples", first), ("best", best)):
        sheet(torch.cat(rows), columns=EACH).quantize(256).save(folder / f"{name}.png", optimize=True)
    print(unseen_losses(model, quick, options.dataset, options.codes))
    log = options.run / "log.jsonl"
    if log.exists():
        print(f"\n{curve_table(log)}")


if __name__ == "__main__":
    main()
