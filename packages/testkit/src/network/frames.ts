import { MessagingError } from '@spanwire/driver'

/** What happens to a frame. A delayed one holds up what comes behind it, as one connection does. */
export type Action = 'pass' | 'drop' | 'duplicate' | { readonly delayMs: number }

/** Which frames of the gateway protocol are meant, and what happens to them. */
export interface FrameRule {
  /** An op: `send`, `done`, `msgs`, `ping` ... Of a frame that has several the rule means the whole. */
  readonly op: string
  /** Which of the frames with that op, from 1, counted over all connections since the rule was made; absent: each. */
  readonly nth?: number
  readonly action: Exclude<Action, 'pass'>
}

/** A rule that holds. */
export interface FrameRuleHandle {
  /** Frames that it was applied to. */
  readonly applied: number
  /** Resolves when it was applied for the first time. */
  readonly first: Promise<void>
  remove(): void
}

/** The rules of one way. The first that fits decides; each counts the frames that it means. */
export class FrameRules {
  readonly #rules = new Set<(ops: readonly string[]) => Action>()

  add({ action, nth, op }: FrameRule): FrameRuleHandle {
    let [seen, applied] = [0, 0]
    let tell = (): void => undefined
    const first = new Promise<void>((resolve) => {
      tell = resolve
    })
    const rule = (ops: readonly string[]): Action => {
      if (!ops.includes(op)) return 'pass'
      seen += 1
      if (nth !== undefined && seen !== nth) return 'pass'
      applied += 1
      tell()
      return action
    }
    this.#rules.add(rule)
    return {
      get applied() {
        return applied
      },
      first,
      remove: () => void this.#rules.delete(rule),
    }
  }

  decide(ops: readonly string[]): Action {
    const decisions = [...this.#rules].map((rule) => rule(ops))
    return decisions.find((decision) => decision !== 'pass') ?? 'pass'
  }
}

interface Piece {
  readonly bytes: Uint8Array
  readonly action: Action
}

/** A frame that is not whole yet is kept; more than the largest that gateways take is no frame of theirs. */
const MAX_KEPT_BYTES = 32 << 20

/** Cuts what one end of a WebSocket says into whole messages, its handshake first, and asks the rules about each. */
export function splitter(rules: FrameRules): (chunk: Uint8Array) => readonly Piece[] {
  let kept = Buffer.alloc(0)
  let isOpen = false
  return (chunk) => {
    kept = Buffer.concat([kept, chunk])
    const pieces: Piece[] = []
    for (;;) {
      const size = isOpen ? messageSize(kept) : headSize(kept)
      if (size === undefined) break
      const bytes = kept.subarray(0, size)
      pieces.push({ bytes, action: isOpen ? rules.decide(opsOf(bytes)) : 'pass' })
      kept = kept.subarray(size)
      isOpen = true
    }
    if (kept.length > MAX_KEPT_BYTES) throw new MessagingError('too-large', 'a frame beyond 32 MiB, or no WebSocket')
    return pieces
  }
}

function headSize(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  return end < 0 ? undefined : end + 4
}

/** Of the first message with all its fragments; undefined while it is not all here. */
function messageSize(bytes: Buffer): number | undefined {
  let at = 0
  for (;;) {
    const frame = frameAt(bytes, at)
    if (frame === undefined) return undefined
    at = frame.end
    // Control frames may come between the fragments; they belong to nobody and go with them.
    if (frame.isFinal && frame.opcode < 8) return at
    if (frame.opcode >= 8 && at === bytes.length) return at
    if (frame.opcode >= 8 && (bytes[at] ?? 0) % 16 !== 0) return at
  }
}

interface Frame {
  readonly isFinal: boolean
  readonly opcode: number
  readonly end: number
  readonly payload: () => Buffer
}

function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (bytes.length < at + 2) return undefined
  const [first = 0, second = 0] = bytes.subarray(at, at + 2)
  const short = second & 127
  const masked = second >= 128
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0
  const start = at + 2 + lengthBytes + (masked ? 4 : 0)
  if (bytes.length < start) return undefined
  const length =
    short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short === 126 ? bytes.readUInt16BE(at + 2) : short
  const end = start + length
  if (bytes.length < end) return undefined
  const mask = bytes.subarray(start - 4, start)
  const payload = (): Buffer =>
    masked
      ? Buffer.from(bytes.subarray(start, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0)))
      : bytes.subarray(start, end)
  return { isFinal: first >= 128, opcode: first & 15, end, payload }
}

/** The names of a message's ops; none of what is no message of the protocol. */
function opsOf(bytes: Buffer): readonly string[] {
  const parts: Buffer[] = []
  let isBinary = false
  for (let at = 0; at < bytes.length; ) {
    const frame = frameAt(bytes, at)
    if (frame === undefined) return []
    if (frame.opcode < 8) parts.push(frame.payload())
    if (frame.opcode === 2) isBinary = true
    at = frame.end
  }
  const whole = Buffer.concat(parts)
  const text = isBinary && whole.length >= 4 ? whole.subarray(4, 4 + whole.readUInt32BE(0)) : whole
  return names(text.toString())
}

function names(text: string): readonly string[] {
  try {
    const ops: unknown = JSON.parse(text)
    return Array.isArray(ops) ? ops.flatMap((op) => (Array.isArray(op) ? [String(op[0])] : [])) : []
  } catch {
    return []
  }
}
