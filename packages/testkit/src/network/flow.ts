import type { Socket } from 'node:net'
import { type Action, type FrameRules, splitter } from './frames.js'

/** What the way from one end to the other is like. Each is as good as it gets by default. */
export interface Shape {
  /** Everything arrives so much later, in its order. */
  readonly latencyMs?: number
  readonly bytesPerSecond?: number
  /** Arrives in pieces of at most so many bytes, each read by itself. */
  readonly sliceBytes?: number
  /** That an end has closed is told so much later. */
  readonly closeMs?: number
}

/** One way through a relay, for all its connections, as it is now. */
export interface Lane {
  hung: boolean
  shape: Shape
  readonly rules: FrameRules | undefined
}

interface Item {
  readonly data: Uint8Array | 'end' | 'reset'
  readonly due: number
}

/** What one connection may have on its way; then its sender is not read any more. */
const MAX_BYTES = 256 << 10
/** A limited rate is kept in steps of this. */
const STEP_MS = 20

/** One way of one connection: what one socket says is written to the other as the lane's shape has it. */
export class Flow {
  readonly #from: Socket
  readonly #to: Socket
  readonly #lane: Lane
  readonly #split: (chunk: Uint8Array) => readonly { readonly bytes: Uint8Array; readonly action: Action }[]
  #queue: Item[] = []
  #bytes = 0
  #freeAt = 0
  #timer: NodeJS.Timeout | undefined
  #isBlocked = false
  #isOver = false

  constructor(from: Socket, to: Socket, lane: Lane, rewrite: (chunk: Buffer) => Uint8Array) {
    this.#from = from
    this.#to = to
    this.#lane = lane
    this.#split = lane.rules ? splitter(lane.rules) : (bytes) => [{ bytes, action: 'pass' }]
    from.on('data', (chunk) => this.#take(rewrite(chunk)))
    from.on('close', (hadError) => this.#add(hadError ? 'reset' : 'end', this.#lane.shape.closeMs ?? 0))
    to.on('drain', () => {
      this.#isBlocked = false
      this.look()
    })
  }

  /** Acts on a lane that has changed. */
  look(): void {
    this.#run()
    this.#listen()
  }

  /** Nothing more is carried. */
  stop(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#queue = []
  }

  #take(chunk: Uint8Array): void {
    for (const { action, bytes } of this.#split(chunk)) {
      if (action === 'drop') continue
      this.#add(bytes, typeof action === 'object' ? action.delayMs : 0)
      if (action === 'duplicate') this.#add(bytes, 0)
    }
  }

  #add(data: Item['data'], laterMs: number): void {
    if (this.#isOver) return
    this.#queue.push({ data, due: performance.now() + (this.#lane.shape.latencyMs ?? 0) + laterMs })
    if (typeof data === 'object') this.#bytes += data.length
    this.look()
  }

  /** Reads on only while there is room for more. */
  #listen(): void {
    const isDeaf = this.#lane.hung || this.#isBlocked || this.#bytes > MAX_BYTES
    if (isDeaf === this.#from.isPaused()) return
    if (isDeaf) this.#from.pause()
    else if (!this.#isOver) this.#from.resume()
  }

  #run(): void {
    clearTimeout(this.#timer)
    while (!this.#isOver && !this.#isBlocked && !this.#lane.hung) {
      const [item] = this.#queue
      if (item === undefined) return
      const waitMs = Math.max(item.due, this.#freeAt) - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.look(), waitMs)
        return
      }
      this.#queue.shift()
      // What was written before is still sent.
      if (item.data === 'end') this.#to.destroySoon()
      else if (item.data === 'reset') this.#to.resetAndDestroy()
      else if (this.#write(item.data, item.due)) return
    }
  }

  /** Writes as much as may go at once. Whether the rest has to wait for another turn. */
  #write(data: Uint8Array, due: number): boolean {
    const { bytesPerSecond = Number.POSITIVE_INFINITY, sliceBytes = Number.POSITIVE_INFINITY } = this.#lane.shape
    const size = Math.max(1, Math.min(data.length, sliceBytes, Math.floor((bytesPerSecond * STEP_MS) / 1_000)))
    this.#bytes -= size
    this.#isBlocked = !this.#to.write(data.subarray(0, size))
    if (bytesPerSecond < Number.POSITIVE_INFINITY)
      this.#freeAt = Math.max(this.#freeAt, performance.now()) + (size * 1_000) / bytesPerSecond
    if (size === data.length) return false
    this.#queue.unshift({ data: data.subarray(size), due })
    if (size < sliceBytes) return false
    this.#timer = setTimeout(() => this.look(), 1)
    return true
  }
}
