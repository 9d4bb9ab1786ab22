"""`manage.py measure_background`: where the relevance line lies for the encoder's model."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gallery import encoder_client
from gallery.background import ModelChanged, measure_background

FEWEST = 30  # pictures; fewer say too little of a search's spread


class Command(BaseCommand):
    help = (
        "Measures what the encoder's model makes of unrelated pictures, for the relevance line of searches."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--folder", type=Path, help="pictures of your own for it; everybody may learn what they are like"
        )

    def handle(self, *, folder: Path | None, **options: Any) -> None:
        pictures = read_pictures(folder) if folder else None
        try:
            background = measure_background(pictures=pictures)
        except encoder_client.EncoderUnavailable as error:
            raise CommandError(
                f"The encoder is not answering; start it with `make run`. ({error})"
            ) from error
        except (encoder_client.EncoderFailed, encoder_client.EncoderRefused, ModelChanged) as error:
            raise CommandError(f"The model did not encode the background: {error!r}") from error
        self.stdout.write(
            f"{background.model_id}: likely matches begin {background.line:.2f} spreads above the median"
            f" of unrelated pictures; a spread is typically {background.spread:.4f}."
        )


def read_pictures(folder: Path) -> list[bytes]:
    try:
        pictures = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    except OSError as error:
        raise CommandError(f"The folder cannot be read: {error}") from error
    if len(pictures) < FEWEST:
        raise CommandError(f"{folder} has {len(pictures)} files; at least {FEWEST} pictures are needed.")
    return pictures
