/** What the lines of verify commands come to. Pure: lines in, sums out. */

/** @typedef {import('./command.mjs').Line} Line */

/**
 * @typedef {object} Sum
 * @property {number} sent
 * @property {number} acked
 * @property {number} failed
 * @property {number} unknown
 * @property {number} delivered Different messages that were given.
 * @property {readonly string[]} lost Acknowledged and never given; jobs: not given again after they failed.
 * @property {readonly string[]} duplicated Given more often than may be.
 * @property {readonly string[]} unexpected Given although it was never sent.
 * @property {readonly string[]} belied Given although it was reported failed.
 * @property {readonly string[]} reordered Given after a later one of its publisher and key without being flagged late.
 * @property {number} late Given after a later one of its publisher and key, and flagged.
 * @property {number} recovered Acknowledged by one site, given by another.
 * @property {number} destroyed Jobs that were at a site when it was killed with all that it had.
 * @property {number} withheld Jobs that a site has and gives to nobody, because it was killed while it sent them.
 * @property {number} redelivered Jobs that were given again, flagged, elsewhere; what a group gave to another member as well.
 * @property {number} unflagged Jobs that were given again elsewhere by an engine that had forgotten the first time.
 * @property {number} unconfirmed Jobs that were done without the engine confirming that it knows.
 * @property {number} gaps Reported missing and not closed again.
 */

/** @param {Sum} sum */
export function isClean({ belied, duplicated, gaps, lost, reordered, unexpected }) {
  return [lost, duplicated, unexpected, belied, reordered].every((ids) => ids.length === 0) && gaps === 0
}

/**
 * A topic: each subscriber for itself must have been given everything.
 * @param {readonly Line[]} produced @param {readonly Line[]} consumed
 * @returns {Sum}
 */
export function addTopic(produced, consumed) {
  const told = readProducer(produced)
  const order = readOrder(consumed)
  const times = count(consumed.filter(isRecord))
  const given = [...times.keys()]
  return {
    ...told.sums,
    delivered: times.size,
    lost: [...told.acked.keys()].filter((id) => !times.has(id)),
    duplicated: given.filter((id) => (times.get(id) ?? 0) > 1),
    ...readSurprises(told, given),
    ...order,
    recovered: countRecovered(told, consumed),
    destroyed: 0,
    withheld: 0,
    redelivered: 0,
    unflagged: 0,
    unconfirmed: 0,
    gaps: openGaps(consumed),
  }
}

/**
 * A topic and the members of a group that share it: each message is given to one of them, and again to another one at most.
 * @param {readonly Line[]} produced @param {readonly (readonly Line[])[]} members
 * @returns {Sum}
 */
export function addGroup(produced, members) {
  const told = readProducer(produced)
  const all = members.flat()
  const times = count(all.filter(isRecord))
  const orders = members.map(readOrder)
  return {
    ...told.sums,
    delivered: times.size,
    lost: [...told.acked.keys()].filter((id) => !times.has(id)),
    duplicated: [...new Set(members.flatMap((lines) => over(count(lines.filter(isRecord)))))],
    ...readSurprises(told, [...times.keys()]),
    reordered: orders.flatMap(({ reordered }) => reordered),
    late: orders.reduce((sum, { late }) => sum + late, 0),
    recovered: countRecovered(told, all),
    destroyed: 0,
    withheld: 0,
    redelivered: all.filter(isRecord).length - times.size,
    unflagged: 0,
    unconfirmed: 0,
    gaps: openGaps(all),
  }
}

/**
 * What an engine cannot do better.
 * @typedef {object} Limits
 * @property {string} [destroyed] The site whose log is gone: an acknowledged job stays at its site, and goes with it.
 * @property {{ readonly site: string, readonly count: number }} [withheld] So many jobs that site has, and gives to nobody.
 * @property {readonly string[]} [forgetful] Sites that may not know any more that they gave a job before.
 */

/**
 * A queue and the consumers that share it: each job is done; a second delivery is flagged, and goes to another consumer
 * unless the first one failed.
 * @param {readonly Line[]} produced @param {readonly (readonly Line[])[]} consumers @param {Limits} [limits]
 * @returns {Sum}
 */
export function addQueue(produced, consumers, { destroyed, forgetful = [], withheld } = {}) {
  const told = readProducer(produced)
  const all = consumers.flat()
  const records = all.filter(isRecord)
  const times = count(records)
  const confirmed = new Set(
    all.filter(({ how, name }) => name === 'settled' && how === 'ack').map(({ id }) => String(id)),
  )
  const failed = failures(all)
  const done = new Set([...times.keys()].filter((id) => confirmed.has(id) || !failed.has(id)))
  const unflagged = over(count(records.filter(({ redelivered }) => redelivered !== true)))
  const forgotten = new Set(records.filter(({ site }) => forgetful.includes(String(site))).map(({ id }) => String(id)))
  const sameConsumer = consumers.flatMap(again)
  const undone = [...told.acked].filter(([id]) => !done.has(id))
  const missing = undone.filter(([, site]) => site !== destroyed)
  const kept = missing.filter(([, site]) => site === withheld?.site).slice(0, withheld?.count ?? 0)
  return {
    ...told.sums,
    delivered: times.size,
    lost: missing.filter((one) => !kept.includes(one)).map(([id]) => id),
    duplicated: [...new Set([...unflagged.filter((id) => !forgotten.has(id)), ...sameConsumer])],
    ...readSurprises(told, [...times.keys()]),
    reordered: [],
    late: 0,
    recovered: countRecovered(told, all),
    destroyed: undone.length - missing.length,
    withheld: kept.length,
    redelivered: records.length - times.size,
    unflagged: unflagged.filter((id) => forgotten.has(id)).length,
    unconfirmed: [...done].filter((id) => !confirmed.has(id)).length,
    gaps: 0,
  }
}

