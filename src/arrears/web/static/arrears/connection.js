// Forms are sent once, and only while the server can be reached; a lost connection is said and loses nothing.
import { keepNow, markSent } from "./drafts.js"
import { meta, tellAloud, word } from "./words.js"

const PATIENCE = 4000
const LOOKS_EVERY = 4000
const SHOWN_FOR = 6000
const STAYS = 10_000
let isLost = false

/** Whether the server and its database answer at this moment. */
export async function isReachable() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })
    return answer.ok
  } catch {
    return false
  }
}

function show(name, isBad) {
  const line = document.getElementById("connection")
  if (!line) return
  line.textContent = word(name)
  line.className = `line-note ${isBad ? "lost" : "back"}`
  line.hidden = false
}

async function lost(name = "lost") {
  show(name, true)
  if (isLost) return
  isLost = true
  while (isLost) {
    await new Promise((done) => setTimeout(done, LOOKS_EVERY))
    if (navigator.onLine && await isReachable()) found()
  }
}

function found() {
  if (!isLost) return
  isLost = false
  show("back", false)
  setTimeout(() => { if (!isLost) document.getElementById("connection").hidden = true }, SHOWN_FOR)
}

/** The connection's loss and return stand in a line under the frame; parts that htmx loads carry the form token and say that they are loading. */
export function watchConnection() {
  addEventListener("offline", () => lost())
  addEventListener("online", async () => { if (await isReachable()) found() })
  if (!navigator.onLine) lost()
  document.addEventListener("htmx:config:request", (event) => {
    const request = event.detail.ctx.request
    if (!/^(GET|HEAD)$/i.test(request.method)) request.headers["X-CSRFToken"] = meta("form-token")
  })
  document.addEventListener("htmx:before:request", (event) => event.detail.ctx.target?.setAttribute?.("aria-busy", "true"))
  document.addEventListener("htmx:finally:request", (event) => event.detail.ctx.target?.removeAttribute?.("aria-busy"))
  document.addEventListener("htmx:error", async () => {
    tellAloud(word("no-answer"))
    if (!await isReachable()) lost()
  })
}

function busy(form, isSo) {
  if (isSo) form.setAttribute("aria-busy", "true")
  else form.removeAttribute("aria-busy")
}

/** Every form that is posted is sent once, after the server was heard from; where it was not, the form stays as it is and the line says so. */
export function watchForms() {
  document.addEventListener("submit", async (event) => {
    const form = event.target
    if (event.defaultPrevented || (form.getAttribute("method") ?? "").toLowerCase() !== "post" || form.matches("[hx-post]:not([hx-trigger])")) return
    if (form.dataset.state === "sent" || form.dataset.state === "asking") return event.preventDefault()
    if (form.dataset.state === "clear") {
      form.dataset.state = "sent"
      markSent(form)
      setTimeout(() => ready(form), STAYS)  // still here: what was sent gave a file, or the answer is lost
      return
    }
    event.preventDefault()
    form.dataset.state = "asking"
    busy(form, true)
    const [reached] = await Promise.all([isReachable(), keepNow(form)])
    if (reached) {
      found()
      form.dataset.state = "clear"
      form.requestSubmit(event.submitter)
      if (form.dataset.state === "clear") ready(form)
      return
    }
    ready(form)
    lost("not-sent")
    tellAloud(word("not-sent"))
  })
  addEventListener("pageshow", (event) => { if (event.persisted) for (const form of document.forms) ready(form) })
}

function ready(form) {
  delete form.dataset.state
  busy(form, false)
}
