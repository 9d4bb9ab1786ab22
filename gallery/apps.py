from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate

from gallery import pixels


class GalleryConfig(AppConfig):
    name = "gallery"

    def ready(self) -> None:
        pixels.prepare_pillow(settings.UPLOAD_MAX_PIXELS)
        post_migrate.connect(ensure_groups, sender=self)


def ensure_groups(**kwargs: Any) -> None:
    """Permissions are there only after a migration, so that none can give them to a group."""
    from gallery.moderation import roles

    roles.ensure_groups()
