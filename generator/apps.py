from django.apps import AppConfig


class GeneratorConfig(AppConfig):
    name = "generator"

    def ready(self) -> None:
        from django.db.models.signals import post_delete

        from gallery import strays
        from gallery.people.takeout import add_part
        from generator import filmstrip, time_lapses
        from generator.models import Job, KeptFrame, TimeLapse

        add_part("studio", lambda user: Job.objects.filter(owner=user))
        add_part("studio-frames", filmstrip.of_person, filmstrip.entry_of)
        for part, row in ((filmstrip, KeptFrame), (time_lapses, TimeLapse)):
            strays.add_folder(part.FOLDER, part.named)
            post_delete.connect(part.delete_file, sender=row, dispatch_uid=part.FOLDER)