/**
 * @typedef {object} RequestSum
 * @property {number} sent
 * @property {number} replies
 * @property {number} notSent
 * @property {number} unknown
 * @property {readonly string[]} remote Answered with an error, though no responder fails.
 * @property {readonly string[]} unsettled Requests without a line.
 * @property {readonly string[]} twice Run more often than may be: at all, or by one responder if the channel is idempotent.
 * @property {readonly string[]} belied Run although it was reported as not sent.
 * @property {readonly string[]} invented Answered and never run.
 * @property {number} again Run by another responder as well, which an idempotent channel allows.
 */

/**
 * Requests that must run at most once; where the channel is idempotent, at most once in each responder.
 * @param {readonly Line[]} asked @param {readonly (readonly Line[])[]} responders @param {boolean} idempotent
 * @returns {RequestSum}
 */
export function addRequests(asked, responders, idempotent) {
  const ran = responders.map((lines) => count(lines.filter(({ name }) => name === 'executed')))
  const runs = count(responders.flat().filter(({ name }) => name === 'executed'))
  const replies = asked.filter(({ name }) => name === 'reply').map(({ id }) => String(id))
  const errors = asked.filter(({ name }) => name === 'request_error')
  /** @param {string} outcome */
  const ended = (outcome) => errors.filter((line) => line.outcome === outcome).map(({ id }) => String(id))
  const sent = Number(asked.findLast(({ name }) => name === 'shutdown_complete')?.sent ?? 0)
  const settled = new Set([...replies, ...errors.map(({ id }) => String(id))])
  return {
    sent,
    replies: replies.length,
    notSent: ended('not-sent').length,
    unknown: ended('unknown').length,
    remote: ended('remote'),
    unsettled: sent > settled.size ? [`${sent - settled.size} of ${sent}`] : [],
    twice: idempotent ? ran.flatMap(over) : over(runs),
    belied: ended('not-sent').filter((id) => runs.has(id)),
    invented: replies.filter((id) => !runs.has(id)),
    again: idempotent ? over(runs).length : 0,
  }
}

/** @param {RequestSum} sum */
export function areRequestsClean({ belied, invented, remote, twice, unsettled }) {
  return [unsettled, remote, twice, belied, invented].every((ids) => ids.length === 0)
}

/** @typedef {ReturnType<typeof readProducer>} Told */

/** @param {readonly Line[]} produced */
function readProducer(produced) {
  /** Who acknowledged first. @type {Map<string, string>} */
  const acked = new Map()
  const failed = new Set()
  const unknown = new Set()
  for (const { id, name, outcome, site } of produced) {
    if (name === 'producer_send_success') acked.set(String(id), String(site))
    else if (name === 'producer_send_error') (outcome === 'failed' ? failed : unknown).add(String(id))
  }
  const sent = acked.size + failed.size + unknown.size
  return { acked, failed, unknown, sums: { sent, acked: acked.size, failed: failed.size, unknown: unknown.size } }
}

/** @param {Told} told @param {readonly string[]} given */
function readSurprises({ acked, failed, unknown }, given) {
  return {
    unexpected: given.filter((id) => !acked.has(id) && !unknown.has(id) && !failed.has(id)),
    belied: given.filter((id) => failed.has(id)),
  }
}

/** @param {readonly Line[]} consumed */
function readOrder(consumed) {
  /** @type {Map<string, number>} */
  const highest = new Map()
  /** @type {string[]} */
  const reordered = []
  let late = 0
  for (const line of consumed) {
    if (!isRecord(line)) continue
    const lane = `${line.p} ${line.key}`
    const before = highest.get(lane) ?? 0
    const n = Number(line.n)
    if (n < before && line.late === true) late += 1
    else if (n < before) reordered.push(String(line.id))
    highest.set(lane, Math.max(before, n))
  }
  return { reordered, late }
}

/** @param {Told} told @param {readonly Line[]} consumed */
function countRecovered({ acked }, consumed) {
  return consumed.filter((line) => isRecord(line) && (acked.get(String(line.id)) ?? line.site) !== line.site).length
}

/** @param {readonly Line[]} consumed */
function openGaps(consumed) {
  const open = new Set()
  for (const { from, name, source, to } of consumed) {
    if (name !== 'gap' && name !== 'gap_closed') continue
    for (let seq = Number(from); seq <= Number(to); seq++) {
      if (name === 'gap') open.add(`${source} ${seq}`)
      else open.delete(`${source} ${seq}`)
    }
  }
  return open.size
}

/** Jobs whose last run failed. @param {readonly Line[]} lines */
function failures(lines) {
  const open = new Set()
  for (const { fails, id, name } of lines.toSorted((a, b) => a.ts - b.ts)) {
    if (name !== 'record') continue
    if (fails === true) open.add(String(id))
    else open.delete(String(id))
  }
  return open
}

/** Jobs that one consumer was given again although its handler had not failed. @param {readonly Line[]} lines */
function again(lines) {
  const done = new Set()
  /** @type {string[]} */
  const twice = []
  for (const { fails, id, name } of lines) {
    if (name !== 'record') continue
    if (done.has(id)) twice.push(String(id))
    if (fails !== true) done.add(id)
  }
  return twice
}

/** @param {readonly Line[]} lines */
function count(lines) {
  /** @type {Map<string, number>} */
  const times = new Map()
  for (const { id } of lines) times.set(String(id), (times.get(String(id)) ?? 0) + 1)
  return times
}

/** @param {ReadonlyMap<string, number>} times */
function over(times) {
  return [...times].filter(([, many]) => many > 1).map(([id]) => id)
}

/** @param {Line} line */
function isRecord({ name }) {
  return name === 'record'
}
