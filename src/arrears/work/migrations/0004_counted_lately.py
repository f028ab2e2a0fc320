"""An index by which the latest action of an account is found: figures counted before it are not shown to them any more."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("work", "0003_desk"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["actor", "number"], name="entry_latest_of"),
        ),
    ]
