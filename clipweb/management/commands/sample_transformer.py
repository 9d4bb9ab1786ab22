"""`manage.py sample_transformer`: pictures of what a trained transformer makes of prompts."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clipweb.training.transformers import MINI, SHIPPED, load_parts, shipped_folder
from gallery.training.folder import RunError, RunFolder, run_folder

MOST = 64  # candidates of a prompt
LONGEST = 500  # characters


class Command(BaseCommand):
    help = (
        f"Draws pictures of prompts with the transformer that comes with clipweb ({MINI}) or with that of a "
        "finished run of train_transformer, and writes them as one sheet: a row for each prompt, the best by "
        "CLIP's judgement first."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", help=f"name of the run, or {MINI}")
        parser.add_argument("prompt", nargs="+")
        parser.add_argument("--output", type=Path, default=Path("samples.png"), help="(%(default)s)")
        parser.add_argument("--count", type=int, default=8, help="pictures of each prompt (%(default)s)")
        parser.add_argument("--of", type=int, help="candidates that they are the best of (as many)")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--temperature", type=float, default=1.0, help="0: the likeliest (%(default)s)")
        parser.add_argument("--top-k", type=int, default=0, help="choose among so many codes (0: all)")
        parser.add_argument("--top-p", type=float, default=0.9, help="… that share this chance (%(default)s)")
        parser.add_argument("--guidance", type=float, default=3.0, help="1: none (%(default)s)")
        parser.add_argument("--threads", type=int, default=settings.TORCH_THREADS)

    def handle(self, *args: Any, **options: Any) -> None:
        from generator.engine.transformer import TransformerError
        from generator.engine.vqgan import VqganError

        try:
            if options["run"] == MINI:
                folder, vqgan = shipped_folder(), SHIPPED
            else:
                run = finished(run_folder(settings.TRAINING_DIR, options["run"]))
                folder, vqgan = run.path / "model", run.config()["vqgan"]
            self.draw(folder, vqgan, options)
        except (RunError, TransformerError, VqganError) as error:
            raise CommandError(str(error)) from error

    def draw(self, folder: Path, vqgan: str, options: dict[str, Any]) -> None:
        import torch

        from gallery.training.samples import save_picture, sheet
        from generator.engine.transformer.files import load_transformer
        from generator.engine.transformer.plan import best_first, draw
        from generator.engine.transformer.sampling import SamplingSettings

        torch.set_num_threads(options["threads"])
        count, among = self.counts(options)
        model = load_transformer(folder)
        parts = load_parts(vqgan)
        names = asdict(SamplingSettings()).keys() & options.keys()
        sampling = SamplingSettings(side=model.config.grid, **{name: options[name] for name in names})
        rows = []
        for prompt in options["prompt"]:
            drawn = draw(model, parts.vqgan, parts.clip, [prompt] * among, sampling)
            rows.append(best_first(parts.clip, prompt, drawn)[:count])
            self.stdout.write(f"{prompt}: the best {count} of {among}.")
        save_picture(sheet(torch.cat(rows), columns=count), options["output"])
        self.stdout.write(f"{options['output']} has them, a row for each prompt.")

    def counts(self, options: dict[str, Any]) -> tuple[int, int]:
        """How many pictures of each prompt, and of how many candidates. Raises RunError."""
        count, among = options["count"], options["of"] or options["count"]
        if not 1 <= count <= among <= MOST:
            raise RunError(f"--count and --of have to be from 1 to {MOST}, and --of no less than --count.")
        for prompt in options["prompt"]:
            if not prompt.strip() or len(prompt) > LONGEST:
                raise RunError(f"A prompt has from 1 to {LONGEST} characters.")
        if not options["output"].parent.is_dir():
            raise RunError(f"There is no folder {options['output'].parent}.")
        return count, among


def finished(run: RunFolder) -> RunFolder:
    """The same run. Raises RunError if it is none of train_transformer, or has steps left."""
    if run.config().get("command") != "train_transformer":
        raise RunError(f"{run.path} is no run of train_transformer.")
    if run.state != "done":
        raise RunError(
            f"{run.name} is not done: manage.py train_transformer --run {run.name} goes on with it."
        )
    return run
