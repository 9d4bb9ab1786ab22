"""`manage.py train_vqgan`: a VQGAN of somebody's own pictures; see docs/training.md."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from clipweb.training.command import TrainingCommand
from gallery.training.pictures import held_out

SMALLEST_STORED = 1.25  # of the size that is trained at: parts of pictures are taken


class Command(TrainingCommand):
    help = "Trains a VQGAN, which draws the studio's pictures, on pictures of your own."
    kind = "vqgan"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        model = parser.add_argument_group("the model")
        model.add_argument("--size", type=int, help="pixels a side, a multiple of 16")
        model.add_argument("--codes", type=int, help="vectors in the codebook")
        model.add_argument("--channels", type=int, help="of the first level, a multiple of 32")
        model.add_argument("--learning-rate", type=float)

    def train(self, options: dict[str, Any]) -> None:
        import torch

        from gallery.clip.precision import multiplies_in_bf16
        from gallery.training.decoding import decode
        from gallery.training.devices import choose_device
        from gallery.training.run import take_steps
        from generator.engine.training.exporting import write_vqgan
        from generator.engine.training.perceptual import shipped_features
        from generator.engine.training.pictures import RandomParts
        from generator.engine.training.trainer import Trainer
        from generator.engine.training.vqgan_run import VqganPlan, measure, samples

        torch.set_num_threads(options["threads"])
        device = choose_device(options["device"])
        run = self.run_of(options)
        source = self.source_of(options, run)
        files = self.files_of(source)
        plan: VqganPlan = self.plan_of(
            VqganPlan, options, run, source=source, files=files, defaults=asdict(VqganPlan())
        )
        config = plan.config(bfloat16=multiplies_in_bf16(device))
        pictures, unreadable = decode(files, shortest=round(plan.size * SMALLEST_STORED))
        self.say_unreadable(unreadable)
        learned, measured = held_out(len(pictures))
        shown = [pictures[place] for place in measured or learned]
        self.say_begun(run, len(learned), len(measured), device.type)
        trainer = Trainer(
            config,
            RandomParts([pictures[place] for place in learned], seed=plan.seed),
            shipped_features().to(device),
            device,
        )

        def sample() -> Any:
            is_quantized = config.phase(trainer.step - 1).quantized
            return samples(trainer.average, shown, plan.size, is_quantized=is_quantized)

        newest = ("used", "perplexity")
        if not take_steps(run, trainer, steps=config.steps, newest=newest, sample=sample):
            self.say_stopped(run, trainer.step, config.steps)
            return
        write_vqgan(trainer.average, run.path / "model")
        found = measure(trainer.average, shown, plan.size)
        run.finish({"held_out": bool(measured), **found})
        which = "that were not learned from " if measured else ""
        self.stdout.write(
            f"Through the codebook, {found['pictures']} pictures {which}come back with {found['psnr']} dB; "
            f"they use {found['codes_used']:.0%} of the codes."
        )
        self.install(
            options, run, run.path / "model" / "model.safetensors", config=run.path / "model" / "config.yaml"
        )
