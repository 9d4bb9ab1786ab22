from django.apps import AppConfig
from django.core.checks import register


class ClipwebConfig(AppConfig):
    name = "clipweb"

    def ready(self) -> None:
        from clipweb import checks

        for check in checks.ALL:
            register(check)
