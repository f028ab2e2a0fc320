// What is written to or about people is screened while it is typed: data-screen=ADDRESS on a field. The verdict of the save counts; this one only warns early.
import { meta, word } from "./words.js"

const PAUSE = 400
const known = new WeakSet()

/** Every such field has a line below it that says what the screening found, and is heard by whoever listens to the page.
 *
 * Posted: text; case, where the form or the page is about one; and the fields of the form named in data-screen-with.
 * Answered: a piece of HTML with data-verdict, shown as it is; or JSON {verdict: "allow" | "warn" | "deny", messages: [text, …]}.
 */
export function screenWording(root) {
  for (const field of root.querySelectorAll("[data-screen]:not([data-screen=''])")) {
    if (known.has(field)) continue
    known.add(field)
    watch(field)
  }
}

function watch(field) {
  const line = document.createElement("div")
  line.className = "screened"
  line.setAttribute("role", "status")
  line.id = `${field.id || field.name}-screened`
  field.after(line)
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), line.id].filter(Boolean).join(" "))
  let timer = 0, last = "", running = null
  const ask = async () => {
    const text = field.value.trim()
    if (text === last) return
    last = text
    running?.abort()
    if (!text) return show(field, line, null)
    running = new AbortController()
    try {
      const answer = await fetch(field.dataset.screen, { method: "POST", body: body(field, text), headers: { "X-CSRFToken": meta("form-token"), Accept: "application/json, text/html" }, signal: running.signal, redirect: "error" })
      if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status))
      if (answer.headers.get("Content-Type")?.includes("json")) show(field, line, await answer.json())
      else showPiece(field, line, await answer.text())
    } catch (problem) {
      if (problem.name === "AbortError") return
      last = ""
      line.className = "screened"
      line.textContent = word("unchecked")
    }
  }
  field.addEventListener("input", () => {
    clearTimeout(timer)
    timer = setTimeout(ask, PAUSE)
  })
  if (field.value.trim()) ask()
}

function body(field, text) {
  const sent = new FormData()
  sent.set("text", text)
  const about = /\/cases\/([0-9a-f-]{36})/.exec(field.form?.getAttribute("action") ?? "") ?? /\/cases\/([0-9a-f-]{36})/.exec(location.pathname)
  if (about) sent.set("case", about[1])
  for (const name of (field.dataset.screenWith ?? "").split(" ").filter(Boolean)) sent.set(name, field.form?.elements.namedItem(name)?.value ?? "")
  return sent
}

function show(field, line, told) {
  const isBad = told !== null && told.verdict !== "allow"
  mark(field, line, told !== null, isBad)
  line.textContent = told === null ? "" : isBad ? (told.messages ?? []).join(" ") : word("fine")
}

function showPiece(field, line, html) {
  const nodes = [...new DOMParser().parseFromString(html, "text/html").body.childNodes]
  line.replaceChildren(...nodes.map((node) => document.importNode(node, true)))
  const isBad = line.querySelector("[data-verdict]:not([data-verdict=allow])") !== null
  mark(field, line, true, isBad)
  if (!line.textContent.trim()) line.textContent = word("fine")
}

function mark(field, line, isTold, isBad) {
  line.className = `screened ${isTold ? (isBad ? "is-bad" : "is-fine") : ""}`.trim()
  if (isBad) field.setAttribute("aria-invalid", "true")
  else field.removeAttribute("aria-invalid")
}
