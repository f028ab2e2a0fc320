// What the desk adds to plain pages: keys, kept forms, the state of the connection, charts, wording, moving parts. Every page works without it.
import { watchConnection, watchForms } from "./connection.js"
import { drawCharts } from "./charts.js"
import { keepDrafts } from "./drafts.js"
import { listenToKeys, pressStruckEarly } from "./keys.js"
import { closeGroups, movingParts, startAtTheMessage } from "./parts.js"
import { screenWording } from "./wording.js"

function everything(root) {
  movingParts(root)
  keepDrafts(root)
  screenWording(root)
  drawCharts(root)
}

watchConnection()
watchForms()
listenToKeys()
closeGroups()
everything(document)
startAtTheMessage()
pressStruckEarly()
document.addEventListener("htmx:after:swap", () => everything(document))
