import type { ChannelSpec, Link, MessagingError } from '@spanwire/driver'
import { SETTLED } from '../runtime/deferred.js'
import type { Runtime } from '../runtime/runtime.js'
import type { AttachmentState, AttachReason } from './attachment.js'
import { backoffMs } from './backoff.js'
import { type ChannelState, isDenied, type OpenChannel, retryMs } from './channels.js'
import type { Gate, Guest } from './gate.js'
import type { Hearer } from './listeners.js'
import type { Session } from './session.js'
import { STABLE_MS } from './step.js'

/** Who wants to attach. */
export interface Comer {
  readonly session: Session
  readonly spec: ChannelSpec
  readonly runtime: Runtime
  /** Stopped, or its session is closed. */
  readonly isOver: boolean
  set(state: AttachmentState): void
  /** Its turn. Leaves the gate when it is attached, or cannot be. */
  attach(place: OpenChannel): void
  /** The session is closed. */
  end(): void
}

/** A link that is left alone for a while. */
interface Rest {
  readonly link: Link | undefined
  readonly cancel: (() => void) | undefined
}

export const WAITING: AttachmentState = { at: 'waiting' }

/** When a reception is attached: with each new link at once, on the same one after a while; and not all of a channel in the same moment. */
export class Approach implements Guest, Hearer {
  /** Why it attaches the next time. */
  why: AttachReason = 'first'
  readonly #comer: Comer
  #failures = 0
  /** Why the channel is waited for. */
  #place: ChannelState | undefined
  #rest: Rest | undefined

  constructor(comer: Comer) {
    this.#comer = comer
    void SETTLED.then(() => this.begin())
  }

  /** Attaches when the channel is open. Thousands may have to wait for that: without an object more for each. */
  begin(): void {
    const { session, spec } = this.#comer
    session.listeners.join(this, spec.name)
    this.hear()
  }

  /** It could not attach, or its reception has ended, for which there may be a reason. */
  again(fault: MessagingError | undefined, link: Link | undefined, began: number): void {
    const { isOver, runtime, session } = this.#comer
    if (!isOver) {
      if (runtime.now() - began >= STABLE_MS) this.#failures = 0
      this.#failures += 1
      const ms = this.#pauseMs(fault)
      const over = () => {
        this.#rest = undefined
        this.hear()
      }
      if (ms > 0) this.#rest = { link, cancel: ms < Infinity ? runtime.after(ms, over) : undefined }
      else if (session.link !== link) this.#failures = 0
    }
    this.begin()
  }

  /** Something has changed, or it is over. */
  hear(): void {
    const { isOver, session, spec } = this.#comer
    if (this.#rest) {
      if (this.#rest.link === session.link && !isOver) return
      this.#rest.cancel?.()
      this.#rest = undefined
      this.#failures = 0
    }
    const place = isOver ? undefined : session.channel(spec)
    const before = this.#place
    this.#place = place
    if (place && place.at !== 'open') {
      if (place !== before) this.#comer.set(place.at === 'refused' ? afterError(place.error) : WAITING)
      return
    }
    session.listeners.leave(this, spec.name)
    if (place) place.gate.admit(this)
    else this.#comer.end()
  }

  enter(gate: Gate): boolean {
    const { isOver, session, spec } = this.#comer
    const place = session.channel(spec)
    // There may be another link by now.
    const isHere = place.at === 'open' && place.gate === gate && !isOver
    if (isHere) this.#comer.attach(place)
    else this.begin()
    return isHere
  }

  /** How long to wait on the same link. */
  #pauseMs(fault: MessagingError | undefined): number {
    const chance = this.#comer.runtime.random()
    if (fault?.code === 'conflict' && this.why !== 'conflict') {
      this.why = 'conflict'
      // Another start will do; but a log that is always another one must not make us spin.
      if (this.#failures === 1) return 0
      this.#comer.set(WAITING)
      return backoffMs(this.#failures, chance)
    }
    this.#comer.set(fault ? afterError(fault) : WAITING)
    return fault ? retryMs(fault, this.#failures, chance) : backoffMs(this.#failures, chance)
  }
}

function afterError(error: MessagingError): AttachmentState {
  return isDenied(error) ? { at: 'refused', error } : WAITING
}
