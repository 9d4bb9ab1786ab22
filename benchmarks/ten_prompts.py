"""Ten prompts through the real engine at its default settings, twice each, into docs/ten-prompts.md.

    python -m benchmarks.ten_prompts

Every run is a process of its own, so that equal bytes are not owed to anything kept in memory.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from generator.engine.settings import GenerateSettings

ROOT = Path(__file__).resolve().parents[1]
PROMPTS = (
    "a red heart",
    "a yellow cat face",
    "a blue fish",
    "a green tree",
    "a house",
    "a sun",
    "a strawberry",
    "a rocket",
    "a red apple",
    "a flower",
)
COLUMNS = 5
CAPTION_HEIGHT = 16  # pixels


@dataclass(frozen=True)
class Run:
    """What one run gave."""

    prompt: str
    pixels: np.ndarray  # (H, W, 3) uint8
    seconds: float  # wall time of the steps, without loading the models
    cpu_seconds: float
    first_loss: float  # mean of the first and the last tenth of the steps, as views differ from step to step
    last_loss: float
    best_label: str  # of the ten prompts, by CLIP's cosine
    probability: float  # of the run's own prompt among the ten

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.pixels.tobytes()).hexdigest()


def make(settings: GenerateSettings) -> Run:
    """One picture, its time, its losses, and what CLIP says that it is."""
    from generator.engine.loop import generate

    vqgan, clip = _models()
    losses: list[float] = []
    start, cpu_start = time.perf_counter(), time.process_time()
    for step in generate(settings, vqgan, clip):
        losses.append(step.loss)
        last = step
    pixels = last.image()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    label, probability = _classify(pixels, clip, settings.prompt)
    tenth = max(1, len(losses) // 10)
    return Run(
        prompt=settings.prompt,
        pixels=pixels,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        first_loss=float(np.mean(losses[:tenth])),
        last_loss=float(np.mean(losses[-tenth:])),
        best_label=label,
        probability=probability,
    )


def _models():
    from gallery.clip.model import ClipConfig, load_clip
    from generator.engine.vqgan import VqganSource, load_vqgan

    clip = load_clip(ClipConfig(model="mini", pretrained="", pack_dir=ROOT / "weights" / "mini" / "clip"))
    return load_vqgan(VqganSource()), clip


def _classify(pixels: np.ndarray, clip, prompt: str) -> tuple[str, float]:
    """The likeliest of the ten prompts, and the own one's probability (Radford et al. 2021, section 3.1)."""
    from gallery.clip.zeroshot import probabilities

    labels = [*PROMPTS] if prompt in PROMPTS else [prompt, *PROMPTS]
    image = clip.encode_images([Image.fromarray(pixels)]).numpy()
    (row,) = probabilities(image, clip.encode_text(labels).numpy(), clip.logit_scale)
    return labels[int(row.argmax())], float(row[labels.index(prompt)])


def sheet(runs: Sequence[Run]) -> Image.Image:
    """All pictures with their prompts, in rows of COLUMNS."""
    height, width, _ = runs[0].pixels.shape
    rows = -(-len(runs) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * width, rows * (height + CAPTION_HEIGHT)), "white")
    draw = ImageDraw.Draw(page)
    for place, run in enumerate(runs):
        left, top = place % COLUMNS * width, place // COLUMNS * (height + CAPTION_HEIGHT)
        page.paste(Image.fromarray(run.pixels), (left, top))
        draw.text((left + 4, top + height + 2), run.prompt, fill="black")
    return page


def report(runs: Sequence[Run], again: Sequence[Run | None], settings: GenerateSettings) -> str:
    """docs/ten-prompts.md."""
    right = sum(run.best_label == run.prompt for run in runs)
    options = ", ".join(f"{name} {value}" for name, value in asdict(settings).items() if name != "prompt")
    lines = [
        "# Ten prompts",
        "",
        "Made by `python -m benchmarks.ten_prompts` with the models in `weights/mini`: every prompt at the "
        "engine's default settings with the same seed, each run twice, in processes of their own.",
        "",
        "![The ten pictures](ten-prompts/sheet.png)",
        "",
        f"Settings: {options}.",
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, other work may have been running beside.",
        "",
        "| prompt | seed | steps | seconds | CPU s | loss, first → last tenth | fall | likeliest of the ten "
        "(p of its own) | SHA-256 of the pixels | second run |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run, repeat in zip(runs, again, strict=True):
        fall = 1 - run.last_loss / run.first_loss
        same = "not made" if repeat is None else "equal" if repeat.sha256 == run.sha256 else "**differs**"
        lines.append(
            f"| {run.prompt} | {settings.seed} | {settings.steps} | {run.seconds:.0f} "
            f"| {run.cpu_seconds:.0f} | {run.first_loss:.3f} → {run.last_loss:.3f} | {fall:.0%} "
            f"| {run.best_label} ({run.probability:.2f}) | "
            f"`{run.sha256[:16]}…` | {same} |"
        )
    lines += [
        "",
        f"CLIP itself takes {right} of {len(runs)} for what they are meant to be. That is no proof that a "
        "person does: the same model steered them there.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    parser.add_argument("--once", action="store_true", help="leave the second runs out")
    arguments = parser.parse_args()
    recipes = [GenerateSettings(prompt=prompt, seed=arguments.seed) for prompt in PROMPTS]
    pictures = arguments.out / "ten-prompts"
    pictures.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        runs = []
        for recipe in recipes:
            runs.append(pool.apply(make, (recipe,)))
            print(f"{recipe.prompt}: {runs[-1].seconds:.0f} s, {runs[-1].best_label}", flush=True)
            Image.fromarray(runs[-1].pixels).save(pictures / f"{recipe.prompt.replace(' ', '-')}.png")
        sheet(runs).save(pictures / "sheet.png")
        again: list[Run | None] = [None] * len(recipes)
        for place, recipe in enumerate(recipes if not arguments.once else []):
            repeat = again[place] = pool.apply(make, (recipe,))
            same = repeat.sha256 == runs[place].sha256
            print(f"{recipe.prompt}: second run {'equal' if same else 'DIFFERS'}", flush=True)
    (arguments.out / "ten-prompts.md").write_text(report(runs, again, recipes[0]), encoding="utf-8")


if __name__ == "__main__":
    main()
