import type { Link } from '@spanwire/driver'
import type { Runtime } from '../runtime/runtime.js'
import type { Patience } from './patience.js'

export interface PulseOptions {
  readonly link: Link
  readonly patience: Patience
  readonly runtime: Runtime
  /** Grows with each answer that the engine gave to something else than a probe. */
  answers(): number
  /** Messages are on their way, whose answers are waited for. */
  isBusy(): boolean
  /** Answers are wanted, whatever else is heard. */
  isProving(): boolean
  /** Called at each step of time that is no rest, unless we stood still. */
  onStep(): void
  /** Nothing was heard since then (Runtime ms), for long enough to be suspected. */
  onSilent(since: number): void
  /** It was silent, and is not any more. */
  onHeard(): void
  /** Silent for too long. Called again and again until the pulse ends. */
  onDead(since: number): void
  /** A probe took so long. */
  onMeasured(tookMs: number): void
}

/** A timer this late means that we stood still, not the others (R36). */
const STALL_MS = 200

/**
 * Listens whether a link lives. Whatever the engine says counts; a link that says nothing by itself is probed. A verdict
 * falls only after two turns of the event loop, when what lay in the sockets has been read, and time that we stood still
 * counts for nobody: our own stall is never somebody's death. A link that speaks only when asked needs no look while
 * nothing is on its way.
 */
export class Pulse {
  readonly #options: PulseOptions
  readonly #askMs: number
  readonly #over = new AbortController()
  #heardAt: number
  #askedAt = Number.NEGATIVE_INFINITY
  #count: number
  #probes = 0
  #asking = false
  #judging = false
  #isSilent = false
  #isResting = false
  #due = 0
  #cancel = () => {}

  constructor(options: PulseOptions) {
    const { link, patience, runtime } = options
    const { beatMs, suspectMs } = patience
    const speaks = (link.engine.beatMs ?? Infinity) <= beatMs
    this.#options = options
    // Who speaks by itself is not asked the moment that it is a little late.
    this.#askMs = speaks ? (beatMs + suspectMs) / 2 : beatMs
    this.#heardAt = runtime.now()
    this.#count = this.#signs
    this.#ask()
    this.#arm()
  }

  /** Asks now: there is reason to doubt, as after a sleep or a change of the network. Silence counts as if it had lasted a beat. */
  check(): void {
    this.#heardAt = Math.min(this.#heardAt, this.#options.runtime.now() - this.#askMs)
    this.#look()
    this.wake()
  }

  /** Something is on its way: whether it is answered is looked at step by step. */
  wake(): void {
    if (!this.#isResting) return
    this.#cancel()
    this.#arm()
  }

  end(): void {
    this.#over.abort()
    this.#cancel()
  }

  #arm(restMs = 0): void {
    const { patience, runtime } = this.#options
    const { downMs, stepMs, suspectMs } = patience
    this.#isResting = restMs > stepMs
    // Silence is noticed when it is due, not at the step after.
    const dueMs = this.#heardAt + (this.#isSilent ? downMs : suspectMs) - runtime.now()
    const ms = Math.max(restMs, Math.min(stepMs, dueMs > 0 ? dueMs : stepMs))
    this.#due = runtime.now() + ms
    this.#cancel = runtime.after(ms, this.#tick)
  }

  readonly #tick = (): void => {
    const late = this.#options.runtime.now() - this.#due
    // How much of a rest we stood still cannot be told: it is over when it was to be.
    if (late > STALL_MS || this.#isResting) this.#heardAt += late
    if (late <= STALL_MS) this.#options.onStep()
    this.#look()
    this.#arm(this.#rest())
  }

  /** How long nothing is to be decided. */
  #rest(): number {
    const { isBusy, isProving, link, patience, runtime } = this.#options
    // When a link that counts what it hears was heard is known only from looking.
    if (this.#asking || isBusy() || link.heard !== undefined) return 0
    const asksMs = this.#heardAt + this.#askMs
    const provesMs = isProving() ? this.#askedAt + patience.beatMs : Infinity
    return Math.min(asksMs, provesMs) - runtime.now()
  }

  #look(): void {
    const { isProving, patience, runtime } = this.#options
    const { beatMs, downMs, suspectMs } = patience
    const silentMs = this.#silence()
    if (silentMs >= this.#askMs || (isProving() && runtime.now() - this.#askedAt >= beatMs)) this.#ask()
    if (silentMs >= downMs) this.#judge('dead')
    else if (silentMs >= suspectMs && !this.#isSilent) this.#judge('silent')
  }

  get #signs(): number {
    const { answers, link } = this.#options
    return (link.heard ?? 0) + answers() + this.#probes
  }

  /** For how long nothing has been heard. */
  #silence(): number {
    const { onHeard, runtime } = this.#options
    const count = this.#signs
    if (count !== this.#count) {
      this.#count = count
      this.#heardAt = runtime.now()
      const wasSilent = this.#isSilent
      this.#isSilent = false
      if (wasSilent) onHeard()
    }
    return runtime.now() - this.#heardAt
  }

  #judge(verdict: 'silent' | 'dead'): void {
    if (this.#judging) return
    this.#judging = true
    const { onDead, onSilent, patience, runtime } = this.#options
    runtime.turn(() =>
      runtime.turn(() => {
        this.#judging = false
        if (this.#over.signal.aborted || this.#silence() < patience.suspectMs) return
        if (verdict === 'dead') return onDead(this.#heardAt)
        this.#isSilent = true
        onSilent(this.#heardAt)
      }),
    )
  }

  #ask(): void {
    if (this.#asking) return
    this.#asking = true
    const { link, onMeasured, runtime } = this.#options
    this.#askedAt = runtime.now()
    link.probe(this.#over.signal).then(
      () => {
        this.#asking = false
        if (this.#over.signal.aborted) return
        this.#probes += 1
        this.#silence()
        onMeasured(runtime.now() - this.#askedAt)
      },
      // It has said nothing, and is asked again at the next step.
      () => {
        this.#asking = false
      },
    )
  }
}
