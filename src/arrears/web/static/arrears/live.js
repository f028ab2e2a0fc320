// Parts that are fetched anew while they are looked at: not in a hidden tab, not while somebody is in them, and at once when the tab is seen again.
document.addEventListener("htmx:before:request", (event) => {
  const part = event.target.closest?.("[data-live]")
  if (part && event.target === part && (document.hidden || part.contains(document.activeElement))) event.preventDefault()
})
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const part of document.querySelectorAll("[data-live]")) part.dispatchEvent(new CustomEvent("seen"))
})
