import type { Credentials } from '@spanwire/driver'
import type { Clock } from './clock.js'
import { unauthenticated } from './errors.js'
import type { MemoryLink } from './link.js'

/** Asked for again when this share of their life is left, but not earlier than so many ms before the end. */
const LEFT_SHARE = 0.2
const MAX_LEAD_MS = 30_000

/** Keeps a link's credentials fresh: asks before they expire; refused, it announces the end and ends the link when they have expired. */
export class Renewal {
  readonly #clock: Clock
  readonly #link: MemoryLink
  readonly #obtain: (signal: AbortSignal) => Promise<Credentials>
  readonly #over: AbortController = new AbortController()
  #cancel: (() => void) | undefined

  /** `obtain` rejects when it gets none that the engine accepts. */
  constructor(clock: Clock, link: MemoryLink, obtain: (signal: AbortSignal) => Promise<Credentials>) {
    this.#clock = clock
    this.#link = link
    this.#obtain = obtain
  }

  watch(credentials: Credentials): void {
    const { expiresAtMs } = credentials
    if (expiresAtMs === undefined || this.#over.signal.aborted) return
    const left = expiresAtMs - this.#clock.wall()
    const lead = Math.min(left * LEFT_SHARE, MAX_LEAD_MS)
    this.#cancel = this.#clock.after(left - lead, () => void this.#renew(expiresAtMs))
  }

  /** With the link. */
  stop(): void {
    this.#over.abort()
    this.#cancel?.()
  }

  async #renew(expiresAtMs: number): Promise<void> {
    const withinMs = Math.max(expiresAtMs - this.#clock.wall(), 0)
    this.#cancel = this.#clock.after(withinMs, () => this.#expire())
    try {
      const fresh = await this.#obtain(this.#over.signal)
      this.#cancel()
      this.watch(fresh)
    } catch {
      // The reason is the provider's to log; the link still works until the old ones expire.
      this.#link.drain({ reason: 'the credentials expire and no others could be obtained', withinMs })
    }
  }

  #expire(): void {
    const error = unauthenticated(this.#link.engine.cluster ?? 'memory', 'the credentials of this link expired')
    this.#link.finish({ by: 'engine', error }, error)
  }
}
