/** A round as a picture: what was acknowledged and given, by site, around the fault. */

/** @typedef {import('./rounds.mjs').Result} Result */
/** @typedef {import('./command.mjs').Line} Line */
/** @typedef {{ readonly from: number, readonly to: number, readonly bin: number }} Scale ms since the fault */

const WIDTH = 900
const LEFT = 110
const RIGHT = 20
const BAND = 70
const TOP = 88
const GAP = 26
const BINS = 160
const BEFORE_MS = 600
const AFTER_MS = 1_200

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #3b4252; }
  .title { font-size: 14px; font-weight: 600; }
  .axis { stroke: #9aa3b2; stroke-width: 1; }
  .mark { stroke: #b3261e; stroke-width: 1; stroke-dasharray: 3 3; }
  .site1 { fill: #3b6fd4; } .site2 { fill: #2a9d6f; } .site3 { fill: #b7791f; }
  @media (prefers-color-scheme: dark) { text { fill: #d8dee9; } .site1 { fill: #7aa2f7; } .site2 { fill: #73daca; } .mark { stroke: #f7768e; } }`

/** @param {Result} result @param {string} title @returns {string} SVG */
export function timeline({ healedAt, lines, struckAt, times }, title) {
  const healed = healedAt - struckAt
  const to = Math.max(1_500, Math.min(healed + AFTER_MS, 12_000))
  const scale = { from: -BEFORE_MS, to, bin: (to + BEFORE_MS) / BINS }
  const all = lines.flatMap((program) => program.lines).map((line) => ({ ...line, ts: line.ts - struckAt }))
  const done = all.filter(({ name }) => name === 'producer_send_success' || name === 'reply')
  const given = all.filter(({ name }) => name === 'record' || name === 'executed')
  const bottom = TOP + 2 * BAND + GAP
  const marks = [
    ['fault', 0],
    ['noticed', times.detect],
    ['moved', times.switched],
    ['over', healed],
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 50}" role="img" aria-label="${title}">`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="${LEFT}" y="20">${title}</text>`,
    ...band('acknowledged', done, TOP, scale),
    ...band('given', given, TOP + BAND + GAP, scale),
    ...marks.flatMap(([name, at], index) => mark(String(name), at, index, bottom, scale)),
    ...axis(bottom, scale),
    '</svg>\n',
  ].join('\n')
}

/** @param {string} title @param {readonly Line[]} lines @param {number} top @param {Scale} scale */
function band(title, lines, top, scale) {
  const bins = binned(lines, scale)
  const most = Math.max(1, ...bins.map((bin) => [...bin.values()].reduce((sum, count) => sum + count, 0)))
  const bars = bins.flatMap((bin, at) => {
    let y = top + BAND
    return [...bin]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([site, count]) => {
        const height = (count / most) * BAND
        y -= height
        const x = place(scale.from + at * scale.bin, scale)
        return `<rect class="${site}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${wide(scale)}" height="${height.toFixed(1)}"/>`
      })
  })
  const rate = Math.round((most / scale.bin) * 1_000)
  return [
    `<text x="${LEFT - 8}" y="${top + BAND / 2}" text-anchor="end">${title}</text>`,
    `<text x="${LEFT - 8}" y="${top + BAND / 2 + 15}" text-anchor="end">≤ ${rate}/s</text>`,
    ...bars,
    `<line class="axis" x1="${LEFT}" y1="${top + BAND}" x2="${WIDTH - RIGHT}" y2="${top + BAND}"/>`,
  ]
}

/** @param {readonly Line[]} lines @param {Scale} scale @returns {Map<string, number>[]} */
function binned(lines, { bin, from, to }) {
  /** @type {Map<string, number>[]} */
  const bins = Array.from({ length: BINS }, () => new Map())
  for (const { site, ts } of lines) {
    if (ts < from || ts >= to) continue
    const counts = bins[Math.floor((ts - from) / bin)]
    counts?.set(String(site), (counts.get(String(site)) ?? 0) + 1)
  }
  return bins
}

/** @param {string} name @param {string | number | undefined} at @param {number} index @param {number} bottom @param {Scale} scale */
function mark(name, at, index, bottom, scale) {
  if (typeof at !== 'number' || at > scale.to) return []
  const x = place(at, scale).toFixed(1)
  // Names of what happens at nearly one moment stand below each other.
  const y = TOP - 6 - (3 - index) * 14
  return [
    `<line class="mark" x1="${x}" y1="${y + 2}" x2="${x}" y2="${bottom}"/>`,
    `<text x="${Number(x) + 3}" y="${y}">${name}${at > 0 ? ` ${Math.round(at)} ms` : ''}</text>`,
  ]
}

/** @param {number} bottom @param {Scale} scale */
function axis(bottom, scale) {
  const step = scale.to > 6_000 ? 2_000 : scale.to > 3_000 ? 1_000 : 500
  const ticks = []
  for (let at = 0; at <= scale.to; at += step)
    ticks.push(
      `<text x="${place(at, scale).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${at / 1_000} s</text>`,
    )
  return [
    ...ticks,
    `<rect class="site1" x="${LEFT}" y="${bottom + 28}" width="10" height="10"/><text x="${LEFT + 16}" y="${bottom + 37}">site1</text>`,
    `<rect class="site2" x="${LEFT + 70}" y="${bottom + 28}" width="10" height="10"/><text x="${LEFT + 86}" y="${bottom + 37}">site2</text>`,
  ]
}

/** @param {number} at @param {Scale} scale */
function place(at, { from, to }) {
  return LEFT + ((at - from) / (to - from)) * (WIDTH - LEFT - RIGHT)
}

/** @param {Scale} scale */
function wide({ bin, from, to }) {
  return ((bin / (to - from)) * (WIDTH - LEFT - RIGHT) + 0.2).toFixed(1)
}
