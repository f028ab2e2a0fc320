// Tabs, dialogs and parts that open: by attributes of the page, with the hidden attribute and no styles.
const known = new WeakSet()

/** [role=tab] with aria-controls, [data-opens=DIALOG], [data-closes], [data-toggles=ID] and select[data-submits] of the page move. */
export function movingParts(root) {
  each(root, "[role=tablist]", tabs)
  each(root, "[data-opens]", (one) => one.addEventListener("click", (event) => {
    event.preventDefault()
    document.getElementById(one.dataset.opens)?.showModal()
  }))
  each(root, ".table-responsive", (part) => new ResizeObserver(() => {
    // What scrolls can be scrolled by the keyboard too.
    if (part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight) part.tabIndex = 0
    else part.removeAttribute("tabindex")
  }).observe(part))
  each(root, "[data-closes]", (one) => one.addEventListener("click", () => one.closest("dialog")?.close()))
  each(root, "[data-toggles]", (one) => {
    const part = document.getElementById(one.dataset.toggles)
    if (!part) return
    one.setAttribute("aria-controls", part.id)
    one.setAttribute("aria-expanded", String(!part.hidden))
    one.addEventListener("click", () => {
      part.hidden = !part.hidden
      one.setAttribute("aria-expanded", String(!part.hidden))
    })
  })
  each(root, "form[data-search]", (form) => form.addEventListener("submit", () => address(form), true))
  each(root, "select[data-submits]", (one) => {
    for (const button of one.form?.querySelectorAll("button:not([name])") ?? []) button.hidden = true
    one.addEventListener("change", () => one.form?.requestSubmit())
  })
}

/** A group of the bar that was opened closes by Escape, and as soon as the reader is elsewhere. */
export function closeGroups() {
  const opened = () => document.querySelectorAll("nav .group[open]")
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return
    for (const one of opened()) {
      one.open = false
      one.querySelector("summary").focus()
    }
  })
  for (const kind of ["click", "focusin"]) document.addEventListener(kind, (event) => {
    for (const one of opened()) if (!one.contains(event.target)) one.open = false
  })
}

/** Where the page says what is wrong, the reader begins there, and at the first field that is; else at [data-starts], and the page stays where it is, so that what stands above is read. */
export function startAtTheMessage() {
  if (document.activeElement !== document.body && document.activeElement !== null) return
  const field = document.querySelector("main [aria-invalid=true]")
  const message = document.querySelector("main [role=alert]")
  if (field) return field.focus()
  if (!message) return document.querySelector("[data-starts]")?.focus({ preventScroll: true })
  message.tabIndex = -1
  message.focus()
}

// A number of a loan may stand in the address, so that the way back from what was found is a plain one; what may be somebody's own number may not.
function address(form) {
  const mayBePersonal = /\d{7}/.test(form.elements.q.value.replace(/[\s-]/g, ""))
  form.method = mayBePersonal ? "post" : "get"
  form.elements.csrfmiddlewaretoken.disabled = !mayBePersonal
}

function each(root, selector, make) {
  for (const one of root.querySelectorAll(selector)) {
    if (known.has(one)) continue
    known.add(one)
    make(one)
  }
}

function tabs(list) {
  const all = [...list.querySelectorAll("[role=tab]")]
  const choose = (chosen) => {
    for (const one of all) {
      const isChosen = one === chosen, panel = document.getElementById(one.getAttribute("aria-controls"))
      one.setAttribute("aria-selected", String(isChosen))
      one.tabIndex = isChosen ? 0 : -1
      if (panel) panel.hidden = !isChosen
    }
  }
  all.forEach((one, at) => {
    one.addEventListener("click", () => choose(one))
    one.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
      if (!step) return
      event.preventDefault()
      const next = all[(at + step + all.length) % all.length]
      choose(next)
      next.focus()
    })
  })
  choose(all.find((one) => one.getAttribute("aria-selected") === "true") ?? all[0])
}
