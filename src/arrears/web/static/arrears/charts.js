// Draws what a json_script of the page says, on a canvas; the same numbers stand beside it as a table. Nothing here needs a style or script that the policy forbids.
const COLOURS = ["#1d5c70", "#c2651a", "#4a7c2f", "#8a3b7a", "#a3241c", "#4f5fa8", "#7a6a1f", "#51606a"]
const drawn = new WeakSet()

/** Every [data-chart] of the page shows its chart. Formats by name in tooltip.valueFormatter and axis labels: money (minor units), percent (of 1), count. */
export async function drawCharts(root) {
  const places = [...root.querySelectorAll("[data-chart]")].filter((one) => !drawn.has(one))
  if (!places.length) return
  for (const place of places) drawn.add(place)
  const { init } = await import("../vendor/echarts/charts.min.js")
  for (const place of places) draw(init, place)
}

function draw(init, place) {
  const told = JSON.parse(document.getElementById(place.dataset.chart)?.textContent ?? "null")
  if (!told) return
  const chart = init(place, null, { renderer: "canvas" })
  chart.setOption(complete(named(told)))
  const watch = new ResizeObserver(() => {
    if (place.isConnected) return chart.resize()
    watch.disconnect()
    chart.dispose()
  })
  watch.observe(place)
}

function complete(option) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches
  const series = [option.series ?? []].flat()
  const tooltip = { trigger: series.some((one) => one.type === "line" || one.type === "bar") ? "axis" : "item", confine: true, ...option.tooltip, renderMode: "richText" }
  return {
    color: COLOURS, animation: !isCalm, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: "#1b2428" },
    grid: { left: 8, right: 16, top: series.length > 1 ? 36 : 16, bottom: 8, containLabel: true }, ...(series.length > 1 ? { legend: { top: 0 } } : {}),
    ...option, tooltip, aria: { enabled: true, label: { enabled: false }, decal: { show: series.length > 1 } },
  }
}

// JSON has no functions: a format is said by its name.
function named(option) {
  const language = document.documentElement.lang
  const formats = {
    money: (minor) => minor == null ? "–" : new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(minor / 100),
    percent: (share) => share == null ? "–" : new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(share),
    count: (number) => number == null ? "–" : new Intl.NumberFormat(language).format(number),
  }
  const walk = (value) => {
    if (Array.isArray(value)) return value.map(walk)
    if (value === null || typeof value !== "object") return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, (name === "valueFormatter" || name === "formatter") && formats[one] ? formats[one] : walk(one)]))
  }
  return walk(option)
}
