"""Every address of the web by its name; who may open which stands in work/policies/roles.yaml under routes."""

from django.urls import path

import arrears.work.actions  # noqa: F401 - registers every verb
from arrears.web import health
from arrears.web.desk import cases, home, log_in, oversight, own_account, plans, second_factor

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
    path("cases/<uuid:case>/plan", plans.plan_new, name="plan_new"),
    path("cases/<uuid:case>/plans/<uuid:plan>", plans.plan, name="plan"),
    path("cases/<uuid:case>/plans/<uuid:plan>/agree", plans.plan_agree, name="plan_agree"),
    path("cases/<uuid:case>/plans/<uuid:plan>/ask", plans.plan_ask, name="plan_ask"),
    path("cases/<uuid:case>/plans/<uuid:plan>/end", plans.plan_end, name="plan_end"),
    path("cases/<uuid:case>/plans/<uuid:plan>/agreement", plans.agreement, name="agreement"),
    path("cases/<uuid:case>/plans/<uuid:plan>/agreement/drawn", plans.agreement_drawn, name="agreement_drawn"),
    path("cases/<uuid:case>/offers/<uuid:offer>/taken", plans.offer_taken, name="offer_taken"),
    # matters
    # team
    # oversight
    # running
    # end
]
handler400, handler403, handler404, handler500 = "arrears.web.mishaps.bad_request", "arrears.web.mishaps.denied", "arrears.web.mishaps.missing", "arrears.web.mishaps.broken"
