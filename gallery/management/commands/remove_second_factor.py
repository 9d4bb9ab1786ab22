"""For the admin who has lost the phone and the recovery codes, and whom no other admin can help."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gallery.models import User
from gallery.people.second_factor import remove_second_factor


class Command(BaseCommand):
    help = "Removes a person's second factor, so that their password alone signs them in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        try:
            user = User.objects.get(username=username)
        except User.DoesNotExist:
            raise CommandError(f"There is no user {username!r}.") from None
        if not remove_second_factor(user=user, by=None):
            raise CommandError(f"{username} has no second factor.")
        self.stdout.write(f"{username} signs in by password alone from now on.")
