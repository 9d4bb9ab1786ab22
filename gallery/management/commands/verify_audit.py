"""`manage.py verify_audit`: whether the audit log is as it was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gallery.moderation.audit import verify


class Command(BaseCommand):
    help = "Follows the chain of hashes of the audit log, and fails with the entries that do not fit."

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify()
        if verdict.flaws:
            lines = "\n".join(f"entry {flaw.number}: {flaw.what}" for flaw in verdict.flaws)
            raise CommandError(f"The audit log is not as it was written.\n{lines}")
        self.stdout.write(f"The audit log is as it was written: {verdict.total} entries.")
