/**
 * CPU of this process per message, in us, all its threads: what the collector and the compiler do beside is in it.
 * @param {number} messages
 * @param {() => Promise<void>} work
 */
export async function cpuOf(messages, work) {
  // A full collection would throw compiled code away, and what is measured would be its compilation.
  globalThis.gc?.({ type: 'minor' })
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / messages
}

/**
 * The same, and how many messages a second.
 * @param {number} messages
 * @param {() => Promise<void>} work
 */
export async function costOf(messages, work) {
  let seconds = Number.NaN
  const cpuUs = await cpuOf(messages, async () => {
    const since = performance.now()
    await work()
    seconds = (performance.now() - since) / 1_000
  })
  return { cpuUs, perSecond: messages / seconds }
}

/** So often is looked whether more has come, and so many looks without any are the end of it. */
const LOOK_MS = 250
const LOOKS = 12

/**
 * The cost of what comes, of `count` that are sent. What an engine loses is not waited for long, nor counted, and said.
 * @param {number} count
 * @param {(hear: (some: number) => void) => void} listen Calls back with how many came.
 */
export async function costOfComing(count, listen) {
  globalThis.gc?.({ type: 'minor' })
  const [usage, since] = [process.cpuUsage(), performance.now()]
  let got = 0
  const cost = () => {
    const { user, system } = process.cpuUsage(usage)
    return { cpuUs: (user + system) / got, perSecond: got / ((performance.now() - since) / 1_000) }
  }
  /** @type {Cost} */
  const done = await new Promise((resolve) => {
    let [seen, idle, until] = [0, 0, cost()]
    const timer = setInterval(() => {
      if (got > seen) [seen, idle, until] = [got, 0, cost()]
      else if (got > 0) idle += 1
      if (idle === LOOKS) finish(until)
    }, LOOK_MS)
    const finish = (/** @type {Cost} */ last) => {
      clearInterval(timer)
      resolve(last)
    }
    listen((some) => {
      got += some
      if (got === count) finish(cost())
    })
  })
  if (got < count) console.log(`${count - got} of ${count} did not come`)
  return done
}

/**
 * The medians of what is compared, taken in turns so that the machine's other work meets all alike. The first turn only
 * warms up.
 * @template {string} Name
 * @param {number} runs
 * @param {Record<Name, () => Promise<number>>} parts
 */
export async function medians(runs, parts) {
  const names = /** @type {Name[]} */ (Object.keys(parts))
  const values = /** @type {Record<Name, number[]>} */ ({})
  for (const name of names) values[name] = []
  for (let turn = 0; turn <= runs; turn++) {
    for (const name of names) {
      const value = await parts[name]()
      if (turn > 0) values[name].push(value)
    }
  }
  return /** @type {Record<Name, number>} */ (Object.fromEntries(names.map((name) => [name, middle(values[name])])))
}

/**
 * What one way to do a job cost: CPU of this process per message in us, messages a second.
 * @typedef {{ readonly cpuUs: number, readonly perSecond: number }} Cost
 */

/**
 * The same of whole costs, by name. `warmUps`: so many turns come first and do not count.
 * @param {number} runs @param {Record<string, () => Promise<Cost>>} parts @param {number} [warmUps] @returns {Promise<Record<string, Cost>>}
 */
export async function medianCosts(runs, parts, warmUps = 1) {
  /** @type {Record<string, Cost[]>} */
  const all = {}
  for (let turn = 0; turn < warmUps + runs; turn++) {
    for (const [name, run] of Object.entries(parts)) {
      const cost = await run()
      if (turn >= warmUps) all[name] = [...(all[name] ?? []), cost]
    }
  }
  return Object.fromEntries(
    Object.entries(all).map(([name, costs]) => [
      name,
      { cpuUs: middle(costs.map((one) => one.cpuUs)), perSecond: middle(costs.map((one) => one.perSecond)) },
    ]),
  )
}

/**
 * Sends a batch, and waits until all of it is done.
 * @param {import('@spanwire/driver').Channel} channel @param {readonly import('@spanwire/driver').Outgoing[]} batch @returns {Promise<void>}
 */
export function put(channel, batch) {
  return new Promise((resolve, reject) => {
    let open = batch.length
    channel.send(batch, (_, outcome) => {
      if (outcome.outcome !== 'done') reject(outcome.error)
      else if (--open === 0) resolve()
    })
  })
}

/** @param {readonly number[]} values */
export function middle(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/**
 * Asks `count` times, `width` at once.
 * @param {number} width @param {number} count @param {() => Promise<unknown>} ask
 */
export async function inFlight(width, count, ask) {
  let left = count
  const lane = async () => {
    while (left-- > 0) await ask()
  }
  await Promise.all(Array.from({ length: width }, lane))
}
