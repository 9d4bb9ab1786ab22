from datetime import timedelta, timezone

import django.db.models.functions.comparison
from django.db import migrations, models
from django.utils.timezone import get_default_timezone

import gallery.models.image

BATCH = 500


def note_months(apps, schema_editor):
    """As timeline.month_of() does for new pictures."""
    images = apps.get_model("gallery", "Image").objects
    batch = []
    for image in images.only("taken_at", "taken_offset", "created_at").iterator(BATCH):
        if image.taken_at is not None and image.taken_offset is not None:
            moment = image.taken_at.astimezone(timezone(timedelta(minutes=image.taken_offset)))
        else:
            moment = (image.taken_at or image.created_at).astimezone(get_default_timezone())
        image.month = moment.date().replace(day=1)
        batch.append(image)
        if len(batch) == BATCH:
            images.bulk_update(batch, ["month"])
            batch = []
    images.bulk_update(batch, ["month"])


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0012_map"),
    ]

    operations = [
        migrations.AddField(
            model_name="image",
            name="month",
            field=models.DateField(
                default=gallery.models.image.this_month, editable=False, verbose_name="month"
            ),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(
                models.F("owner"),
                models.OrderBy(models.F("month"), descending=True),
                models.OrderBy(
                    django.db.models.functions.comparison.Coalesce("taken_at", "created_at"), descending=True
                ),
                models.OrderBy(models.F("id"), descending=True),
                name="image_timeline",
            ),
        ),
        migrations.RunPython(note_months, migrations.RunPython.noop),
    ]
