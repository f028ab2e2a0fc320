"""Every address of the web by its name; who may open which stands in work/policies/roles.yaml under routes."""

from django.urls import path

import arrears.work.actions  # noqa: F401 - registers every verb
from arrears.web import health
from arrears.web.desk import (
    account_roles,
    cases,
    home,
    limits,
    log_in,
    oversight,
    own_account,
    roster,
    runs,
    second_factor,
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
    # team
    # oversight
    # running
    path("runs", runs.run_list, name="runs"),
    path("runs/ask", runs.ask, name="run_ask"),
    path("runs/<uuid:run>", runs.run, name="run"),
    path("runs/<uuid:run>/state", runs.run_state, name="run_state"),
    path("runs/<uuid:run>/cancel", runs.cancel, name="run_cancel"),
    path("runs/<uuid:run>/again", runs.again, name="run_again"),
    path("quarantine", runs.quarantine, name="quarantine"),
    path("quarantine/file", runs.quarantine_file, name="quarantine_file"),
    path("roster", roster.show, name="roster"),
    path("roster/new", roster.new, name="roster_new"),
    path("roster/collectors/<uuid:collector>", roster.collector, name="roster_collector"),
    path("roster/collectors/<uuid:collector>/change", roster.change, name="collector_change"),
    path("roster/collectors/<uuid:collector>/end", roster.end, name="collector_end"),
    path("roster/agencies/<uuid:team>", roster.agency, name="roster_agency"),
    path("roster/agencies/<uuid:team>/change", roster.change_agency, name="agency_change"),
    path("roster/teams/<uuid:team>/end", roster.end_team, name="team_end"),
    path("accounts/<uuid:account>/change", account_roles.change, name="account_change"),
    path("limits", limits.show, name="limits"),
    path("limits/set", limits.set_one, name="limit_set"),
    path("calendar", limits.calendar, name="calendar"),
    # end
]
handler400, handler403, handler404, handler500 = "arrears.web.mishaps.bad_request", "arrears.web.mishaps.denied", "arrears.web.mishaps.missing", "arrears.web.mishaps.broken"
