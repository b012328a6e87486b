import { closeSync, existsSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** What a record is about; its number is in the file. */
export const RECORD = { event: 1, queued: 2, group: 3, delayed: 4, due: 5 } as const
export type RecordType = (typeof RECORD)[keyof typeof RECORD]

export interface Entry {
  readonly type: number
  readonly stamp: bigint
  readonly body: Uint8Array
}

const HEAD = 13

/**
 * One file with all that outlives the process, in the order it happened. What was flushed survives SIGKILL, for the
 * operating system has it; it does not survive the loss of power.
 */
export class Journal {
  readonly #file: number
  #gathered: Buffer[] = []
  #isOpen = true

  private constructor(file: number) {
    this.#file = file
  }

  /** Gives what earlier processes wrote first. A record that was cut off ends the file. */
  static open(dir: string, replay: (entry: Entry) => void): Journal {
    mkdirSync(dir, { recursive: true })
    const path = join(dir, 'journal')
    if (existsSync(path)) truncateSync(path, readAll(readFileSync(path), replay))
    return new Journal(openSync(path, 'a'))
  }

  /** Written at the end of this turn, or with the next flush. */
  append(type: RecordType, stamp: bigint, body: Uint8Array): void {
    if (!this.#isOpen) return
    if (this.#gathered.length === 0) setImmediate(() => this.flush())
    const head = Buffer.allocUnsafe(HEAD)
    head.writeUInt32LE(body.length, 0)
    head.writeUInt8(type, 4)
    head.writeBigInt64LE(stamp, 5)
    this.#gathered.push(head, Buffer.from(body.buffer, body.byteOffset, body.length))
  }

  /** Before anything is said to be stored. */
  flush(): void {
    if (this.#gathered.length === 0 || !this.#isOpen) return
    const all = Buffer.concat(this.#gathered)
    this.#gathered = []
    for (let at = 0; at < all.length; ) at += writeSync(this.#file, all, at)
  }

  /** What is appended from now on is forgotten, as by a process that was killed. */
  close(): void {
    this.flush()
    if (this.#isOpen) closeSync(this.#file)
    this.#isOpen = false
  }
}

/** Gives where the last whole record ends. */
function readAll(file: Buffer, replay: (entry: Entry) => void): number {
  let at = 0
  while (at + HEAD <= file.length) {
    const end = at + HEAD + file.readUInt32LE(at)
    if (end > file.length) break
    replay({ type: file.readUInt8(at + 4), stamp: file.readBigInt64LE(at + 5), body: file.subarray(at + HEAD, end) })
    at = end
  }
  return at
}
