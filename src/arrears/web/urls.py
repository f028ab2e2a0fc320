"""Every address of the web by its name; who may open which stands in work/policies/roles.yaml under routes."""

from django.urls import path

import arrears.work.actions  # noqa: F401 - registers every verb
from arrears.web import health
from arrears.web.desk import (
    cases,
    coaching,
    home,
    log_in,
    matter_clocks,
    matters,
    moves,
    oversight,
    own_account,
    parties,
    raising,
    second_factor,
    team,
)

urlpatterns = [
    path("healthz", health.alive, name="health"),
    path("login", log_in.log_in, name="log_in"),
    path("logout", log_in.log_out, name="log_out"),
    path("language", log_in.choose_language, name="language"),
    path("second-factor", second_factor.second_factor, name="second_factor"),
    path("second-factor/enrol", second_factor.enrol, name="enrol"),
    path("", home.home, name="home"),
    path("cases/<uuid:case>", cases.case, name="case"),
    path("cases/<uuid:case>/unmask", cases.unmask, name="unmask"),
    path("cases/<uuid:case>/dial", cases.dial, name="dial"),
    path("approvals", oversight.approvals, name="approvals"),
    path("approvals/<uuid:approval>/decide", oversight.decide, name="decide"),
    path("entries", oversight.entries, name="entries"),
    path("accounts", oversight.list_accounts, name="accounts"),
    path("accounts/create", oversight.create_account, name="account_create"),
    path("accounts/<uuid:account>/leave", oversight.leave, name="account_leave"),
    path("accounts/<uuid:account>/reset", oversight.reset, name="account_reset"),
    path("emergency/break", oversight.break_glass, name="glass_break"),
    path("emergency/<uuid:glass>/end", oversight.end_glass, name="glass_end"),
    path("emergency/<uuid:glass>/review", oversight.review_glass, name="glass_review"),
    path("account", own_account.own_account, name="own_account"),
    path("account/password", own_account.own_password, name="own_password"),
    path("account/factors/<int:factor>/remove", own_account.remove_factor, name="remove_factor"),
    path("account/recovery-codes", own_account.new_recovery_codes, name="new_recovery_codes"),
    path("account/sessions/end", own_account.end_sessions, name="end_sessions"),
    # front
    # person
    # queue
    # plans
    # matters
    path("matters", matters.matters, name="matters"),
    path("matters/clocks", matter_clocks.matter_clocks, name="matter_clocks"),
    path("matters/hardship/<uuid:hardship>/examine", matters.examine, name="hardship_examine"),
    path("matters/hardship/<uuid:hardship>/decide", matters.decide, name="hardship_decide"),
    path("matters/hardship/<uuid:hardship>/confirm", matters.confirm, name="hardship_confirm"),
    path("matters/<str:kind>/<uuid:matter>", matters.matter, name="matter"),
    path("matters/<str:kind>/<uuid:matter>/read", matters.read, name="matter_read"),
    path("matters/<str:kind>/<uuid:matter>/note", matters.note, name="matter_note"),
    path("matters/<str:kind>/<uuid:matter>/assign", matters.assign, name="matter_assign"),
    path("matters/<str:kind>/<uuid:matter>/weigh", matters.weigh, name="matter_weigh"),
    path("matters/<str:kind>/<uuid:matter>/attach", matters.attach, name="matter_attach"),
    path("matters/<str:kind>/<uuid:matter>/task", matters.task, name="matter_task"),
    path("matters/<str:kind>/<uuid:matter>/task/done", matters.task_done, name="matter_task_done"),
    path("matters/<str:kind>/<uuid:matter>/extend", matters.extend, name="matter_extend"),
    path("matters/<str:kind>/<uuid:matter>/answer", matters.answer, name="matter_answer"),
    path("matters/<str:kind>/<uuid:matter>/reopen", matters.reopen, name="matter_reopen"),
    path("matters/<str:kind>/<uuid:matter>/lift", matters.lift, name="matter_lift"),
    path("cases/<uuid:case>/matters/<str:kind>", raising.matter_raise, name="matter_raise"),
    path("cases/<uuid:case>/parties", parties.parties, name="parties"),
    path("cases/<uuid:case>/parties/add", parties.add, name="party_add"),
    path("cases/<uuid:case>/parties/reach", parties.add_point, name="point_add"),
    path("cases/<uuid:case>/parties/close", parties.close_point, name="point_close"),
    path("cases/<uuid:case>/parties/protect", parties.protect, name="party_protect"),
    path("cases/<uuid:case>/parties/release", parties.release, name="party_release"),
    path("cases/<uuid:case>/parties/reasons", parties.read_reasons, name="party_reasons"),
    # team
    path("team", team.team, name="team"),
    path("team/figures", team.figures, name="team_figures"),
    path("team/list", team.rows, name="team_list"),
    path("team/me", team.me, name="team_me"),
    path("team/move", moves.move, name="move"),
    path("team/move/do", moves.do, name="move_do"),
    path("team/move/<uuid:entry>/back", moves.back, name="move_back"),
    path("team/coaching", coaching.coaching, name="coaching"),
    path("team/coaching/<uuid:collector>/write", coaching.write, name="coaching_write"),
    path("team/coaching/<uuid:collector>/read", coaching.read, name="coaching_read"),
    path("team/coaching/<uuid:collector>/follow-up", coaching.follow_up, name="coaching_follow_up"),
    path("team/absences", coaching.absences, name="absences"),
    path("team/absences/<uuid:collector>/put", coaching.put, name="absence_put"),
    path("team/absences/<uuid:collector>/end", coaching.end, name="absence_end"),
    # oversight
    # running
    # end
]
handler400, handler403, handler404, handler500 = "arrears.web.mishaps.bad_request", "arrears.web.mishaps.denied", "arrears.web.mishaps.missing", "arrears.web.mishaps.broken"
