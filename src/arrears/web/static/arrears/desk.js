// What the desk adds to plain pages: keys, kept forms, the state of the connection, charts, wording, moving parts. Every page works without it.
import { watchConnection, watchForms } from "./connection.js"
import { drawCharts } from "./charts.js"
import { keepDrafts } from "./drafts.js"
import { listenToKeys } from "./keys.js"
import { closeGroups, movingParts, startAtTheMessage } from "./parts.js"
import { screenWording } from "./wording.js"

function everything(root) {
  movingParts(root)
  keepDrafts(root)
  screenWording(root)
  drawCharts(root)
}

// Once htmx too has gone through the page, which it does by a timeout of its own, so that a key does what a click does.
function afterHtmx(begin) {
  if (document.readyState === "complete") setTimeout(begin)
  else document.addEventListener("DOMContentLoaded", () => setTimeout(begin), { once: true })
}

watchConnection()
watchForms()
closeGroups()
everything(document)
startAtTheMessage()
afterHtmx(listenToKeys)
document.addEventListener("htmx:after:swap", () => everything(document))
