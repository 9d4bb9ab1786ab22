from django.apps import AppConfig


class GeneratorConfig(AppConfig):
    name = "generator"

    def ready(self) -> None:
        from gallery.people.takeout import add_part
        from generator.models import Job

        add_part("studio", lambda user: Job.objects.filter(owner=user))
