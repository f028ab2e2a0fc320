// Copies what browsers are given out of node_modules, byte for byte, makes the bundle of charts, and writes the manifest with hashes.
// Run `npm ci` first; see README.md. Nobody who uses arrears needs it: the results are committed.
import { createHash } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"

const here = dirname(fileURLToPath(import.meta.url))
const shipped = join(here, "../../src/arrears/web/static/vendor")
const tested = join(here, "../../tests/browser/axe")
const from = (name) => join(here, "node_modules", name)
const about = (name) => JSON.parse(readFileSync(join(from(name), "package.json"), "utf8"))

// A package that carries no licence file of its own gets the text that stands in licences/ here, taken from its repository.
const exact = [
  { name: "htmx.org", folder: "htmx", files: { "dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE" } },
  { name: "@alpinejs/csp", folder: "alpine", files: { "dist/cdn.min.js": "alpine-csp.min.js" }, licence: "alpine.txt" },
  { name: "@tabler/core", folder: "tabler", files: { "dist/css/tabler.min.css": "tabler.min.css" }, licence: "tabler.txt" },
]
const bundled = ["echarts", "zrender", "tslib"]

function sha384(path) {
  return `sha384-${createHash("sha384").update(readFileSync(path)).digest("base64")}`
}

// WhiteNoise gives a browser the packed file that lies beside a large one.
function packed(folder, file) {
  writeFileSync(join(shipped, folder, `${file}.gz`), gzipSync(readFileSync(join(shipped, folder, file)), { level: 9 }))
  return `${file}.gz`
}

function entry(name, folder, root, files, made) {
  const { version, license } = about(name)
  return { name, version, licence: license, source: `${name}@${version} (npm)`, made, files: Object.fromEntries(files.sort().map((file) => [`${folder}/${file}`.replace(/^\.\//, ""), sha384(join(root, folder, file))])) }
}

rmSync(shipped, { recursive: true, force: true })
const entries = []
for (const { name, folder, files, licence } of exact) {
  mkdirSync(join(shipped, folder), { recursive: true })
  for (const [source, target] of Object.entries(files)) copyFileSync(join(from(name), source), join(shipped, folder, target))
  if (licence) copyFileSync(join(here, "licences", licence), join(shipped, folder, "LICENSE"))
  const large = Object.values(files).filter((file) => file !== "LICENSE").map((file) => packed(folder, file))
  entries.push(entry(name, folder, shipped, [...Object.values(files), ...large, ...(licence ? ["LICENSE"] : [])], "copied"))
}

mkdirSync(join(shipped, "echarts"), { recursive: true })
await build({ entryPoints: [join(here, "charts.js")], bundle: true, format: "esm", minify: true, target: "es2020", legalComments: "none", charset: "utf8", outfile: join(shipped, "echarts/charts.min.js") })
for (const name of bundled) {
  for (const file of ["LICENSE", "LICENSE.txt", "NOTICE"]) {
    const path = join(from(name), file)
    if (existsSync(path)) copyFileSync(path, join(shipped, "echarts", `${name}-${file.replace(".txt", "")}`))
  }
}
entries.push({ ...entry("echarts", "echarts", shipped, ["charts.min.js", packed("echarts", "charts.min.js"), "echarts-LICENSE", "echarts-NOTICE", "zrender-LICENSE", "tslib-LICENSE"], `bundled by esbuild ${about("esbuild").version} from charts.js`),
               holds: bundled.map((name) => `${name}@${about(name).version} (${about(name).license})`) })
writeFileSync(join(shipped, "manifest.json"), JSON.stringify(entries, null, 2) + "\n")

mkdirSync(tested, { recursive: true })
for (const file of ["axe.min.js", "LICENSE", "LICENSE-3RD-PARTY.txt", "locales/zh_CN.json"]) copyFileSync(join(from("axe-core"), file), join(tested, file.replace("locales/", "")))
writeFileSync(join(tested, "manifest.json"), JSON.stringify([entry("axe-core", ".", tested, ["axe.min.js", "LICENSE", "LICENSE-3RD-PARTY.txt", "zh_CN.json"], "copied")], null, 2) + "\n")
