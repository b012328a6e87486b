import {
  type Cancel,
  type Capabilities,
  type Channel,
  type ChannelSpec,
  type Flow,
  MessagingError,
  type Outgoing,
  type Reception,
  type SendOutcome,
  type Source,
} from '@spanwire/driver'
import { NEVER } from './connection.js'
import type { WireLink } from './wire.js'
import { WireReception } from './wire-reception.js'

const SETTLED: Promise<void> = Promise.resolve()
const ABORTED: AbortSignal = /* @__PURE__ */ AbortSignal.abort()

export class WireChannel implements Channel {
  readonly can: Capabilities
  readonly spec: ChannelSpec
  readonly #link: WireLink
  readonly #far: Channel
  readonly #calls: Set<Call> = new Set()

  constructor(link: WireLink, spec: ChannelSpec, far: Channel) {
    this.can = far.can
    this.spec = spec
    this.#link = link
    this.#far = far
    link.parts.add(this)
  }

  send(batch: readonly Outgoing[], report: (index: number, outcome: SendOutcome) => void): Cancel {
    const { connection, witness, road } = this.#link
    if (connection.over !== undefined) {
      const outcome: SendOutcome = { outcome: 'unsent', error: connection.over }
      for (let index = 0; index < batch.length; index++) report(index, outcome)
      return () => {}
    }
    witness.sent(road, this.spec, batch)
    const call = new Call(batch, report)
    this.#calls.add(call)
    connection.up.push(() => this.#arrived(call, batch))
    return (index) => {
      call.giveUp(index, maybe('it was cancelled'))
      if (call.open === 0) this.#calls.delete(call)
    }
  }

  receive(source: Source, flow: Flow, signal: AbortSignal): Promise<Reception> {
    return this.#link.connection.ask(
      `attach to ${this.spec.name}`,
      signal,
      async (abort) => {
        const far = await this.#far.receive(source, flow, abort())
        const isSettled = this.spec.kind !== 'topic' || source.group !== undefined
        return new WireReception(this.#link, this.spec, far, { flow, isSettled })
      },
      (late) => void late.stop(ABORTED),
    )
  }

  probe(signal: AbortSignal): Promise<void> {
    return this.#link.connection.ask(`probe of ${this.spec.name}`, signal, () => this.#far.probe(NEVER))
  }

  end(error: MessagingError): void {
    const outcome = maybe(error.message)
    for (const call of [...this.#calls]) call.giveUp(undefined, outcome)
    this.#calls.clear()
    this.#link.parts.delete(this)
  }

  /** Outcomes that the engine reports in one go travel as one. */
  #arrived(call: Call, batch: readonly Outgoing[]): void {
    const { road } = this.#link
    let news: [index: number, outcome: SendOutcome][] = []
    const ship = (): void => {
      const told = news
      news = []
      this.#link.connection.down.push(() => {
        for (const [at, what] of told) call.tell(at, what)
        if (call.open === 0) this.#calls.delete(call)
      })
    }
    const report = (index: number, outcome: SendOutcome): void => {
      if (news.push([index, outcome]) === 1) void SETTLED.then(ship)
    }
    const isRuled = road.refused > 0 && this.spec.kind !== 'rpc' && !this.spec.name.startsWith('sw.')
    if (isRuled) this.#judged(batch, report)
    else this.#far.send(batch, report)
  }

  /** Some are refused for good. */
  #judged(batch: readonly Outgoing[], report: (index: number, outcome: SendOutcome) => void): void {
    const { road } = this.#link
    const places = [...batch.keys()].filter(() => !road.refuses())
    for (const index of batch.keys()) if (!places.includes(index)) report(index, REFUSED)
    const taken = places.flatMap((index) => batch[index] ?? [])
    if (taken.length > 0) this.#far.send(taken, (at, outcome) => report(places[at] ?? -1, outcome))
  }
}

const REFUSED: SendOutcome = {
  outcome: 'refused',
  error: new MessagingError('invalid', 'the site does not take such messages'),
}

/** One call of `send`: each of its messages is reported once. */
class Call {
  open: number
  readonly #told: boolean[]
  readonly #report: (index: number, outcome: SendOutcome) => void

  constructor(batch: readonly Outgoing[], report: (index: number, outcome: SendOutcome) => void) {
    this.open = batch.length
    this.#told = batch.map(() => false)
    this.#report = report
  }

  tell(index: number, outcome: SendOutcome): void {
    if (this.#told[index] !== false) return
    this.#told[index] = true
    this.open--
    this.#report(index, outcome)
  }

  giveUp(index: number | undefined, outcome: SendOutcome): void {
    if (index !== undefined) this.tell(index, outcome)
    else for (let at = 0; at < this.#told.length; at++) this.tell(at, outcome)
  }
}

function maybe(why: string): SendOutcome {
  const error = new MessagingError('outcome-unknown', `it was on its way when ${why}`, { scope: 'link' })
  return { outcome: 'unknown', error }
}
