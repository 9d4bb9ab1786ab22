"""`manage.py check_index`: whether the search index is the table of vectors."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gallery.index_check import check


class Command(BaseCommand):
    help = "Compares the search index with the table of vectors, and fails if they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="mend what is found")

    def handle(self, *, repair: bool, **options: Any) -> None:
        report = check(repair=repair)
        for model_id, count in report.vectors.items():
            self.stdout.write(f"{model_id}: {count} vectors, {len(report.differing[model_id])} differ")
        if report.is_sound:
            self.stdout.write("The index is the table.")
            return
        found = f"{len(report.unusable)} unusable vectors"
        if report.log_is_ahead:
            found += ", changes that were never counted"
        if not repair:
            raise CommandError(f"The index is not sound ({found}); run check_index --repair.")
        self.stdout.write(f"Repaired ({found}); pictures without a vector now are embedded again.")
