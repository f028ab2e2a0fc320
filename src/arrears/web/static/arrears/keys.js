// The keyboard alone is enough: data-key="x" on a link, button or field makes x press or enter it; Ctrl+Enter sends the form one writes in; ? lists the keys of the page; / goes to the search.
const WRITES = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable]"
const WIDE = { "？": "?", "／": "/", "、": "/" }
const OFF = "arrears-letters-off"

/** Keys are heard from now on; letters not while something is being written, nor where the reader turned them off. What was struck while the page was coming is pressed now, up to the first key that does something. */
export function listenToKeys() {
  const shows = document.getElementById("show-keys")
  if (shows) {
    shows.hidden = false
    shows.addEventListener("click", showList)
  }
  const letters = document.getElementById("letters")
  if (letters) {
    letters.checked = localStorage.getItem(OFF) === null
    letters.addEventListener("change", () => letters.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1"))
  }
  for (const one of document.querySelectorAll("[data-key]")) one.setAttribute("aria-keyshortcuts", one.dataset.key)
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing && !event.repeat && send(event.target.form)) return event.preventDefault()
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (event.target.closest?.(WRITES)) {
      if (event.key === "Escape" && !event.isComposing && !event.target.closest("dialog")) event.target.blur()
      return
    }
    if (document.querySelector("dialog[open]")) return
    if (press(keyOf(event))) event.preventDefault()
  })
  for (const one of document.struckEarly?.() ?? []) if (press(keyOf(one))) return
}

// The character that was meant: an input method may say Process, or give the wide form of a sign.
function keyOf(event) {
  if (event.key.length === 1) return WIDE[event.key] ?? event.key.toLowerCase()
  return event.key === "Process" && event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : ""
}

function press(key) {
  if (!key) return false
  if (key === "?") return showList()
  if (key === "/") return enter(document.getElementById("seek"))
  if (localStorage.getItem(OFF) !== null) return false
  const found = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((one) => !one.disabled && one.closest("[hidden]") === null)
  if (!found) return key === "s" && enter(document.getElementById("seek"))
  for (let around = found.parentElement?.closest("details"); around; around = around.parentElement?.closest("details")) around.open = true
  if (found.matches(WRITES)) return enter(found)
  found.focus()
  found.click()
  return true
}

// As Enter in a field of one line does: by the first button of the form.
function send(form) {
  const button = [...form?.elements ?? []].find((one) => one.matches("button:not([type=button], [type=reset]), input[type=submit]") && !one.disabled)
  if (!button) return false
  form.requestSubmit(button)
  return true
}

function enter(field) {
  if (!field) return false
  field.focus()
  field.select?.()
  return true
}

function showList() {
  const dialog = document.getElementById("keys")
  const list = dialog?.querySelector("dl")
  if (!list) return false
  list.replaceChildren()
  const told = new Set()
  for (const one of document.querySelectorAll("[data-key]")) {
    if (told.has(one.dataset.key) || one.closest("[hidden]") !== null) continue
    told.add(one.dataset.key)
    row(list, one.dataset.key, nameOf(one))
  }
  list.append(document.getElementById("keys-always").content.cloneNode(true))
  if (!document.getElementById("seek")) for (const one of list.querySelectorAll("[data-of-search]")) one.remove()
  dialog.showModal()
  return true
}

function row(list, key, name) {
  const term = document.createElement("dt"), sign = document.createElement("kbd"), said = document.createElement("dd")
  sign.textContent = key
  term.append(sign)
  said.textContent = name
  list.append(term, said)
}

function nameOf(one) {
  if (one.dataset.keyLabel) return one.dataset.keyLabel
  if (one.getAttribute("aria-label")) return one.getAttribute("aria-label")
  if (one.labels?.length) return one.labels[0].textContent.trim()
  const copy = one.cloneNode(true)
  for (const sign of copy.querySelectorAll("kbd, svg")) sign.remove()
  return copy.textContent.trim().replace(/\s+/g, " ")
}
