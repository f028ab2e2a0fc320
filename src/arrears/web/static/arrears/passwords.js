"use strict"
// Shows passwords by choice, and how long the new one is. Nothing leaves the page.
for (const tick of document.querySelectorAll("[data-shows]")) {
  const fields = tick.dataset.shows.split(" ").map((id) => document.getElementById(id))
  tick.addEventListener("change", () => fields.forEach((field) => { field.type = tick.checked ? "text" : "password" }))
}
for (const meter of document.querySelectorAll("[data-measures]")) {
  const field = document.getElementById(meter.dataset.measures)
  field.addEventListener("input", () => { meter.value = [...field.value].length })
}
