"""Trains the pack's VQGAN: `python -m weights.pack.vqgan`, after `python -m weights.pack.data`.

It may be stopped at any time and goes on where it was. Every few minutes it saves a checkpoint and writes the
running average of the weights to the pack, so that there is a usable model long before the last step.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from gallery.training.folder import RunFolder
from gallery.training.run import take_steps
from generator.engine.training.config import Phase, TrainingConfig
from generator.engine.training.exporting import write_vqgan
from generator.engine.training.trainer import Trainer
from generator.engine.vqgan import MINI_PACK, Vqgan
from weights.pack.checksums import write_checksums
from weights.pack.data import PACKAGES_FOLDER
from weights.pack.dataset import DEFAULT_FOLDER, load_dataset
from weights.pack.vqgan_features import perceptual_features
from weights.pack.vqgan_pictures import TrainingPictures

RUN_FOLDER = Path(".work/vqgan")
FOLDER = "vqgan"  # inside the pack

# Hues come after shapes, and slowly through a codebook without them, so that it waits for the plain ones.
_PLAIN = Phase(steps=700, size=64, batch=16, learning_rate=8e-4, perceptual_weight=0.02, quantized=False)
_QUANTIZED = replace(_PLAIN, steps=1500, perceptual_weight=0.05, quantized=True)
_SHARPENED = replace(_QUANTIZED, steps=500, learning_rate=5e-4, adversarial_weight=0.25)
_LARGE = replace(_SHARPENED, steps=300, size=128, batch=6, learning_rate=3e-4)
CONFIG = TrainingConfig(phases=(_PLAIN, _QUANTIZED, _SHARPENED, _LARGE))


def export(model: Vqgan, pack: Path) -> None:
    """Write fp16 weights, their yaml and both checksums to the pack."""
    write_vqgan(model, pack / FOLDER)
    write_checksums(pack, [f"{FOLDER}/model.safetensors", f"{FOLDER}/config.yaml"])


def train(trainer: Trainer, *, run_folder: Path, pack: Path) -> None:
    """Take the remaining steps, or as many as there is time for before a signal, and export."""

    def export_so_far() -> None:
        if trainer.config.phase(trainer.step - 1).quantized:
            export(trainer.average, pack)

    is_done = take_steps(
        RunFolder(run_folder),
        trainer,
        steps=trainer.config.steps,
        newest=("used", "perplexity"),
        saved=export_so_far,
        say=lambda line: print(line, flush=True),
    )
    if is_done:
        export(trainer.average, pack)
    else:
        print(f"stopped after step {trainer.step}; run again to go on")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--packages", type=Path, default=PACKAGES_FOLDER)
    parser.add_argument("--run", type=Path, default=RUN_FOLDER, help="checkpoint and log")
    parser.add_argument("--pack", type=Path, default=MINI_PACK)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pictures = TrainingPictures(load_dataset(options.dataset), seed=CONFIG.seed)
    trainer = Trainer(CONFIG, pictures, perceptual_features(options.packages))
    train(trainer, run_folder=options.run, pack=options.pack)


if __name__ == "__main__":
    main()
