/**
 * `node planted.mjs <trick> <program> [argument ...]`: runs a verify command and falsifies what it says, so that the
 * arithmetic has something to find. Signals are passed on.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** @typedef {import('./command.mjs').Line & Record<string, unknown>} Line */
/** @typedef {(line: Line, index: number) => readonly Line[]} Trick `index` of the record or the acknowledgement */

/**
 * Which command's lines are falsified, how, and which sum must show it. Queues promise no order.
 * @type {Record<string, { of: string, shows: 'lost' | 'duplicated' | 'reordered' | 'belied', kinds: readonly string[], trick: () => Trick }>}
 */
export const plants = {
  drop: {
    of: 'record',
    shows: 'lost',
    kinds: ['topic', 'queue'],
    trick: () => (line, index) => (index % 100 === 50 ? [] : [line]),
  },
  double: {
    of: 'record',
    shows: 'duplicated',
    kinds: ['topic', 'queue'],
    trick: () => (line, index) => (index % 1_000 === 500 ? [line, line] : [line]),
  },
  swap: { of: 'record', shows: 'reordered', kinds: ['topic'], trick: swap },
  // The message goes its way, and its publisher was told that nobody would receive it.
  lie: {
    of: 'producer_send_success',
    shows: 'belied',
    kinds: ['topic', 'queue'],
    trick: () => (line, index) =>
      index % 1_000 === 500
        ? [{ ...line, name: 'producer_send_error', outcome: 'failed', code: 'unavailable', message: 'planted' }]
        : [line],
  },
}

/** Holds one message in a thousand back until the next one of its publisher and key has gone. @returns {Trick} */
function swap() {
  /** @type {Line | undefined} */
  let held
  return (line, index) => {
    if (held === undefined && index % 1_000 === 500) {
      held = line
      return []
    }
    if (held === undefined || held.key !== line.key || held.p !== line.p) return [line]
    const pair = [line, held]
    held = undefined
    return pair
  }
}

/** @param {string} name @param {readonly string[]} argv */
function play(name, [file = '', ...args]) {
  const plant = plants[name]
  if (plant === undefined) throw new Error(`no trick "${name}"; one of ${Object.keys(plants).join(', ')}`)
  const trick = plant.trick()
  const child = spawn(file, args, { stdio: ['inherit', 'pipe', 'inherit'] })
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) process.on(signal, () => child.kill(signal))
  let index = 0
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text)
    const said = line.name === plant.of ? trick(line, index++) : [line]
    for (const one of said) process.stdout.write(`${JSON.stringify(one)}\n`)
  })
  child.once('close', (code) => {
    process.exitCode = code ?? 1
  })
}

if (process.argv[1] === import.meta.filename) play(process.argv[2] ?? '', process.argv.slice(3))
