"""`manage.py check_files`: whether every file is a picture's, and every picture has its file."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gallery.strays import check_files


class Command(BaseCommand):
    help = (
        "Lists files of pictures that are no longer or were never there, and fails if originals are missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--delete", action="store_true", help="remove the files that no picture has")

    def handle(self, *, delete: bool, **options: Any) -> None:
        report = check_files(delete=delete)
        for name in report.strays:
            self.stdout.write(f"{'removed' if delete else 'no picture has'} {name}")
        if report.strays and not delete:
            self.stdout.write(f"{len(report.strays)} stray files; check_files --delete removes them.")
        if report.missing:
            pictures = "\n".join(map(str, report.missing))
            raise CommandError(f"The originals of these pictures are missing:\n{pictures}")
        if not report.strays:
            self.stdout.write("Every file is a picture's, and every picture has its file.")
