from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connections
from django.db.models.signals import post_migrate

from gallery import pixels


class GalleryConfig(AppConfig):
    name = "gallery"

    def ready(self) -> None:
        pixels.prepare_pillow(settings.UPLOAD_MAX_PIXELS)
        post_migrate.connect(ensure_groups, sender=self)
        post_migrate.connect(ensure_triggers, sender=self)


def ensure_groups(**kwargs: Any) -> None:
    """Permissions are there only after a migration, so that none can give them to a group."""
    from gallery.moderation import roles

    roles.ensure_groups()


def ensure_triggers(*, using: str, **kwargs: Any) -> None:
    """SQLite loses a table's triggers when a migration builds it anew."""
    from gallery.models import PendingWords
    from gallery.words import triggers

    connection = connections[using]
    if PendingWords._meta.db_table in connection.introspection.table_names():  # not while going back
        triggers.install(connection)
