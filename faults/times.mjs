/** How long a fault was felt. */

/** @typedef {import('./command.mjs').Line} Line */
/** @typedef {{ struckAt: number, healedAt: number, site: string }} Blow */

/**
 * @typedef {object} Times All in ms.
 * @property {number | undefined} detect Until the writer's client saw that the site was not well.
 * @property {number | undefined} switched Until the first lane had another home.
 * @property {number | undefined} writes Until another site acknowledged or replied.
 * @property {number | undefined} lanes Until that had happened for every publisher and key.
 * @property {number | undefined} reads Until another site's record was given.
 * @property {number} writePause The longest time without an acknowledgement or reply, the site's return included.
 * @property {number} readPause The longest time without a record, the site's return included.
 * @property {number} slowest From the call to the record, of the message that took longest.
 */

/** @param {readonly Line[]} written @param {readonly Line[]} read @param {Blow} blow @returns {Times} */
export function timesOf(written, read, blow) {
  const done = written.filter(({ name }) => name === 'producer_send_success' || name === 'reply')
  const records = read.filter(({ name }) => name === 'record' || name === 'executed').toSorted((a, b) => a.ts - b.ts)
  const after = written.filter(({ ts }) => ts >= blow.struckAt)
  const back = lanes(done).flatMap((lane) => since(blow, elsewhere(lane, blow)) ?? [])
  return {
    detect: since(
      blow,
      after.find((line) => isIll(line, blow)),
    ),
    switched: since(
      blow,
      after.find(({ name }) => name === 'site_changed'),
    ),
    writes: since(blow, elsewhere(done, blow)),
    lanes: back.length === 0 ? undefined : Math.max(...back),
    reads: since(blow, elsewhere(records, blow)),
    writePause: longestPause(done, blow),
    readPause: longestPause(records, blow),
    slowest: slowest(done, records),
  }
}

/** @param {Line} line @param {Blow} blow */
function isIll({ name, site, to }, blow) {
  return name === 'site_state' && site === blow.site && to !== 'up' && to !== 'closed'
}

/** @param {readonly Line[]} lines @param {Blow} blow */
function elsewhere(lines, { site, struckAt }) {
  return lines.find((line) => line.ts > struckAt && line.site !== site)
}

/** @param {readonly number[]} values @param {number} share 0.5 is the median. Nearest rank. */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
}

/** @param {Blow} blow @param {Line | undefined} line */
function since({ struckAt }, line) {
  return line === undefined ? undefined : line.ts - struckAt
}

/** Of those that were not over when the site was hit. @param {readonly Line[]} lines @param {Blow} blow */
function longestPause(lines, { struckAt }) {
  let longest = 0
  let before = struckAt
  for (const { ts } of lines) {
    if (ts <= struckAt) continue
    longest = Math.max(longest, ts - before)
    before = ts
  }
  return longest
}

/** @param {readonly Line[]} lines */
function lanes(lines) {
  /** @type {Map<string, Line[]>} */
  const byLane = new Map()
  for (const line of lines) {
    const lane = `${line.p} ${line.key}`
    const known = byLane.get(lane)
    if (known === undefined) byLane.set(lane, [line])
    else known.push(line)
  }
  return [...byLane.values()]
}

/** @param {readonly Line[]} done @param {readonly Line[]} records */
function slowest(done, records) {
  const called = new Map(done.map(({ id, ms, ts }) => [id, ts - Number(ms)]))
  let longest = 0
  for (const { id, ts } of records) {
    longest = Math.max(longest, ts - (called.get(id) ?? ts))
    // What comes again to another consumer has been there.
    called.delete(id)
  }
  return longest
}
