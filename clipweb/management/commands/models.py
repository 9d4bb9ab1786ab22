"""Released models by name: `manage.py models list|fetch|add|use|remove|verify|bench`; see docs/models.md."""

import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clipweb.registry import getting, proving, store, table, using
from clipweb.registry.catalogue import SHIPPED, Kind
from clipweb.registry.catalogue import find as find_entry
from clipweb.registry.chosen import ChoiceError
from clipweb.registry.downloading import megabytes
from clipweb.registry.store import RegistryError
from clipweb.supervisor.state import read_state

HEAD = ("NAME", "STATE", "SIZE", "IMAGES/S", "LICENCE", "LANGUAGES", "GOOD AT")
SHIPPED_NAMES = tuple(entry.name for entry in SHIPPED)


class Command(BaseCommand):
    help = "Lists, fetches, adds, chooses, removes, checks and measures models."
    requires_system_checks: list[str] = []  # also to mend a choice that the checks complain about

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="what is known, here and in use").set_defaults(work=self.list)
        fetch = actions.add_parser("fetch", help="download a known model")
        fetch.set_defaults(work=self.fetch)
        add = actions.add_parser("add", help="take in a local checkpoint")
        add.add_argument("path", type=Path, help="a file, or a folder of the Hugging Face hub's layout")
        add.add_argument("--name", default="", help="the name it gets here")
        add.add_argument("--config", type=Path, help="the yaml of a VQGAN's checkpoint")
        add.add_argument("--architecture", default="", help="open_clip's name of it, such as ViT-B-32")
        add.add_argument("--licence", default="", help="noted with it")
        add.set_defaults(work=self.add)
        use = actions.add_parser("use", help="choose the model that the app works with")
        use.set_defaults(work=self.use)
        remove = actions.add_parser("remove", help="delete a model that is not in use")
        remove.set_defaults(work=self.remove)
        for each in (fetch, use, remove):
            each.add_argument("name")
        verify = actions.add_parser("verify", help="compare every file with its checksum")
        verify.set_defaults(work=self.verify)
        bench = actions.add_parser("bench", help="measure images per second on this machine")
        bench.add_argument("names", nargs="*", metavar="NAME", help="all that are here, if none is given")
        bench.add_argument("--seconds", type=float, default=10, help="of each (default: %(default)s)")
        bench.set_defaults(work=self.bench)

    def handle(self, *, work: Callable[[dict[str, Any]], None], **options: Any) -> None:
        try:
            work(options)
        except (RegistryError, ChoiceError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. What a fetch has received stays, and the same command goes on there."
            ) from None

    def list(self, options: dict[str, Any]) -> None:
        found = table.rows()
        for kind in ("clip", "vqgan"):
            lines = [self._line(row) for row in found if row.kind == kind]
            widths = [max(len(line[column]) for line in [HEAD, *lines]) for column in range(len(HEAD))]
            self.stdout.write(kind.upper())
            for line in [HEAD, *lines]:
                cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
                self.stdout.write("  ".join(["", *cells]).rstrip())
            self.stdout.write("")
        self.stdout.write(
            "–: the size of what is not here is told at the download; images/s are measured by "
            "`models bench`."
        )

    def _line(self, row: table.Row) -> tuple[str, ...]:
        rate = f"{row.images_per_second:.1f}" if row.images_per_second is not None else "–"
        size = megabytes(row.bytes) if row.bytes is not None else "–"
        return (row.name, row.state, size, rate, row.licence, row.languages or "–", row.good_at or "–")

    def fetch(self, options: dict[str, Any]) -> None:
        entry = find_entry(options["name"])
        if entry is None:
            raise RegistryError(f"{options['name']} is not known; `manage.py models list` has the names.")
        model = getting.fetch(entry=entry, say=self.stdout.write)
        self._say_installed(model, "")

    def add(self, options: dict[str, Any]) -> None:
        given = ("path", "name", "architecture", "config", "licence")
        model, note = getting.add(**{name: options[name] for name in given})
        self._say_installed(model, note)

    def _say_installed(self, model: store.Installed, note: str) -> None:
        self.stdout.write(f"{model.name} is here: {model.architecture}, {megabytes(model.bytes)}.")
        self.stdout.write(f"It was {model.layout}; it loads, and it works.")
        for name, digest in model.files.items():
            self.stdout.write(f"  {digest}  {model.name}/{name}")
        if note:
            self.stdout.write(note)
        self.stdout.write(f"Work with it: manage.py models use {model.name}")

    def use(self, options: dict[str, Any]) -> None:
        self._say_chosen(options["name"], using.use(options["name"]))

    def _say_chosen(self, name: str, kind: Kind) -> None:
        if using.is_given(kind):
            variables = "CLIP_MODEL" if kind == "clip" else "VQGAN_CHECKPOINT and VQGAN_CONFIG"
            self.stdout.write(
                f"{name} is chosen, but the environment sets {variables}, and that wins: unset it."
            )
            return
        self.stdout.write(f"{name} is chosen, from the next start of clipweb on.")
        state = read_state(settings.SERVE_STATE)
        if state:
            self.stdout.write(
                f"It runs at {state['url']} (process {state['pid']}): end it with Ctrl-C, or stop its "
                "service, and start it again."
            )
        if kind == "clip":
            self.stdout.write(
                "Searches go on with the model before until every picture has a vector of this one; /models/ "
                "shows how far it is."
            )

    def remove(self, options: dict[str, Any]) -> None:
        if options["name"] in SHIPPED_NAMES:
            raise RegistryError(f"{options['name']} comes with the repository, and stays.")
        model = store.find(options["name"])
        if model is None:
            raise RegistryError(f"{options['name']} is not here.")
        store.remove(model)
        self.stdout.write(f"{model.name} is gone: {megabytes(model.bytes)} are free again.")

    def verify(self, options: dict[str, Any]) -> None:
        damages = {model.name: store.damages(model) for model in store.installed()}
        damages |= {"mini": store.shipped_damages("clip"), "mini-vqgan": store.shipped_damages("vqgan")}
        for name, found in damages.items():
            self.stdout.write(f"{name}: {' '.join(found) or 'as it was installed'}")
        if wrong := sum(bool(found) for found in damages.values()):
            raise RegistryError(f"{wrong} of {len(damages)} models are not as they were installed.")

    def bench(self, options: dict[str, Any]) -> None:
        here = {model.name: model for model in store.installed()}
        names = options["names"] or [*SHIPPED_NAMES, *here]
        for name in names:
            model = here.get(name)
            entry = find_entry(name) if name in SHIPPED_NAMES else None
            if model is None and entry is None:
                raise RegistryError(f"{name} is not here.")
            measured = proving.measure(
                kind=model.kind if model else entry.kind,  # type: ignore[union-attr]
                name=name,
                path=model.folder if model else None,
                seconds=options["seconds"],
                threads=settings.TORCH_THREADS,
            )
            measured |= {"at": datetime.now(UTC).date().isoformat(), "machine": platform.machine()}
            store.write_bench(name, measured)
            self.stdout.write(
                f"{name}: {measured['images_per_second']:.1f} images/s {measured['what']}, "
                f"{measured['threads']} threads"
            )
