// Half-written forms survive a closed tab, a reload, a lost network and an ended session. They are sealed (AES-256-GCM) under a key that the server
// tells to the account that is logged in, and lie in this browser alone: the server has none of them, and another account cannot read them.
import { meta, piece } from "./words.js"

const PREFIX = "arrears-draft:"
const SENT = "arrears-sent"
const MOST = 7 * 86400 * 1000
const PAUSE = 150
const tab = globalThis.crypto?.randomUUID?.() ?? ""
const channel = globalThis.BroadcastChannel ? new BroadcastChannel("arrears-drafts") : null
const kept = new Map()
let sealKey = null
let isAsked = false

/** The forms of a page that carry data-draft are kept while they are written, and restored. */
export function keepDrafts(root) {
  sweep()
  const owner = meta("draft-owner")
  if (!owner || !globalThis.crypto?.subtle) return
  sealKey ??= crypto.subtle.importKey("raw", bytes(meta("draft-key")), "AES-GCM", false, ["encrypt", "decrypt"])
  const taken = isAsked ? null : wasTaken() // once, as the page begins: a part that comes while a form is on its way knows nothing of what becomes of it
  isAsked = true
  for (const form of root.querySelectorAll("form[data-draft]")) {
    if (!kept.has(form)) begin(form, `${PREFIX}${owner}:${form.dataset.draft}`, taken)
  }
}

/** What was written up to now is sealed and kept. */
export async function keepNow(form) {
  const draft = kept.get(form)
  if (!draft) return
  clearTimeout(draft.timer)
  await save(draft)
}

/** The form is on its way; whether it was taken, the next page tells. */
export function markSent(form) {
  const draft = kept.get(form)
  if (draft) sessionStorage.setItem(SENT, draft.name)
  if (form.hasAttribute("data-logs-out")) forgetOthers()
}

// What the page before had sent, if this page says what became of it: the draft goes where it was taken, and stays where it was not.
function wasTaken() {
  const name = sessionStorage.getItem(SENT)
  if (!name) return null
  sessionStorage.removeItem(SENT)
  const isTaken = new URLSearchParams(location.search).has("done") || document.querySelector("[data-draft-taken]") !== null
  if (isTaken) {
    localStorage.removeItem(name)
    channel?.postMessage({ kind: "sent", name })
  }
  return { name, isTaken }
}

async function begin(form, name, taken) {
  const draft = { form, name, state: "here", first: JSON.stringify(written(form)), firstKey: form.elements.namedItem("key")?.value, timer: 0 }
  kept.set(form, draft)
  const change = (event) => {
    if (!event.isTrusted || draft.state !== "here") return
    clearTimeout(draft.timer)
    draft.timer = setTimeout(() => save(draft), PAUSE)
  }
  form.addEventListener("input", change)
  form.addEventListener("change", change)
  addEventListener("pagehide", () => { if (draft.timer) save(draft) })
  channel?.postMessage({ kind: "opened", name, tab })
  const before = [...kept.values()].find((one) => one.name === name && !one.form.isConnected)
  if (before) return goOn(draft, before)
  const isSentBack = taken?.name === name && !taken.isTaken && form.querySelector("[aria-invalid=true]") !== null
  if (isSentBack || (taken?.name === name && document.querySelector("main [role=alert]") !== null)) return
  const found = await read(name)
  if (!found) return
  if (JSON.stringify(found.fields) === draft.first) return setKey(form, found.key)
  write(form, found.fields, found.key)
  restored(draft, found.at)
}

// A part of the page came back from the server with the form in it, as it was written and perhaps with more: it is the newer one, so nothing older is written over it.
function goOn(draft, before) {
  clearTimeout(before.timer)
  kept.delete(before.form)
  draft.first = before.first
  draft.firstKey = before.firstKey
  setKey(draft.form, before.form.elements.namedItem("key")?.value)
  if (before.state !== "here") return elsewhere(draft, before.state)
  before.state = "replaced"
  before.timer = 0
  return save(draft)
}

function restored(draft, at) {
  const note = piece("draft-restored")
  if (!note) return
  const time = note.querySelector("time")
  time.dateTime = new Date(at).toISOString()
  time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }).format(at)
  note.querySelector("[data-discard]").addEventListener("click", () => {
    localStorage.removeItem(draft.name)
    write(draft.form, JSON.parse(draft.first), draft.firstKey)
    note.remove()
    draft.form.querySelector("input:not([type=hidden]), textarea, select")?.focus()
  })
  draft.form.prepend(note)
}

