"""`manage.py prepare`: whatever has to be there before the first page, each part only when it is missing."""

import hashlib
import secrets
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_q.models import Schedule

from gallery.models import User

PASSWORD_BYTES = 12


class Command(BaseCommand):
    help = "Migrates, collects static files, makes the first admin and fills the demo gallery."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--without-demo", action="store_true", help="Start with an empty gallery.")

    def handle(self, *args: Any, **options: Any) -> None:
        self._migrate()
        self._collect_static()
        self._schedule_upkeep()
        self._schedule_nightly("check index", "gallery.tasks.check_index", minute=30)
        self._schedule_nightly("check files", "gallery.tasks.check_files", minute=50)
        self._schedule_nightly("forget", "gallery.tasks.forget_expired", minute=10)
        if not User.objects.filter(is_superuser=True).exists():
            if not options["without_demo"]:
                call_command("load_demo", stdout=self.stdout)
            self._make_admin()  # last, so that a first start that was interrupted is taken up again

    def _migrate(self) -> None:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
            self.stdout.write("database migrated")

    def _collect_static(self) -> None:
        """Only when a source file is new: compressing them all takes seconds."""
        stamp = settings.STATIC_ROOT.with_name("static.sha256")
        wanted = static_digest()
        if stamp.exists() and stamp.read_text() == wanted and settings.STATIC_ROOT.exists():
            return
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        stamp.write_text(wanted)
        self.stdout.write("static files collected")

    def _schedule_upkeep(self) -> None:
        self._schedule("upkeep", "clipweb.upkeep.run", minutes=1)
        self._schedule("trash", "gallery.tasks.purge_trash", minutes=60)

    def _schedule(self, name: str, function: str, *, minutes: int) -> None:
        Schedule.objects.update_or_create(
            name=name,
            defaults={
                "func": function,
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
                "repeats": -1,
            },
        )

    def _schedule_nightly(self, name: str, function: str, *, minute: int) -> None:
        """After three; an hour that somebody has changed in the admin stays."""
        tonight = timezone.localtime().replace(hour=3, minute=minute, second=0) + timedelta(days=1)
        Schedule.objects.get_or_create(
            name=name,
            defaults={
                "func": function,
                "schedule_type": Schedule.DAILY,
                "repeats": -1,
                "next_run": tonight,
            },
        )

    def _make_admin(self) -> None:
        password = settings.ADMIN_PASSWORD or secrets.token_urlsafe(PASSWORD_BYTES)
        User.objects.create_superuser(settings.ADMIN_USERNAME, password=password)
        shown = "the one in ADMIN_PASSWORD" if settings.ADMIN_PASSWORD else password
        self.stdout.write(f"admin made: name {settings.ADMIN_USERNAME}, password {shown} (shown only now)")


def static_digest() -> str:
    """Changes when a static file of the project or the settings for them change."""
    digest = hashlib.sha256(repr((settings.STORAGES["staticfiles"], settings.INSTALLED_APPS)).encode())
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                status = path.stat()
                digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    for requirements in sorted(settings.BASE_DIR.glob("requirements.txt")):
        digest.update(requirements.read_bytes())  # the apps that come from packages
    return digest.hexdigest()
