import { setTimeout as elapse } from 'node:timers/promises'
import { addGroup, addQueue, addRequests, addTopic, areRequestsClean, isClean } from './arithmetic.mjs'
import { Command } from './command.mjs'
import { faults, networkFaults } from './inflict.mjs'
import { plants } from './planted.mjs'
import { timesOf } from './times.mjs'
import { withheld } from './withheld.mjs'

/** @typedef {import('./scene.mjs').Scene} Scene */
/** @typedef {import('./scene.mjs').Site} Site */
/** @typedef {import('./options.mjs').Options} Options */
/** @typedef {import('./command.mjs').Line} Line */

/**
 * @typedef {object} Scenario
 * @property {string} kind
 * @property {string} policy
 * @property {string} standby
 * @property {string} fault
 * @property {string} [plant] The trick that is played.
 */

/**
 * @typedef {object} Result
 * @property {Scenario} scenario
 * @property {number} round
 * @property {boolean} clean
 * @property {object} sum
 * @property {string} site The one that was hit.
 * @property {number} struckAt Unix ms with fractions.
 * @property {number} healedAt
 * @property {import('./times.mjs').Times} times
 * @property {readonly { readonly name: string, readonly lines: readonly Line[] }[]} lines By program.
 */

/** Load after the fault is over, so that the return is part of the round. */
const AFTER_MS = 1_000
/** What is acknowledged and not given by then is lost. Gaps are reported after 10 s. */
const SETTLE_MS = 20_000
/** A planted loss never comes. */
const PLANTED_SETTLE_MS = 3_000
/** So long nothing more must come before the sums are taken. */
const QUIET_MS = 500
/** Engines that have everything in their process, and faults that end it. */
const IN_MEMORY = new Set(['embedded'])
const DEADLY = new Set(['kill', 'flap'])

/**
 * The programs of one round, loaded and waiting for the word to begin.
 * @typedef {object} Cast
 * @property {Scenario} scenario
 * @property {number} round
 * @property {string} channel
 * @property {readonly Command[]} readers
 * @property {Command} writer
 * @property {() => Promise<void>} kill All of them, whatever they are at.
 */

/** What was done to whom. @typedef {Pick<Result, 'site' | 'struckAt' | 'healedAt'> & { destroyed: string | undefined }} Blow */

/** @param {Scene} scene @param {Scenario} scenario @param {Options} options @param {number} round @returns {Promise<Cast>} */
export async function prepare(scene, scenario, options, round) {
  const { fault, kind, policy, standby } = scenario
  const name = `faults-${kind}-${policy}-${standby}-${fault}-${round}-${process.pid}`
  const config = await scene.configure({ kind, policy, standby, name, relayed: networkFaults.has(fault) })
  const args = castOf(kind, config, options)
  const readers = args.readers.map((reader) => new Command(reader, plantFor('record', scenario)))
  const writer = new Command(args.writer, plantFor('producer_send_success', scenario))
  const all = [...readers, writer]
  const kill = async () => {
    await Promise.all(all.map((command) => command.kill()))
  }
  return { scenario, round, channel: name, readers, writer, kill }
}

/** Resolves when nothing of it is being loaded any more. @param {Cast} cast */
export async function loaded({ readers, writer }) {
  await Promise.all([...readers, writer].map((command) => command.loaded()))
}

/**
 * Programs under load, a fault at a random moment, and the end of the load. The fault waits for what `calm` waits for.
 * @param {Cast} cast @param {Scene} scene @param {Options} options @param {{ random: () => number, calm: () => Promise<unknown> }} chance
 * @returns {Promise<Blow>}
 */
export async function act({ readers, scenario, writer }, scene, options, { calm, random }) {
  const { fault, policy } = scenario
  await Promise.all(readers.map((reader) => reader.begin()))
  await writer.begin()
  const quiet = calm()
  quiet.catch(() => undefined)
  await writer.until(() => progress(writer) >= options.rate, 'a second of load was through')
  await quiet
  await elapse(random() * 500)
  const site = hit(scene, policy, random)
  const destroyed = IN_MEMORY.has(site.engine) && DEADLY.has(fault) ? site.name : undefined
  let struckAt = 0
  await faults.get(fault)?.(site, options, () => {
    struckAt = performance.timeOrigin + performance.now()
  })
  const healedAt = performance.timeOrigin + performance.now()
  await elapse(AFTER_MS)
  await writer.end()
  return { site: site.name, struckAt, healedAt, destroyed }
}

