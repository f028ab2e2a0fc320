"""When a case is looked at again and why, whose screen it is on, reminders, and what came of a talk."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('work', '0002_record'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('lender', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('call_back', 'call_back'), ('promise_due', 'promise_due'), ('promise_broken', 'promise_broken'), ('instalment_due', 'instalment_due'), ('plan_broken', 'plan_broken'), ('answer_due', 'answer_due')], max_length=24)),
                ('due_at', models.DateTimeField()),
                ('subject', models.UUIDField(null=True)),
                ('made_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('done_why', models.CharField(choices=[('done', 'done'), ('paid', 'paid'), ('over', 'over')], max_length=24, null=True)),
            ],
        ),
        migrations.AddField(
            model_name='case',
            name='ready_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='ready_why',
            field=models.CharField(choices=[('call_back', 'call_back'), ('promise_due', 'promise_due'), ('promise_broken', 'promise_broken'), ('plan_broken', 'plan_broken'), ('paid_said', 'paid_said'), ('plan_asked', 'plan_asked'), ('tried', 'tried'), ('talked', 'talked'), ('put_back', 'put_back')], max_length=24, null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='reserved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='case',
            name='reserved_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='contact',
            name='hardship',
            field=models.CharField(choices=[('illness', 'illness'), ('job_lost', 'job_lost'), ('income_cut', 'income_cut'), ('business_failing', 'business_failing'), ('project_delayed', 'project_delayed'), ('disaster', 'disaster'), ('family', 'family'), ('other', 'other')], max_length=24, null=True),
        ),
        migrations.AddField(
            model_name='contact',
            name='result',
            field=models.CharField(choices=[('promise', 'promise'), ('part_promise', 'part_promise'), ('says_paid', 'says_paid'), ('refuses', 'refuses'), ('cannot_pay', 'cannot_pay'), ('asks_plan', 'asks_plan'), ('disputes', 'disputes'), ('complains', 'complains'), ('asks_stop', 'asks_stop'), ('wrong_person', 'wrong_person'), ('call_back', 'call_back'), ('deceased', 'deceased'), ('in_prison', 'in_prison'), ('bankrupt', 'bankrupt'), ('vulnerable', 'vulnerable'), ('no_answer', 'no_answer'), ('busy', 'busy'), ('voicemail', 'voicemail'), ('not_in_use', 'not_in_use')], max_length=24, null=True),
        ),
        migrations.AddField(
            model_name='promise',
            name='pay_channel',
            field=models.CharField(choices=[('app', 'app'), ('transfer', 'transfer'), ('auto_debit', 'auto_debit'), ('counter', 'counter'), ('other', 'other')], max_length=24, null=True),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('frozen_at', None), ('held_by', None), ('state', 'open')), fields=['team', 'rank', 'id'], name='case_unheld'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('frozen_at', None), ('held_by', None), ('ready_why__isnull', False), ('state', 'open')), fields=['team', 'ready_why', 'ready_at'], name='case_unheld_due'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('ready_why__isnull', False), ('state', 'open')), fields=['held_by', 'ready_why', 'ready_at'], name='case_held_due'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('reserved_by__isnull', False)), fields=['reserved_by'], name='case_reserved'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='work.case'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='contact_point',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='work.contactpoint'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='done_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reminder',
            name='made_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['case', 'due_at'], name='reminder_open'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['lender', 'subject'], name='reminder_subject'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(fields=('case', 'kind', 'subject', 'due_at'), name='reminded_once'),
        ),
    ]
