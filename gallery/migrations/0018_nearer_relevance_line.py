from django.db import migrations, models


def measure_anew(apps, schema_editor):
    """The nearer line cannot be told from what is kept; upkeep asks for what has no line."""
    background = apps.get_model("gallery", "Background")
    background.objects.update(line=None, asked_at="1970-01-01T00:00Z")


class Migration(migrations.Migration):
    dependencies = [("gallery", "0017_finding_pictures")]

    operations = [
        migrations.AddField(
            model_name="background",
            name="near",
            field=models.FloatField(null=True, verbose_name="nearer relevance line"),
        ),
        migrations.RunPython(measure_anew, migrations.RunPython.noop),
    ]
