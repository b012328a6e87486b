import { spawn } from 'node:child_process'
import { availableParallelism, constants } from 'node:os'

/** @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean }} Where */
/** @typedef {Where & { stdio?: import('node:child_process').StdioOptions }} Aloud */

/** Both streams of a program on our stderr, for commands whose stdout is read by programs. @type {Aloud} */
export const toStderr = { stdio: ['ignore', 2, 2] }

const passedOn = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/**
 * Runs a program to its end with our own output. Our signals are passed on to it, each once: npm repeats what the
 * terminal has already sent.
 *
 * @param {string} command @param {readonly string[]} args @param {Aloud} [where]
 * @returns {Promise<{ code: number, stopped: boolean }>} `stopped`: one of our signals asked for the end.
 */
export async function run(command, args, where = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...where })
  /** @type {Set<NodeJS.Signals>} */
  const seen = new Set()
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => {
    if (seen.has(signal)) return
    seen.add(signal)
    child.kill(signal)
  }
  for (const signal of passedOn) process.on(signal, pass)
  const code = await ending(child)
  for (const signal of passedOn) process.off(signal, pass)
  return { code, stopped: seen.size > 0 }
}

/**
 * Runs a program to its end and gives what it printed, both streams in one text.
 *
 * @param {string} command @param {readonly string[]} args @param {Where} [where]
 */
export async function capture(command, args, where = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...where })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  return { code: await ending(child), output }
}

/**
 * Does something for each item, as many at a time as there are processors.
 *
 * @template T @template R @param {readonly T[]} items @param {(item: T) => Promise<R>} work @returns {Promise<R[]>} in the order of the items
 */
export async function inParallel(items, work) {
  /** @type {R[]} */
  const results = []
  const waiting = items.entries()
  const worker = async () => {
    for (const [index, item] of waiting) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return results
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<number>} */
function ending(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}

/** Ends this program with one sentence for whoever runs it. @param {string} sentence @returns {never} */
export function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
