"""`manage.py train_clip`: a CLIP of somebody's own pictures and their words; see docs/training.md."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from clipweb.registry import store
from clipweb.training.command import CaptionedTraining
from gallery.training.folder import RunError, RunFolder
from gallery.training.pictures import PictureFile, held_out

HELD_OUT = {"every": 5, "most": 1000}  # every fifth picture is measured on, and never learned from
NOT_BETTER = 3  # exit status
SHIPPED = ("mini", "mini-quick")


class Command(CaptionedTraining):
    help = (
        "Trains a CLIP, which searches, on pictures and what is said of them: small towers "
        "from nothing, or with --from an existing model further. A model that did not get better at finding "
        f"pictures that it did not learn from is not installed; the exit status is then {NOT_BETTER}."
    )
    kind = "clip"
    fewest = 40

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        model = parser.add_argument_group("the model")
        model.add_argument("--from", dest="start", metavar="MODEL", help="a model that is here, such as mini")
        model.add_argument(
            "--lock",
            choices=["towers", "image", "text", "none"],
            help="what stays as it is: both towers but their projections (quick), one tower, or nothing",
        )
        model.add_argument("--learning-rate", type=float)
        model.add_argument("--weight-decay", type=float)
        model.add_argument("--chunk", type=int, help="pictures in memory at once; a batch may be larger")
        model.add_argument("--size", type=int, help="pixels a side, of new towers")

    def train(self, options: dict[str, Any]) -> None:
        import torch

        from gallery.clip.learning.sides import make_sides
        from gallery.clip.learning.trainer import ClipPlan, ClipTrainer, default_plan
        from gallery.clip.precision import multiplies_in_bf16
        from gallery.training.devices import choose_device
        from gallery.training.run import take_steps

        torch.set_num_threads(options["threads"])
        device = choose_device(options["device"])
        run = self.run_of(options)
        source = self.source_of(options, run)
        files = self.files_of(source)
        self.check_start(options["start"] or "")
        defaults = asdict(default_plan(options["start"] or "", options["lock"]))
        plan: ClipPlan = self.plan_of(ClipPlan, options, run, source=source, files=files, defaults=defaults)
        start, pixels, files = self.load(plan, files)
        captions = [file.text for file in files]
        learned, measured = held_out(len(files), **HELD_OUT)
        self.say_begun(run, len(learned), len(measured), device.type)
        bfloat16 = multiplies_in_bf16(device)
        image, text = make_sides(start, pixels, captions, lock=plan.lock, device=device, bfloat16=bfloat16)
        scale: Any = start.network.logit_scale
        trainer = ClipTrainer(image, text, scale, captions=captions, learned=learned, plan=plan)
        before = trainer.recall(measured)
        self.stdout.write(f"Before: {before}, of {before.candidates} pictures.")
        if not take_steps(run, trainer, steps=plan.steps):
            self.say_stopped(run, trainer.step, plan.steps)
            return
        self.conclude(options, run, start, before, trainer.recall(measured))

    def load(self, plan: Any, files: list[PictureFile]) -> tuple[Any, Any, list[PictureFile]]:
        """The network to begin with, the pictures as it sees them, and those that can be read."""
        from gallery.clip.learning.pixels import model_pixels
        from gallery.clip.learning.starting import small_start, start_of

        if plan.start:
            pack = settings.WEIGHTS_DIR / "mini" / "clip"
            start = start_of(plan.start, pack=pack, models=settings.MODELS_DIR)
        else:
            start = small_start(size=plan.size, seed=plan.seed)
        pixels, readable, unreadable = model_pixels(files, start.preprocess)
        self.say_unreadable(unreadable)
        return start, pixels, readable

    def conclude(self, options: dict[str, Any], run: RunFolder, start: Any, before: Any, after: Any) -> None:
        """Installs what became better, and nothing else."""
        from gallery.clip.learning.retrieval import gain
        from gallery.clip.learning.starting import write_start

        gained = gain(before, after)
        write_start(start, run.path / "model")
        self.stdout.write(f"After: {after}.")
        run.finish(
            {
                "recall_before": before.rates,
                "recall_after": after.rates,
                "pictures": after.candidates,
                "gain": round(gained.mean, 4),
                "error": round(gained.error, 4),
                "is_better": gained.is_sure,
            }
        )
        if not gained.is_sure:
            self.refuse(run, gained)
        self.install(options, run, run.path / "model")

    def check_start(self, name: str) -> None:
        """Raises RunError for a model that is not here."""
        if name and name not in SHIPPED:
            model = store.find(name)
            if model is None or model.kind != "clip":
                raise RunError(f"{name} is no CLIP that is here: `manage.py models list` has the names.")

    def refuse(self, run: RunFolder, gained: Any) -> None:
        way = "It got worse" if gained.mean < 0 else "It did not get better by more than luck gives"
        raise CommandError(
            f"{way} at finding pictures that it did not learn from: {gained.mean * 100:+.1f} points of "
            f"recall, with a standard error of {gained.error * 100:.1f}. It is not installed; "
            f"{run.path / 'model'} has it. More pictures, truer captions, fewer steps or a lower "
            "--learning-rate may help.",
            returncode=NOT_BETTER,
        )
