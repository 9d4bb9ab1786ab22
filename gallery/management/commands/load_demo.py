"""Fills the gallery with the pictures of gallery/demo, for a first look at a new installation."""

import json
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gallery.models import Image, User
from gallery.uploads import DuplicateImage, store_image

FOLDER = Path(__file__).resolve().parents[2] / "demo"
OWNER = "demo"


class Command(BaseCommand):
    help = "Loads the demo pictures as public pictures of a person named demo. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=FOLDER, help="pictures.json and its files")

    def handle(self, *, folder: Path, **options: Any) -> None:
        owner = demo_owner()
        added = sum(load_picture(owner, folder, entry) for entry in read_entries(folder))
        total = Image.objects.filter(owner=owner).count()
        self.stdout.write(f"Demo gallery: {added} added, {total} there.")


def demo_owner() -> User:
    """Nobody can sign in as this person."""
    owner, created = User.objects.get_or_create(username=OWNER, defaults={"display_name": "Demo"})
    if created:
        owner.set_unusable_password()
        owner.save(update_fields=["password"])
    elif owner.has_usable_password():
        raise CommandError(f"Somebody else has the user name {OWNER!r}; nothing was loaded.")
    return owner


def read_entries(folder: Path) -> list[dict[str, str]]:
    try:
        return json.loads((folder / "pictures.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"The list of demo pictures cannot be read: {error}") from error


def load_picture(owner: User, folder: Path, entry: dict[str, str]) -> bool:
    """False if it is there already. The queue prepares it when it runs; nothing waits for that here."""
    with (folder / entry["file"]).open("rb") as file:
        try:
            store_image(
                owner=owner,
                file=File(file, name=entry["file"]),
                title=entry["title"],
                credit=credit(entry),
                visibility=Image.Visibility.PUBLIC,
                share_original=True,  # they have free licences
            )
        except DuplicateImage:
            return False
    return True


def credit(entry: dict[str, str]) -> str:
    """Author, licence and where it is from, as the licences ask for."""
    return ", ".join(entry[part] for part in ("author", "licence", "source", "url") if entry.get(part))
