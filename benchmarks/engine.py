"""Our step beside the loop of nerdyrodent/VQGAN-CLIP: seconds, peak memory, and the loss after 50 steps.

    git clone https://github.com/nerdyrodent/VQGAN-CLIP PEER
    pip install -r benchmarks/requirements.txt
    python -m benchmarks.engine --checkout PEER

Both draw by one VQGAN (f16 with 1024 codes, as released for ImageNet) and are judged by one CLIP ViT-B/32,
with the same random weights, start, prompt, learning rate and threads. "same views" gives both our cutouts
and augmentations with equal random numbers, so that their losses can be compared step by step; "own views"
leaves each its own, as published. Every run is a process of its own, and they take turns. It takes about
eight minutes on two cores.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

PROMPT = "a lighthouse at the sea"
LEARNING_RATE = 0.1  # the peer's default
CONSTANT = 2000  # steps in which our learning rate falls: in the first 50 by under 0.2 %
PEER, FP32, AUTO = "VQGAN-CLIP", "clipweb, fp32", "clipweb"
VQGAN_YAML = """model:
  target: taming.models.vqgan.VQModel
  params:
    embed_dim: 256
    n_embed: 1024
    ddconfig: {double_z: false, z_channels: 256, resolution: 256, in_channels: 3, out_ch: 3, ch: 128,
      ch_mult: [1, 1, 2, 2, 4], num_res_blocks: 2, attn_resolutions: [16], dropout: 0.0}
"""


@dataclass(frozen=True)
class Task:
    """One run: `steps` that count, after one that warms up where `timed`."""

    who: str
    checkout: Path
    weights: Path
    size: int  # pixels, both sides
    cutouts: int
    steps: int
    seed: int
    threads: int
    same_views: bool


@dataclass(frozen=True)
class Result:
    seconds: list[float]  # of each step after the first
    cpu_seconds: list[float]  # likewise, of all threads; what counts when other work runs beside
    losses: list[float]  # of every step
    peak: int  # bytes of resident memory, at most
    precision: str = "fp32"


def make_weights(folder: Path) -> None:
    """Random weights in the files that both sides load."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    from generator.engine.vqgan import Vqgan
    from generator.engine.vqgan_files import read_architecture

    torch.manual_seed(0)
    (folder / "vqgan.yaml").write_text(VQGAN_YAML, encoding="utf-8")
    vqgan = Vqgan(read_architecture(folder / "vqgan.yaml"))
    torch.nn.init.normal_(vqgan.codebook)  # as spread as a trained one's; uniform in ±1/1024 as it is built
    save_file(vqgan.state_dict(), folder / "vqgan.safetensors")
    torch.save(open_clip.create_model("ViT-B-32", pretrained=None).state_dict(), folder / "clip.pt")


