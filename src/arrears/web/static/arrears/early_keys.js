// Loaded before the rest of the page: a key struck while the page is still coming is kept, and pressed once the page hears (keys.js). What is written into a field stays there.
(() => {
  const struck = []
  const keep = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest?.("input, textarea, select, [contenteditable]")) return
    struck.push({ key: event.key, code: event.code })
  }
  document.addEventListener("keydown", keep)
  document.struckEarly = () => {
    document.removeEventListener("keydown", keep)
    return struck
  }
})()
