"""A process of its own that loads models: what `manage.py models` needs torch for.

    python -m clipweb.registry.proof import SOURCE TARGET …   → one line of JSON
    python -m clipweb.registry.proof measure NAME PATH …

It may run out of memory or crash on what it was given without taking anything with it. Knows no Django.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from gallery.clip.model import ClipConfig, ClipModel, WeightsError, load_clip, parse_name
from gallery.clip.released.files import read_weights
from gallery.clip.released.importing import import_clip
from generator.engine.vqgan import MINI_PACK, Vqgan, VqganError, VqganSource, load_vqgan
from generator.engine.vqgan_import import CONFIG, WEIGHTS, describe, import_vqgan, yaml_beside

BATCH = 8  # pictures at once, as the encoder gathers them
SIDE = 256  # pixels, of a picture that a VQGAN gives back
PACK = MINI_PACK / "clip"


def import_model(options: argparse.Namespace) -> dict[str, Any]:
    """Writes the folder, then loads it as the app does and lets it work once."""
    if _is_vqgan(options):
        source = VqganSource(options.source, options.config or yaml_beside(options.source))
        made = import_vqgan(source, options.target)
        _prove_vqgan(_vqgan_in(options.target))
        return {"kind": "vqgan", "layout": made.layout, "architecture": made.architecture, "note": ""}
    told = import_clip(options.source, options.target, architecture=options.architecture, tag=options.tag)
    model = load_clip(ClipConfig(told.architecture, str(options.target), PACK))
    _prove_clip(model)
    return {
        "kind": "clip",
        "layout": told.layout,
        "architecture": told.architecture,
        "note": told.note,
        "dim": model.dim,
        "image_size": model.image_size,
    }


def _is_vqgan(options: argparse.Namespace) -> bool:
    source: Path = options.source
    if options.config or (source.suffix == ".ckpt" and not options.architecture):
        return True
    if source.suffix != ".safetensors" or not source.is_file():
        return False
    return "quant_conv.weight" in read_weights(source)[1]


def _vqgan_in(folder: Path) -> Vqgan:
    return load_vqgan(VqganSource(folder / WEIGHTS, folder / CONFIG))


def _prove_clip(model: ClipModel) -> None:
    size = model.image_size
    with torch.no_grad():
        vectors = [model.encode_text(["a photo of a cat"]), model.encode_pixels(torch.rand(1, 3, size, size))]
    if not all(torch.isfinite(each).all() for each in vectors):
        raise WeightsError("The weights give vectors that are not numbers: they are damaged.")


def _prove_vqgan(model: Vqgan) -> None:
    side = 4 * model.factor
    with torch.no_grad():
        picture = model(torch.rand(1, 3, side, side) * 2 - 1)
    if not torch.isfinite(picture).all():
        raise VqganError("The weights give pictures that are not numbers: they are damaged.")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Pictures per second: of a CLIP encoded, of a VQGAN encoded and decoded again at 256 × 256."""
    if options.kind == "vqgan":
        vqgan = load_vqgan(VqganSource()) if options.name == "mini-vqgan" else _vqgan_in(options.path)
        picture = torch.rand(1, 3, SIDE, SIDE) * 2 - 1
        rate = _rate(lambda: vqgan(picture), 1, options.seconds)
        what = f"given back at {SIDE} × {SIDE}, {describe(vqgan.architecture)}"
    else:
        config = parse_name(options.name, pack_dir=PACK)
        if options.path is not None:
            config = ClipConfig("custom", str(options.path), PACK)
        model = load_clip(replace(config, precision="auto"))  # as the encoder does
        pixels = torch.rand(BATCH, 3, model.image_size, model.image_size)
        rate = _rate(lambda: model.encode_pixels(pixels), BATCH, options.seconds)
        what = f"encoded at {model.image_size} × {model.image_size}, {BATCH} at once"
    return {"images_per_second": round(rate, 2), "what": what, "threads": torch.get_num_threads()}


@torch.no_grad()
def _rate(work: Callable[[], Any], pictures: int, seconds: float) -> float:
    work()  # the first call prepares memory
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        work()
        done += pictures
    return done / (time.perf_counter() - started)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m clipweb.registry.proof")
    actions = parser.add_subparsers(dest="action", required=True)
    importing = actions.add_parser("import")
    importing.add_argument("source", type=Path)
    importing.add_argument("target", type=Path)
    importing.add_argument("--architecture", default="")
    importing.add_argument("--tag", default="")
    importing.add_argument("--config", type=Path)
    importing.set_defaults(work=import_model)
    measuring = actions.add_parser("measure")
    measuring.add_argument("kind", choices=["clip", "vqgan"])
    measuring.add_argument("name")
    measuring.add_argument("--path", type=Path)
    measuring.add_argument("--seconds", type=float, default=10)
    measuring.set_defaults(work=measure)
    for each in (importing, measuring):
        each.add_argument("--threads", type=int, default=0)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        report = options.work(options)
    except (WeightsError, VqganError) as error:
        report = {"error": str(error)}
    sys.stdout.write(json.dumps(report) + "\n")
    return 1 if "error" in report else 0


if __name__ == "__main__":
    sys.exit(main())