def run(task: Task) -> Result:
    import torch

    from generator.engine.cutouts import Cutouts
    from generator.engine.vqgan import VqganSource, load_vqgan

    torch.set_num_threads(task.threads)
    rng = torch.Generator().manual_seed(task.seed)
    vqgan = load_vqgan(VqganSource(task.weights / "vqgan.safetensors", task.weights / "vqgan.yaml"))
    cells = (task.size // vqgan.factor,) * 2
    start = vqgan.codebook[torch.randint(len(vqgan.codebook), cells, generator=rng)].permute(2, 0, 1)[None]
    if task.who == PEER:
        from benchmarks.engine_peer import peer_losses

        del vqgan  # it loads its own
        settings = _settings(task)
        cutouts = Cutouts(
            count=settings.cutouts,
            size=224,
            smallest=settings.cutout_smallest,
            largest=settings.cutout_largest,
            power=settings.cutout_power,
            augmentation=settings.augmentation,
        )
        losses = peer_losses(
            checkout=task.checkout,
            weights=task.weights,
            size=task.size,
            cutouts=task.cutouts,
            prompt=PROMPT,
            start=start,
            views=(lambda picture: cutouts.draw(picture, rng)) if task.same_views else None,
        )
        return _measured(losses, task, "fp32")
    losses = _our_losses(task, vqgan, start, rng)
    precision = next(losses)
    return _measured(losses, task, str(precision))


def _our_losses(task: Task, vqgan, start, rng) -> Iterator:
    """First the precision that was chosen, then the loss of each step."""
    from gallery.clip.model import ClipConfig, load_clip
    from generator.engine.loop import generate
    from generator.engine.precision import chosen_precision

    settings = _settings(task)
    clip = load_clip(ClipConfig("ViT-B-32", str(task.weights / "clip.pt"), Path()))
    yield chosen_precision(settings, vqgan.codebook.device)
    state = next(generate(settings, vqgan, clip)).state()  # of a run that begins as the peer's
    state |= {"index": 0, "parameters": [start], "average": [start.clone()], "rng": rng.get_state()}
    state["optimizer"]["state"] = {}
    for step in generate(settings, vqgan, clip, resume=state):
        yield step.loss


def _settings(task: Task):
    """Ours, as plain as the peer's loop is; views are as usual."""
    from generator.engine.settings import GenerateSettings

    return GenerateSettings(
        prompt=PROMPT,
        steps=CONSTANT,
        width=task.size,
        height=task.size,
        cutouts=task.cutouts,
        learning_rate=LEARNING_RATE,
        coarse_levels=1,
        ground=0.0,
        precision="fp32" if task.who == FP32 else "auto",
        threads=task.threads,
    )


def _measured(losses: Iterator[float], task: Task, precision: str) -> Result:
    found, seconds, cpu_seconds = [], [], []
    begun, cpu_begun = time.perf_counter(), time.process_time()
    for loss in islice(losses, task.steps):
        found.append(loss)
        seconds.append(time.perf_counter() - begun)
        cpu_seconds.append(time.process_time() - cpu_begun)
        begun, cpu_begun = time.perf_counter(), time.process_time()
    return Result(seconds[1:], cpu_seconds[1:], found, _peak_memory(), precision)


def _peak_memory() -> int:
    """Of this process, in bytes; 0 where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def report_step(title: str, results: dict[str, Result]) -> None:
    print(
        f"\n{title}\n{'':16}{'precision':>10}{'s a step':>10}{'CPU s':>8}{'peak MB':>9}{'times as fast':>15}"
    )
    median = statistics.median
    for who, result in results.items():
        seconds, cpu_seconds = median(result.seconds), median(result.cpu_seconds)
        ratio = median(results[PEER].seconds) / seconds
        print(f"{who:16}{result.precision:>10}{seconds:10.2f}{cpu_seconds:8.2f}", end="")
        print(f"{result.peak / 1e6:9.0f}{ratio:15.2f}", flush=True)


def report_losses(steps: int, losses: dict[str, list[list[float]]]) -> None:
    print(f"\nLoss, mean of {len(losses[PEER])} seeds")
    print(f"{'':16}{'at first':>10}{f'after {steps}':>10}{'apart':>9}")
    last = {who: statistics.mean(run[-1] for run in runs) for who, runs in losses.items()}
    for who, runs in losses.items():
        first = statistics.mean(run[0] for run in runs)
        print(f"{who:16}{first:10.4f}{last[who]:10.4f}{last[who] / last[PEER] - 1:9.2%}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkout", type=Path, required=True, help="of nerdyrodent/VQGAN-CLIP")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=50, help="after which losses are compared")
    parser.add_argument("--size", type=int, default=128, help="of the pictures whose losses are compared")
    parser.add_argument("--cutouts", type=int, default=8, help="likewise")
    parser.add_argument("--timed", type=int, default=5, help="steps at 256 pixels and 32 cutouts; 0: none")
    arguments = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    print(f"{platform.machine()}, {os.cpu_count()} cores, {arguments.threads} threads")
    with tempfile.TemporaryDirectory() as folder, spawn.Pool(1, maxtasksperchild=1) as pool:
        weights = Path(folder)
        pool.apply(make_weights, (weights,))

        def measure(
            who: str, *, size: int, cutouts: int, steps: int, seed: int = 1, same: bool = True
        ) -> Result:
            seeds = {"seed": seed, "threads": arguments.threads}
            paths = {"checkout": arguments.checkout, "weights": weights}
            task = Task(who, **paths, size=size, cutouts=cutouts, steps=steps, **seeds, same_views=same)
            return pool.apply(run, (task,))

        if arguments.timed:
            usual = {
                "size": 256,
                "cutouts": 32,
                "steps": arguments.timed + 1,
            }  # the peer's own on a processor
            for title, same in (("same views", True), ("own views", False)):
                whos = (PEER, FP32, AUTO) if same else (PEER, AUTO)
                results = {who: measure(who, **usual, same=same) for who in whos}
                report_step(f"256 × 256, 32 cutouts, {title}", results)
        losses: dict[str, list[list[float]]] = {PEER: [], AUTO: []}
        timed: dict[str, Result] = {}
        for seed in range(1, arguments.seeds + 1):
            for who in losses:
                chosen = {"size": arguments.size, "cutouts": arguments.cutouts, "steps": arguments.steps}
                timed[who] = measure(who, **chosen, seed=seed)
                losses[who].append(timed[who].losses)
        report_step(f"{arguments.size} × {arguments.size}, {arguments.cutouts} cutouts, same views", timed)
        report_losses(arguments.steps, losses)


if __name__ == "__main__":
    main()
