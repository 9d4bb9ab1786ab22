"""What the commands that train have in common."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clipweb.registry import getting, store
from clipweb.registry.downloading import megabytes
from clipweb.registry.store import RegistryError
from gallery import learning
from gallery.clip.checksums import WeightsError
from gallery.training.folder import RunError, RunFolder, new_name, run_folder
from gallery.training.pictures import PictureFile, digest_of, files_of_folder
from gallery.training.shapes import drawn_shapes


class TrainingCommand(BaseCommand):
    """kind: what names of runs begin with. Subclasses have `train`, which may raise the errors below."""

    kind: str
    can_install = True  # whether the site can work with what comes out
    requires_system_checks: list[str] = []

    @property
    def name(self) -> str:
        return f"train_{self.kind}"

    def add_arguments(self, parser: CommandParser) -> None:
        run = parser.add_argument_group("the run")
        run.add_argument(
            "--run", default="", metavar="NAME", help="its name: a new one, or one to go on with"
        )
        run.add_argument("--steps", type=int, help="in all")
        run.add_argument("--batch", type=int, help="pictures a step")
        run.add_argument("--seed", type=int)
        run.add_argument("--threads", type=int, default=settings.TORCH_THREADS)
        run.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
        if self.can_install:
            install = run.add_mutually_exclusive_group()
            install.add_argument("--install", default="", metavar="NAME", help="the model's name (the run's)")
            install.add_argument("--no-install", action="store_true", help="leave it in the run's folder")
        group = parser.add_argument_group("what to learn from")
        self.add_sources(group.add_mutually_exclusive_group())

    def add_sources(self, source: Any) -> None:
        source.add_argument(
            "--pictures", type=Path, metavar="FOLDER", help="picture files, also in its folders"
        )
        source.add_argument(
            "--album", metavar="ID", help="an album: its owner's pictures, and the public ones"
        )
        source.add_argument(
            "--user", action="append", metavar="NAME", help="all pictures of this person; may be repeated"
        )
        source.add_argument("--public", action="store_true", help="everybody's public pictures")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.train(options)
        except (RunError, RegistryError, WeightsError) as error:
            raise CommandError(str(error)) from error

    def train(self, options: dict[str, Any]) -> None:
        raise NotImplementedError

    def run_of(self, options: dict[str, Any]) -> RunFolder:
        """Its folder; refuses a name that could not be installed before anything is trained."""
        run = run_folder(settings.TRAINING_DIR, options["run"] or new_name(self.kind))
        if self.can_install and not options["no_install"]:
            name = options["install"] or run.name
            if store.find(name):
                raise RunError(
                    f"{name} is here already: remove it first, or give the new model another name with "
                    "--install."
                )
            store.check_name(name)
        return run

    def source_of(self, options: dict[str, Any], run: RunFolder) -> dict[str, Any]:
        """What to learn from: as asked for, else what the run began with."""
        given = {name: value for name, value in self.asked_source(options).items() if value}
        source = given or run.config().get("source")
        if not source:
            raise RunError("Say what to learn from: --pictures FOLDER, --album ID, --user NAME or --public.")
        return source

    def asked_source(self, options: dict[str, Any]) -> dict[str, Any]:
        return {
            "pictures": str(options["pictures"].resolve()) if options["pictures"] else None,
            "album": options["album"],
            "user": sorted(options["user"]) if options["user"] else None,
            "public": options["public"] or None,
        }

    def files_of(self, source: dict[str, Any]) -> list[PictureFile]:
        """Raises RunError for none at all."""
        if "pictures" in source:
            files = files_of_folder(Path(source["pictures"]))
        elif "album" in source:
            files = learning.as_files(learning.pictures_of_album(source["album"]))
        elif "user" in source:
            files = learning.as_files(learning.pictures_of_users(source["user"]))
        else:
            files = learning.as_files(learning.public_pictures())
        if not files:
            raise RunError(f"There is no picture to learn from in {json.dumps(source)}.")
        return files

    def plan_of(
        self,
        plan: Callable[..., Any],
        options: dict[str, Any],
        run: RunFolder,
        *,
        source: dict[str, Any],
        files: list[PictureFile],
        defaults: dict[str, Any],
    ) -> Any:
        """The settings of the run as its plan, which refuses what cannot be trained before it is written."""
        given = {name: options[name] for name in defaults}
        asked = {name: value for name, value in given.items() if value is not None}
        frozen = {name: value for name, value in run.config().items() if name in defaults}
        plan(**{**defaults, **frozen, **asked})
        settled = run.settle(
            command=self.name,
            given={"source": source, "pictures": digest_of(files), **given},
            defaults=defaults,
        )
        return plan(**{name: settled[name] for name in defaults})

    def say_begun(self, run: RunFolder, learned: int, measured: int, device: str) -> None:
        self.stdout.write(
            f"{run.path}: {learned} pictures to learn from, {measured} to measure on, {device}."
        )

    def say_unreadable(self, unreadable: list[PictureFile]) -> None:
        if unreadable:
            names = ", ".join(file.name.rpartition(":")[0] or file.name for file in unreadable[:3])
            more = f" and {len(unreadable) - 3} more" if len(unreadable) > 3 else ""
            self.stderr.write(f"Left out, as they cannot be read: {names}{more}.")

    def say_stopped(self, run: RunFolder, step: int, steps: int) -> None:
        self.stdout.write(
            f"Stopped after step {step} of {steps}, which is saved. It goes on with: manage.py {self.name} "
            f"--run {run.name}"
        )

    def install(self, options: dict[str, Any], run: RunFolder, path: Path, **how: Any) -> None:
        """Through the registry, which loads it once in a process of its own."""
        name = options["install"] or run.name
        if options["no_install"]:
            self.stdout.write(f"The model is in {path}. It comes here with: manage.py models add {path}")
            return
        model, _note = getting.add(path=path, name=name, licence="made here, as the pictures allow", **how)
        self.stdout.write(f"{model.name} is here: {model.architecture}, {megabytes(model.bytes)}.")
        self.stdout.write(f"Work with it: manage.py models use {model.name}")


class CaptionedTraining(TrainingCommand):
    """Learns from pictures and what is said of them. fewest: of those with words, to learn and to measure."""

    fewest: int

    def add_sources(self, source: Any) -> None:
        super().add_sources(source)
        source.add_argument("--shapes", type=int, metavar="COUNT", help="drawn shapes, to try it out")

    def asked_source(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**super().asked_source(options), "shapes": options["shapes"]}

    def files_of(self, source: dict[str, Any]) -> list[PictureFile]:
        files = drawn_shapes(source["shapes"], seed=0) if "shapes" in source else super().files_of(source)
        said = [file for file in files if file.text]
        if len(said) < self.fewest:
            raise RunError(
                f"{len(said)} pictures have a title, a caption or tags: it takes at least {self.fewest}, to "
                "learn from some and to measure on others."
            )
        return said
