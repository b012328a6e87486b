import type {
  Cancel,
  Capabilities,
  Channel,
  Flow,
  MessagingError,
  Outgoing,
  Reception,
  SendOutcome,
  Source,
} from '@spanwire/driver'
import { fits } from './entry.js'
import { incapable, maybe } from './errors.js'
import type { MemoryLink } from './link.js'
import { refuse, refuseAs } from './outcomes.js'
import { Paths } from './paths.js'
import type { Place } from './place.js'
import { type Call, type Report, Sending } from './sending.js'

const CANCELED: SendOutcome = { outcome: 'unknown', error: maybe('the send was canceled after the engine had it') }

export class MemoryChannel implements Channel {
  readonly can: Capabilities
  readonly #link: MemoryLink
  readonly #place: Place
  readonly #name: string
  readonly #paths: Paths
  readonly #withdrawn: SendOutcome

  constructor(link: MemoryLink, place: Place, can: Capabilities) {
    this.can = can
    this.#link = link
    this.#place = place
    this.#name = place.store.spec.name
    this.#paths = new Paths(place.store.spec.params)
    this.#withdrawn = link.withdrawn
  }

  send(batch: readonly Outgoing[], report: Report): Cancel {
    const sending = new Sending(this.#link, this.#link.turns, batch, this.#take, report)
    const unsent = this.#link.submit(sending, this.#place.gate)
    if (unsent !== undefined) sending.cancel(unsent, unsent)
    return (index) => sending.cancel(this.#withdrawn, CANCELED, index)
  }

  receive(source: Source, flow: Flow, signal: AbortSignal): Promise<Reception> {
    const wrong = this.#unable(source)
    if (wrong !== undefined) return Promise.reject(wrong)
    return this.#ask(`receive from channel "${this.#name}"`, signal, () => {
      return this.#link.attach(this.#place, { source, flow, can: this.can })
    })
  }

  probe(signal: AbortSignal): Promise<void> {
    return this.#ask(`probe of channel "${this.#name}"`, signal, () => undefined)
  }

  #ask<T>(what: string, signal: AbortSignal, work: () => T): Promise<T> {
    const place = this.#place
    const check = (): T => {
      if (place.closed !== undefined) throw place.closed
      return work()
    }
    return this.#link.ask({ what, signal, work: check }, place.gate)
  }

  readonly #take = (out: Outgoing, index: number, sending: Sending): SendOutcome | Call => {
    const refusal = this.#refuse(out)
    if (refusal !== undefined) return refusal
    return this.#place.store.take(out, index, sending)
  }

  #refuse(out: Outgoing): SendOutcome | undefined {
    if (this.#place.closed !== undefined) return refuse(this.#place.closed)
    if (!this.#paths.allows(out.path)) {
      const { params } = this.#place.store.spec
      return refuseAs('invalid', `channel "${this.#name}" takes paths of ${params} tokens; one is not well-formed`)
    }
    if (!fits(out, this.can.maxBytes)) {
      return refuseAs('too-large', `a message for "${this.#name}" is above the engine's ${this.can.maxBytes} bytes`)
    }
    if (out.delayMs !== undefined && out.delayMs > this.can.maxDelayMs) {
      return refuse(incapable(this.#name, `delay a message by ${out.delayMs} ms`))
    }
    // A request's deadline is its sender's, whatever the engine can expire.
    if (out.ttlMs !== undefined && !this.can.ttl && this.#place.store.spec.kind !== 'rpc') {
      return refuse(incapable(this.#name, 'let a message expire'))
    }
    return undefined
  }

  #unable(source: Source): MessagingError | undefined {
    const start = source.start?.at
    if (start !== undefined && !this.can.starts.includes(start)) return incapable(this.#name, `start at "${start}"`)
    if (source.group !== undefined && !this.can.groups) return incapable(this.#name, 'share its messages in a group')
    return undefined
  }
}