/** The sums, once all is there that should be. @param {Cast} cast @param {Scene} scene @param {Blow} blow @returns {Promise<Result>} */
export async function judge({ channel, readers, round, scenario, writer }, scene, { destroyed, ...blow }) {
  const { kind } = scenario
  const mostMs = scenario.plant === undefined ? SETTLE_MS : PLANTED_SETTLE_MS
  await settle(writer, readers, { mostMs, destroyed: kind === 'queue' ? destroyed : undefined })
  await Promise.all(readers.map((reader) => reader.end()))
  const read = readers.map(({ lines }) => lines)
  const { clean, sum } = add(kind, writer.lines, read, {
    ...(destroyed !== undefined && { destroyed }),
    ...(kind === 'queue' && (await limitsOf(scene, scenario, channel, blow.site))),
  })
  const times = timesOf(writer.lines, read.flat(), blow)
  const lines = [...readers, writer].map((command) => ({ name: command.name, lines: command.lines }))
  return { scenario, round, clean, sum, ...blow, times, lines }
}

/** @param {string} kind @param {string} config @param {Options} options */
function castOf(kind, config, { consumers, keys, publishers, rate }) {
  const at = ['-c', config, '--channel', 'judged']
  const load = ['--rate', String(rate)]
  const sizes = ['--keys', String(keys), '--publishers', String(publishers)]
  switch (kind) {
    case 'topic':
      return { readers: [['verify-consumer', ...at]], writer: ['verify-producer', ...at, ...load, ...sizes] }
    case 'group': {
      const reader = ['verify-consumer', ...at, '--group', 'judges']
      return { readers: Array(consumers).fill(reader), writer: ['verify-producer', ...at, ...load, ...sizes] }
    }
    case 'queue': {
      const reader = ['verify-consumer', ...at, '--fail-every', '500']
      return { readers: Array(consumers).fill(reader), writer: ['verify-producer', ...at, ...load, ...sizes] }
    }
    default: {
      const reader = ['verify-responder', ...at]
      return { readers: [reader, reader], writer: ['verify-requester', ...at, ...load, '--timeout', '3000'] }
    }
  }
}

/** @param {string} of @param {Scenario} scenario */
function plantFor(of, { plant }) {
  return plant !== undefined && plants[plant]?.of === of ? plant : undefined
}

/** @param {Command} writer */
function progress(writer) {
  return writer.count('producer_send_success') + writer.count('reply')
}

/** The home of every lane; where lanes have two homes, either. @param {Scene} scene @param {string} policy @param {() => number} random @returns {Site} */
function hit({ sites }, policy, random) {
  const site = sites[policy === 'all' ? Math.floor(random() * sites.length) : 0]
  if (site === undefined) throw new Error('there is no site')
  return site
}

/**
 * Waits until all that was acknowledged is there, and then until nothing more comes. What was at `destroyed` is not waited for.
 * @param {Command} writer @param {readonly Command[]} readers @param {{ mostMs: number, destroyed: string | undefined }} how
 */
async function settle(writer, readers, { destroyed, mostMs }) {
  const until = performance.now() + mostMs
  const awaited = writer.lines
    .filter(({ name, site }) => name === 'producer_send_success' && site !== destroyed)
    .map(({ id }) => id)
  const isThere = () => {
    const given = new Set(readers.flatMap(({ lines }) => lines.filter(isDone).map(({ id }) => id)))
    return awaited.every((id) => given.has(id))
  }
  const last = () => Math.max(...readers.map(({ lastAt }) => lastAt))
  while (performance.now() < until && (performance.now() - last() < QUIET_MS || !isThere())) await elapse(50)
}

/** A job that failed comes again. @param {Line} line */
function isDone({ fails, name }) {
  return name === 'record' && fails !== true
}

/**
 * What the engines of this round do by themselves. KubeMQ never counts a delivery that ended with its link.
 * @param {Scene} scene @param {Scenario} scenario @param {string} channel @param {string} struck
 * @returns {Promise<import('./arithmetic.mjs').Limits>}
 */
async function limitsOf({ sites }, { fault }, channel, struck) {
  const kubemq = sites.filter(({ engine }) => engine === 'kubemq')
  const limits = { forgetful: kubemq.map(({ name }) => name) }
  const dead = DEADLY.has(fault) ? kubemq.find(({ name }) => name === struck) : undefined
  if (dead === undefined) return limits
  return { ...limits, withheld: { site: struck, count: await withheld(dead.node.endpoint, channel) } }
}

/** @param {string} kind @param {readonly Line[]} written @param {readonly (readonly Line[])[]} read @param {import('./arithmetic.mjs').Limits} limits */
function add(kind, written, read, limits) {
  if (kind.startsWith('rpc')) {
    const sum = addRequests(written, read, kind === 'rpc-idempotent')
    return { sum, clean: areRequestsClean(sum) }
  }
  const sum = messages(kind, written, read, limits)
  return { sum, clean: isClean(sum) }
}

/** @param {string} kind @param {readonly Line[]} written @param {readonly (readonly Line[])[]} read @param {import('./arithmetic.mjs').Limits} limits */
function messages(kind, written, read, limits) {
  switch (kind) {
    case 'topic':
      return addTopic(written, read.flat())
    case 'group':
      return addGroup(written, read)
    default:
      return addQueue(written, read, limits)
  }
}