async function save(draft) {
  draft.timer = 0
  if (draft.state !== "here") return
  const fields = written(draft.form)
  if (JSON.stringify(fields) === draft.first) return localStorage.removeItem(draft.name)
  const at = Date.now(), iv = crypto.getRandomValues(new Uint8Array(12))
  const plain = new TextEncoder().encode(JSON.stringify({ at, fields, key: draft.form.elements.namedItem("key")?.value }))
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(draft.name) }, await sealKey, plain)
  try {
    localStorage.setItem(draft.name, JSON.stringify({ at, iv: base64(iv), sealed: base64(new Uint8Array(sealed)) }))
  } catch {
    // The browser's store is full or closed: the form still works, it is only not kept.
  }
}

// None where there is none, or where it was sealed under another key: that one nobody can read any more, so it goes.
async function read(name) {
  try {
    const { iv, sealed } = JSON.parse(localStorage.getItem(name) ?? "null") ?? {}
    if (!sealed) return null
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(iv), additionalData: new TextEncoder().encode(name) }, await sealKey, bytes(sealed))
    return JSON.parse(new TextDecoder().decode(plain))
  } catch {
    localStorage.removeItem(name)
    return null
  }
}

function fieldsOf(form) {
  const skipped = new Set(["hidden", "password", "file", "submit", "button", "reset", "image"])
  return [...form.elements].filter((one) => one.name && !skipped.has(one.type) && one.tagName !== "FIELDSET" && one.tagName !== "OUTPUT" && !one.hasAttribute("data-not-kept"))
}

function written(form) {
  return fieldsOf(form).map((one) => [one.name, one.type === "checkbox" || one.type === "radio" ? [one.value, one.checked] : one.multiple ? [...one.selectedOptions].map((option) => option.value) : one.value])
}

function write(form, fields, key) {
  const left = fieldsOf(form)
  for (const [name, value] of fields) {
    const at = left.findIndex((one) => one.name === name && (!(one.type === "checkbox" || one.type === "radio") || one.value === value[0]))
    if (at < 0) continue
    const [one] = left.splice(at, 1)
    if (one.type === "checkbox" || one.type === "radio") one.checked = value[1]
    else if (one.multiple) for (const option of one.options) option.selected = value.includes(option.value)
    else if (one.tagName !== "SELECT" || [...one.options].some((option) => option.value === value)) one.value = value
    one.dispatchEvent(new Event("input", { bubbles: true }))
    one.dispatchEvent(new Event("change", { bubbles: true }))
  }
  setKey(form, key)
}

function setKey(form, key) {
  const field = form.elements.namedItem("key")
  if (field && key) field.value = key
}

function sweep() {
  for (const name of Object.keys(localStorage).filter((one) => one.startsWith(PREFIX))) {
    let at = 0
    try {
      at = JSON.parse(localStorage.getItem(name)).at
    } catch {
      at = 0
    }
    if (!(Date.now() - at < MOST)) localStorage.removeItem(name)
  }
}

function forgetOthers() {
  const own = `${PREFIX}${meta("draft-owner")}:`
  for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX) && !name.startsWith(own)) localStorage.removeItem(name)
}

// One form in two tabs: the second takes over the first one's key, so that both together are done once, and it is told.
channel?.addEventListener("message", ({ data }) => {
  for (const [form, draft] of kept) {
    if (!form.isConnected) kept.delete(form)
    if (!form.isConnected || data.name !== draft.name || data.tab === tab || (data.to && data.to !== tab)) continue
    if (data.kind === "opened" && draft.state === "here") channel.postMessage({ kind: "open", name: draft.name, tab, to: data.tab, key: draft.form.elements.namedItem("key")?.value })
    if (data.kind === "open") elsewhere(draft, "draft-elsewhere", data.key)
    if (data.kind === "here" && draft.state === "here") elsewhere(draft, "draft-moved")
    if (data.kind === "sent") elsewhere(draft, "draft-sent")
  }
})

function elsewhere(draft, name, key) {
  draft.state = name
  setKey(draft.form, key)
  for (const note of draft.form.querySelectorAll(".draft-note")) note.remove()
  const note = piece(name)
  if (!note) return
  note.querySelector("[data-take-over]")?.addEventListener("click", () => {
    draft.state = "here"
    note.remove()
    channel.postMessage({ kind: "here", name: draft.name, tab })
    save(draft)
  })
  draft.form.prepend(note)
}

function bytes(text) {
  return Uint8Array.from(atob(text), (one) => one.charCodeAt(0))
}

function base64(array) {
  return btoa(String.fromCharCode(...array))
}
