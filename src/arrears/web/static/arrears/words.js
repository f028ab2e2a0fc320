// The texts that scripts show: the page brings them in the reader's language as templates.

/** The text of a word of the page; nothing where the page has none. */
export function word(name) {
  return document.getElementById(`word-${name}`)?.content.textContent.trim() ?? ""
}

/** A new copy of a piece of the page. */
export function piece(name) {
  return document.getElementById(name)?.content.firstElementChild?.cloneNode(true) ?? null
}

/** Said to whoever listens to the page instead of looking at it. */
export function tellAloud(text) {
  const told = document.getElementById("told")
  if (told) told.textContent = text
}

/** What a meta of the page says. */
export function meta(name) {
  return document.querySelector(`meta[name="${name}"]`)?.content ?? ""
}
