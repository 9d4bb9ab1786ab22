"""Ten prompts in normal quality into docs/ten-prompts.md: by the engine itself, and by a running site.

    python -m benchmarks.ten_prompts
    python -m benchmarks.ten_prompts --size 256     # into docs/ten-prompts-256.md

Every run of the engine is a process of its own, so that equal bytes are not owed to anything kept in memory.
The site's pictures are asked for on its studio page and made by its queue.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import multiprocessing
import os
import platform
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import numpy as np
from PIL import Image, ImageDraw

from generator.engine.settings import GenerateSettings
from tests.processes import Site, send

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
ENDED = """SELECT state, started_at, finished_at, image_id FROM generator_job
           WHERE id = ? AND state IN ('done', 'failed')"""
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
    best_label: str  # of the ten prompts, by the whole pack's cosine
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
    label, probability = _classify(pixels, _judge(), settings.prompt)
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


@dataclass(frozen=True)
class PageRun:
    """The same prompt and seed, sent by the studio's form to a running site."""

    seconds: float  # from the worker's start to the stored picture, previews among it
    sha256: str  # of the pixels in the gallery


def by_the_page(recipes: Sequence[GenerateSettings]) -> Iterator[PageRun]:
    """One after the other, as a person would."""
    with Site.start(TORCH_THREADS=str(recipes[0].threads)) as site:
        client = site.sign_up("painter")
        for recipe in recipes:
            form = {"prompt": recipe.prompt, "seed": recipe.seed, "size": recipe.width, "quality": "normal"}
            response = send(client, "/studio/", form)
            found = re.search(r"/studio/([0-9a-f-]{36})/", str(response.url))
            assert found, response.text
            job = UUID(found[1]).hex
            site.wait_until(lambda job=job: site.rows(ENDED, job), seconds=600)
            ((state, started, finished, image),) = site.rows(ENDED, job)
            assert state == "done", site.logs()
            stored = client.get(f"/pictures/{UUID(image)}/original").content
            pixels = np.asarray(Image.open(io.BytesIO(stored)).convert("RGB"))
            seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
            yield PageRun(seconds, hashlib.sha256(pixels.tobytes()).hexdigest())


def _models():
    from gallery.clip.model import ClipConfig, load_clip
    from generator.engine.vqgan import VqganSource, load_vqgan

    pack = ROOT / "weights" / "mini" / "clip"
    clip = load_clip(ClipConfig(model="mini", pretrained="", pack_dir=pack, quick=True))
    return load_vqgan(VqganSource()), clip


def _judge():
    """All three towers of the pack, of which one has steered."""
    from gallery.clip.model import ClipConfig, load_clip

    return load_clip(ClipConfig(model="mini", pretrained="", pack_dir=ROOT / "weights" / "mini" / "clip"))


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


def report(runs: Sequence[Run], again: Sequence[PageRun], settings: GenerateSettings) -> str:
    """docs/ten-prompts.md."""
    right = sum(run.best_label == run.prompt for run in runs)
    options = ", ".join(f"{name} {value}" for name, value in asdict(settings).items() if name != "prompt")
    lines = [
        f"# Ten prompts, {settings.width} pixels",
        "",
        f"Made by `python -m benchmarks.ten_prompts --size {settings.width}` with the models in "
        "`weights/mini`: every prompt in normal quality with the same seed, once by the engine in a process "
        "of its own and once more on the studio page of a running site.",
        "",
        f"![The ten pictures]({name_for(settings.width)}/sheet.png)",
        "",
        f"Settings: {options}.",
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, other work may have been running beside.",
        "",
        "| prompt | seed | steps | seconds | CPU s | loss, first → last tenth | fall | likeliest of the ten "
        "(p of its own) | SHA-256 of the pixels | by the page, seconds | its pixels |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run, repeat in zip(runs, again, strict=True):
        fall = 1 - run.last_loss / run.first_loss
        same = "equal" if repeat.sha256 == run.sha256 else "**differ**"
        lines.append(
            f"| {run.prompt} | {settings.seed} | {settings.steps} | {run.seconds:.0f} "
            f"| {run.cpu_seconds:.0f} | {run.first_loss:.3f} → {run.last_loss:.3f} | {fall:.0%} "
            f"| {run.best_label} ({run.probability:.2f}) | "
            f"`{run.sha256[:16]}…` | {repeat.seconds:.0f} | {same} |"
        )
    lines += [
        "",
        f"The pack's CLIP takes {right} of {len(runs)} for what they are meant to be. That is no proof that "
        "a person does: one of its three picture towers steered them there.",
        "",
    ]
    return "\n".join(lines)


def name_for(size: int) -> str:
    return "ten-prompts" if size == GenerateSettings.width else f"ten-prompts-{size}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, choices=(128, 256), default=128, help="pixels a side")
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    arguments = parser.parse_args()
    size, seed = arguments.size, arguments.seed
    recipes = [GenerateSettings(prompt=prompt, seed=seed, width=size, height=size) for prompt in PROMPTS]
    pictures = arguments.out / name_for(size)
    pictures.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        runs = []
        for recipe in recipes:
            runs.append(pool.apply(make, (recipe,)))
            print(f"{recipe.prompt}: {runs[-1].seconds:.0f} s, {runs[-1].best_label}", flush=True)
            Image.fromarray(runs[-1].pixels).save(pictures / f"{recipe.prompt.replace(' ', '-')}.png")
        sheet(runs).save(pictures / "sheet.png")
    again = []
    for run, repeat in zip(runs, by_the_page(recipes), strict=True):
        again.append(repeat)
        same = "equal" if repeat.sha256 == run.sha256 else "DIFFERENT"
        print(f"{run.prompt}: by the page {repeat.seconds:.0f} s, {same}", flush=True)
    page = report(runs, again, recipes[0])
    (arguments.out / f"{name_for(size)}.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
