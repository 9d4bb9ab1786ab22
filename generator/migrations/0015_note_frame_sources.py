from django.db import migrations


def note_sources(apps, schema_editor):
    """A file's name begins with the job that made it, wherever it is shared."""
    KeptFrame, Job = apps.get_model('generator', 'KeptFrame'), apps.get_model('generator', 'Job')
    images = {pk.hex: image for pk, image in Job.objects.values_list('pk', 'image_id')}
    for frame in KeptFrame.objects.filter(job__kind='continued').iterator():
        maker = frame.name.rpartition('/')[2][:32]
        if maker == frame.job_id.hex or maker not in images:
            continue
        if images[maker] is None:
            frame.delete()  # its picture is gone; the nightly check finds the file
        else:
            KeptFrame.objects.filter(pk=frame.pk).update(source_id=images[maker])


class Migration(migrations.Migration):
    # By itself: PostgreSQL adds no constraint to a table that has just been written to.

    dependencies = [
        ('generator', '0014_frame_sources'),
    ]

    operations = [
        migrations.RunPython(note_sources, migrations.RunPython.noop),
    ]
