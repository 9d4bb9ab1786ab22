"""Trains the pack's transformer: `python -m weights.pack.transformer`, after `python -m weights.pack.codes`.

It may be stopped at any time and goes on where it was, and there is a usable model long before the last step.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gallery.clip.model import PACK, ClipConfig, ClipModel, load_clip
from gallery.training.folder import RunFolder
from gallery.training.run import Pace, take_steps
from gallery.training.samples import sheet
from generator.engine.transformer.config import TransformerConfig
from generator.engine.transformer.files import CONFIG as CONFIG_FILE
from generator.engine.transformer.files import WEIGHTS, save_transformer
from generator.engine.transformer.plan import SHOWN
from generator.engine.transformer.plan import draw as drawn
from generator.engine.transformer.training import Captioned, Phase, TransformerTrainer, TransformerTraining
from generator.engine.vqgan import MINI_PACK, Vqgan, VqganSource, load_vqgan
from weights.pack.captions import draw_caption
from weights.pack.checksums import write_checksums
from weights.pack.codes import CODES_FOLDER, Codes, load_codes
from weights.pack.dataset import DEFAULT_FOLDER, TRAIN, VALIDATION, load_dataset

RUN_FOLDER = Path(".work/transformer")
FOLDER = "transformer"  # inside the pack

SHAPE = TransformerConfig(codes=1024, text_width=384, sides=(8, 16), text_length=16)
# What drawings of one thing have in common is learned first, at a quarter of the price.
SMALL, LARGE = Phase(steps=1600, side=8, batch=48), Phase(steps=2200, side=16, batch=16)
CONFIG = TransformerTraining(model=SHAPE, phases=(SMALL, LARGE))
# Emoji are drawn by several artists each; flags are many, and titles of clip art are often not what one sees.
SOURCE_WEIGHTS = {"openclipart": 0.15, "meteocons": 0.3, "flag": 0.3, "circle-flags": 0.3}
PROMPTS = (
    "a red heart", "a smiling face", "a cat face", "a pizza",
    "a rainbow", "a tree", "a blue fish", "a snowman",
)  # fmt: skip


class CaptionedCodes:
    """Random pictures with a caption each; a batch depends on the seed and the step alone."""

    def __init__(self, codes: Codes, clip: ClipModel, *, seed: int) -> None:
        self.codes = codes
        self.clip = clip
        self.seed = seed
        weights = np.array([SOURCE_WEIGHTS.get(pair.source, 1.0) for pair in codes.pairs])
        self.shares = weights / weights.sum()

    def __call__(self, step: int, phase: Phase) -> Captioned:
        """The batch of a step."""
        random = np.random.default_rng([self.seed, step])
        rows = random.choice(len(self.codes.pairs), size=phase.batch, p=self.shares)
        views = random.integers(len(self.codes.colours), size=phase.batch)
        captions = [
            draw_caption(
                self.codes.pairs[row],
                self.codes.colours[number][row],
                bool(self.codes.recoloured[number, row]),
                random,
                keywords=False,  # they say what a thing is for, seldom what is seen
            )
            for row, number in zip(rows, views, strict=True)
        ]
        states, mask = self.clip.text_states(captions)
        grids = [
            grid[views, rows].reshape(phase.batch, -1)
            for side, grid in sorted(self.codes.codes.items())
            if side <= phase.side
        ]
        return Captioned(states, mask, torch.from_numpy(np.concatenate(grids, axis=1).astype(np.int64)))


def draw(trainer: TransformerTrainer, clip: ClipModel, vqgan: Vqgan) -> Image.Image:
    """What the averaged weights make of the prompts now, at the size that is being learned."""
    side = trainer.config.phase(trainer.step - 1).side
    return sheet(drawn(trainer.averaged(), vqgan, clip, PROMPTS, replace(SHOWN, side=side)), columns=4)


def export(trainer: TransformerTrainer, pack: Path) -> None:
    """Write fp16 weights, their shape and both checksums to the pack."""
    save_transformer(trainer.averaged(), pack / FOLDER)
    write_checksums(pack, [f"{FOLDER}/{name}" for name in (CONFIG_FILE, WEIGHTS)])


def train(dataset: Path, codes_folder: Path, run: Path, pack: Path) -> None:
    """Take the remaining steps, or as many as there is time for before a signal, and export."""
    data = load_dataset(dataset)
    clip = load_clip(ClipConfig(PACK, "", MINI_PACK / "clip", quick=True))
    vqgan = load_vqgan(VqganSource())
    trainer = TransformerTrainer(
        CONFIG, CaptionedCodes(load_codes(data, TRAIN, codes_folder), clip, seed=CONFIG.seed)
    )
    unseen = CaptionedCodes(load_codes(data, VALIDATION, codes_folder, views=1), clip, seed=CONFIG.seed)

    def look() -> Image.Image:
        phase = CONFIG.phase(trainer.step - 1)
        held_out = trainer.held_out_loss(unseen(0, Phase(steps=1, side=phase.side, batch=96)))
        print(f"step {trainer.step}: {held_out:.3f} nats a code on unseen concepts", flush=True)
        return draw(trainer, clip, vqgan)

    is_done = take_steps(
        RunFolder(run),
        trainer,
        steps=CONFIG.steps,
        pace=Pace(sample_every=200),
        sample=look,
        say=lambda line: print(line, flush=True),
    )
    export(trainer, pack)
    if not is_done:
        print(f"stopped after step {trainer.step}; run again to go on")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--codes", type=Path, default=CODES_FOLDER)
    parser.add_argument("--run", type=Path, default=RUN_FOLDER, help="checkpoint, log and samples")
    parser.add_argument("--pack", type=Path, default=MINI_PACK)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train(options.dataset, options.codes, options.run, options.pack)


if __name__ == "__main__":
    main()
