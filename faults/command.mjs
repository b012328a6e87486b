import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/**
 * A line of a verify command, with the fields that are read here.
 * @typedef {object} Line
 * @property {string} name
 * @property {number} ts Unix ms with fractions.
 * @property {number} pid
 * @property {string} [id]
 * @property {string} [key]
 * @property {number} [n]
 * @property {number} [p]
 * @property {string} [site]
 * @property {string} [outcome]
 * @property {string} [how]
 * @property {boolean} [late]
 * @property {boolean} [redelivered]
 * @property {boolean} [fails]
 * @property {string} [source]
 * @property {string | number} [from]
 * @property {string | number} [to]
 * @property {number} [ms]
 * @property {number} [sent]
 */

const here = fileURLToPath(new URL('.', import.meta.url))
const held = join(here, 'held.mjs')
const wrapper = join(here, 'planted.mjs')

/** How long a command may take to end after it was asked to; longer than its own drain. */
const END_MS = 30_000

/** A verify command as a process of its own, with its lines. It is loaded at once and begins when it is told to. */
export class Command {
  /** @type {Line[]} */
  lines = []
  /** @type {Map<string, number>} */
  #counts = new Map()
  /** @type {string[]} */
  #stderr = []
  /** @type {Set<() => void>} */
  #lookers = new Set()
  #isOver = false

  /** @param {readonly string[]} args of `spanwire` @param {string} [plant] the trick that a wrapper plays on its lines */
  constructor(args, plant) {
    const wrapped = plant === undefined ? [] : [wrapper, plant, process.execPath]
    // From here: drivers are looked up where a program runs.
    this.name = args[0] ?? ''
    this.child = spawn(process.execPath, [...wrapped, held, ...args], { cwd: here, stdio: 'pipe' })
    // Who ended before it was told to begin says so by its exit.
    this.child.stdin.on('error', () => undefined)
    createInterface({ input: this.child.stdout }).on('line', (text) => this.#take(JSON.parse(text)))
    createInterface({ input: this.child.stderr }).on('line', (text) => this.#stderr.push(text))
    this.ended = once(this.child, 'close').then(() => {
      this.#isOver = true
      this.#look()
    })
  }

  /** How many lines of a name came. @param {string} name */
  count(name) {
    return this.#counts.get(name) ?? 0
  }

  /** When the last line came, by `performance.now()`. */
  lastAt = performance.now()

  /** Resolves when it is so; looks at each line. Rejects when the command ends before. @param {() => boolean} isSo @param {string} what */
  async until(isSo, what) {
    while (!isSo()) {
      if (this.#isOver) throw new Error(`${this.name} ended before ${what}: ${this.#stderr.join('\n')}`)
      await this.next()
    }
  }

  /** Resolves at the next line, or when the command has ended. */
  next() {
    return new Promise((resolve) => this.#lookers.add(() => resolve(undefined)))
  }

  loaded() {
    return this.until(() => this.count('loaded') > 0, 'it was loaded')
  }

  /** Lets it begin, and waits until it is ready. */
  begin() {
    this.child.stdin.end('begin')
    return this.until(() => this.count('startup_complete') > 0, 'it was ready')
  }

  /** Asks it to end, and gives its summary. */
  async end() {
    this.child.kill('SIGTERM')
    const late = setTimeout(() => this.child.kill('SIGKILL'), END_MS)
    await this.ended
    clearTimeout(late)
    const last = this.lines.at(-1)
    if (last?.name === 'shutdown_complete') return last
    throw new Error(
      `${this.name} ended with ${this.child.exitCode ?? this.child.signalCode}: ${this.#stderr.join('\n')}`,
    )
  }

  /** For a round that went wrong: gone, whatever it was at. */
  async kill() {
    if (!this.#isOver) this.child.kill('SIGKILL')
    await this.ended
  }

  /** @param {Line} line */
  #take(line) {
    this.lines.push(line)
    this.#counts.set(line.name, this.count(line.name) + 1)
    this.lastAt = performance.now()
    this.#look()
  }

  #look() {
    const lookers = [...this.#lookers]
    this.#lookers.clear()
    for (const look of lookers) look()
  }
}
