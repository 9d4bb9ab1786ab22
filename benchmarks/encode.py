"""Pictures a second and memory of the encoder, beside open_clip as it is: eager, float32.

    python -m benchmarks.encode

ViT-B/32 has random weights, the same for both; the pack's CLIP is what ships, read by open_clip and by us.
"clipweb" is what the encoder does with its default settings: on a processor that multiplies in bfloat16, a
transformer sees pictures in it. Each run is a process of its own, and they take turns; the table has medians
over the rounds. Cosines are between both sides' vectors of the demo gallery's pictures.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACK = ROOT / "weights" / "mini" / "clip"
DEMO = ROOT / "gallery" / "demo"
PEER, OURS = "open_clip", "clipweb"
VIT, MINI = "ViT-B-32", "mini"
BATCH = 16


@dataclass(frozen=True)
class Task:
    who: str
    model: str
    weights: Path  # what open_clip reads: a file, of the pack a folder
    threads: int
    seconds: float  # that are measured


@dataclass(frozen=True)
class Result:
    rate: float  # pictures a second
    memory: float  # MB, the process's peak
    vectors: list[list[float]]  # of the demo gallery


def measure(task: Task) -> Result:
    """Loads the model and encodes ready pixels in batches, so that no decoding is timed."""
    os.environ["OMP_NUM_THREADS"] = str(task.threads)
    import torch
    from PIL import Image

    torch.set_num_threads(task.threads)
    demo = [Image.open(path).convert("RGB") for path in sorted(DEMO.glob("*.*")) if path.suffix != ".json"]
    encode, preprocess = (_ours if task.who == OURS else _peer)(task)
    with torch.no_grad():
        seen = torch.stack([preprocess(picture) for picture in demo])
        vectors = torch.cat([encode(part) for part in seen.split(BATCH)])
        pixels = seen[:BATCH]
        encode(pixels)
        started, done = time.perf_counter(), 0
        while time.perf_counter() - started < task.seconds:
            encode(pixels)
            done += len(pixels)
        rate = done / (time.perf_counter() - started)
    return Result(rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, vectors.tolist())


def _ours(task: Task) -> tuple[Callable, Callable]:
    from gallery.clip.model import ClipConfig, load_clip

    pretrained = str(task.weights) if task.model == VIT else ""
    model = load_clip(ClipConfig(task.model, pretrained, PACK, precision="auto"))
    return model.encode_pixels, model.preprocess.pixels


def _peer(task: Task) -> tuple[Callable, Callable]:
    import open_clip

    import gallery.clip.towers  # noqa: F401  registers the pack's image towers with timm

    name, options = (
        (VIT, {"pretrained": str(task.weights)})
        if task.model == VIT
        else (f"local-dir:{task.weights}", {"pretrained_text": False})
    )
    network, _, transform = open_clip.create_model_and_transforms(name, **options)
    network.eval().requires_grad_(False)
    return lambda pixels: network.encode_image(pixels, normalize=True), transform


def cosine(one: Result, other: Result) -> float:
    """Mean over pictures."""
    pairs = zip(one.vectors, other.vectors, strict=True)
    return statistics.mean(sum(a * b for a, b in zip(x, y, strict=True)) for x, y in pairs)


def save_vit(path: Path) -> None:
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    save_file(open_clip.create_model(VIT, pretrained=None).state_dict(), path)


def widen_pack(folder: Path) -> None:
    """Its file is in eight bits, which open_clip does not read."""
    from gallery.clip.compact import write_widened
    from gallery.clip.model import WEIGHTS

    write_widened(PACK / WEIGHTS, folder)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="measured in each run")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    found: dict[tuple[str, str], list[Result]] = {}
    with tempfile.TemporaryDirectory() as folder:
        weights = {VIT: Path(folder) / "vit-b-32.safetensors", MINI: Path(folder) / MINI}
        save_vit(weights[VIT])
        widen_pack(weights[MINI])
        for number in range(options.rounds):
            for model in (VIT, MINI):
                for who in (PEER, OURS) if number % 2 else (OURS, PEER):
                    task = Task(who, model, weights[model], options.threads, options.seconds)
                    with spawn.Pool(1) as pool:
                        found.setdefault((model, who), []).append(pool.apply(measure, (task,)))
            print(f"round {number + 1} of {options.rounds} done", flush=True)
    print(f"{platform.processor() or platform.machine()}, {options.threads} threads, {BATCH} at once\n")
    print("| model | who | pictures a second | ratio | peak memory, MB | mean cosine |")
    print("| --- | --- | --- | --- | --- | --- |")
    for model in (VIT, MINI):
        rates = {who: statistics.median(r.rate for r in found[model, who]) for who in (PEER, OURS)}
        for who in (PEER, OURS):
            memory = statistics.median(r.memory for r in found[model, who])
            near = cosine(found[model, PEER][0], found[model, who][0])
            ratio = rates[who] / rates[PEER]
            print(f"| {model} | {who} | {rates[who]:.1f} | {ratio:.2f} | {memory:,.0f} | {near:.5f} |")


if __name__ == "__main__":
    main()
