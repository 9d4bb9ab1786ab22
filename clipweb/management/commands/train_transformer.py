"""`manage.py train_transformer`: drawing from words in one go, code by code; see docs/training.md."""

import math
from dataclasses import asdict, replace
from typing import Any

from django.core.management.base import CommandParser

from clipweb.training.command import CaptionedTraining
from clipweb.training.transformers import MINI, Parts, chosen_vqgan, load_parts
from gallery.training.folder import RunError, RunFolder
from gallery.training.pictures import PictureFile, held_out

PROMPTS = 8  # captions of pictures that it did not learn from, drawn in each sheet of samples


class Command(CaptionedTraining):
    help = (
        "Trains a transformer to draw from words: from what is said of pictures it learns which codes of a "
        "VQGAN follow which. `manage.py sample_transformer` shows what it has learned."
    )
    kind = "transformer"
    fewest = 20
    can_install = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        model = parser.add_argument_group("the model")
        model.add_argument("--vqgan", metavar="MODEL", help="whose codes it draws with (the studio's)")
        model.add_argument("--size", type=int, help="pixels a side of what it draws")
        model.add_argument("--width", type=int, help="numbers at each place, a multiple of the heads")
        model.add_argument("--layers", type=int)
        model.add_argument("--heads", type=int)
        model.add_argument("--text-length", type=int, help="word pieces of a text that are looked at")
        model.add_argument("--learning-rate", type=float)

    def train(self, options: dict[str, Any]) -> None:
        import torch

        from gallery.clip.precision import multiplies_in_bf16
        from gallery.training.devices import choose_device
        from gallery.training.run import take_steps
        from gallery.training.samples import sheet
        from generator.engine.transformer.files import save_transformer
        from generator.engine.transformer.plan import SHOWN, TransformerPlan, draw
        from generator.engine.transformer.training import TransformerTrainer

        torch.set_num_threads(options["threads"])
        device = choose_device(options["device"])
        if options["run"] == MINI:
            raise RunError(f"{MINI} is the transformer that comes with clipweb: give the run another name.")
        run = self.run_of(options)
        source = self.source_of(options, run)
        files = self.files_of(source)
        defaults = asdict(TransformerPlan(vqgan=chosen_vqgan()))
        plan = self.plan_of(checked, options, run, source=source, files=files, defaults=defaults)
        parts = load_parts(plan.vqgan)
        config = plan.training(parts.vqgan, parts.text_width, bfloat16=multiplies_in_bf16(device))
        learned, measured = self.read(plan, parts, files)
        self.say_begun(run, len(learned), len(measured), device.type)
        trainer = TransformerTrainer(config, learned, device)
        prompts = list(dict.fromkeys(measured.captions))[:PROMPTS]

        def sample() -> Any:
            side = config.phase(trainer.step - 1).side
            model = trainer.averaged().cpu()
            return sheet(draw(model, parts.vqgan, parts.clip, prompts, replace(SHOWN, side=side)), columns=4)

        if not take_steps(run, trainer, steps=config.steps, sample=sample):
            self.say_stopped(run, trainer.step, config.steps)
            return
        save_transformer(trainer.averaged().cpu(), run.path / "model")
        self.conclude(run, plan, trainer.held_out_loss(measured.at(config.model.grid)), len(measured))

    def read(self, plan: Any, parts: Parts, files: list[PictureFile]) -> tuple[Any, Any]:
        """What to learn from and what to measure on, as codes and states of the text tower."""
        from gallery.training.decoding import decode
        from generator.engine.transformer.plan import captioned

        squares, unreadable = decode(files, shortest=plan.size)
        self.say_unreadable(unreadable)
        left_out = {id(file) for file in unreadable}
        captions = [file.text for file in files if id(file) not in left_out]
        learned, measured = held_out(len(squares))
        if not measured:
            raise RunError(f"Only {len(squares)} of the pictures can be read: too few.")

        def some(places: list[int]) -> Any:
            chosen = [squares[place] for place in places]
            said = [captions[place] for place in places]
            return captioned(plan, parts.vqgan, parts.clip, chosen, said)

        return some(learned), some(measured)

    def conclude(self, run: RunFolder, plan: Any, loss: float, pictures: int) -> None:
        chance = math.log(len(load_parts(plan.vqgan).vqgan.codebook))
        run.finish({"held_out_loss": round(loss, 4), "chance": round(chance, 4), "pictures": pictures})
        self.stdout.write(
            f"A code of {pictures} pictures that it did not learn from takes {loss:.2f} nats; by chance it "
            f"would take {chance:.2f}."
        )
        self.stdout.write(f'Try it: manage.py sample_transformer {run.name} "a prompt"')


def checked(**values: Any) -> Any:
    """The plan, if a transformer can be trained by it."""
    from generator.engine.transformer.plan import TransformerPlan

    plan = TransformerPlan(**values)
    parts = load_parts(plan.vqgan)
    plan.training(parts.vqgan, parts.text_width, bfloat16=False)
    return plan
