import type { Answer, Batch, Body, ChannelSpec, Headers, Outgoing, Reply, SendOutcome } from '@spanwire/driver'
import { Desk, type Kind } from './desk.js'
import { Entry } from './entry.js'
import { full } from './errors.js'
import type { Gate } from './gate.js'
import { Job, type JobEnd } from './job.js'
import type { Settings } from './options.js'
import { NO_ANSWER, NO_RESPONDER, RESPONDER_LOST, refuse, TOO_LATE } from './outcomes.js'
import { filterOf } from './paths.js'
import type { Call, Sending } from './sending.js'
import type { Attached, Depth, Seat, Store } from './store.js'
import { Taking } from './taking.js'

export type RpcSpec = Extract<ChannelSpec, { kind: 'rpc' }>

/** Requests for whoever responds. Without a responder a request is refused at once. */
export class Rpc implements Store, Kind {
  readonly spec: RpcSpec
  readonly settles = 'answer'
  readonly leaseMs: number = Number.POSITIVE_INFINITY
  readonly #gate: Gate
  readonly #settings: Settings
  readonly #desk: Desk
  #open = 0

  constructor(gate: Gate, settings: Settings, spec: RpcSpec) {
    this.spec = spec
    this.#gate = gate
    this.#settings = settings
    this.#desk = new Desk(gate, this)
  }

  take(out: Outgoing, index: number, sending: Sending): SendOutcome | Call {
    if (this.#desk.members.length === 0) return NO_RESPONDER
    if (this.#open >= this.#settings.maxJobs) {
      return refuse(full(this.spec.name, 'the number of its open requests', this.#settings.maxJobs))
    }
    const entry = new Entry(out, this.#gate.stamp(), this.#gate.now())
    const job = new Job(this.#desk, entry, this.#desk.rank++, undefined, (end) => sending.answer(index, outcome(end)))
    this.#open++
    this.#desk.add(job)
    return { forget: () => this.#desk.withdraw(job) }
  }

  attach(seat: Seat): Attached {
    const filter = filterOf(seat.source.paths, this.spec.params)
    return new Taking(this.#desk, { ...seat, channel: this.spec.name, filter })
  }

  depth(): Depth {
    const { taken, members } = this.#desk
    return { name: this.spec.name, kind: 'rpc', messages: this.#open, taken, delayed: 0, receptions: members.length }
  }

  dispose(): void {
    // A request ends with its sender, its responder or its deadline.
  }

  more(): undefined {
    return undefined
  }

  lost(): Batch['lost'] {
    return undefined
  }

  ended(): void {
    this.#open--
  }
}

function outcome(end: JobEnd): SendOutcome {
  switch (end.by) {
    case 'answer':
      return { outcome: 'done', reply: new Answered(end.answer) }
    case 'expired':
      return end.taken ? NO_ANSWER : TOO_LATE
    case 'nobody':
      return NO_RESPONDER
    case 'lost':
    case 'ack':
      return RESPONDER_LOST
    default:
      return end satisfies never
  }
}

class Answered implements Reply {
  readonly body: Body
  readonly error: string | undefined
  readonly #headers: Headers

  constructor(answer: Answer) {
    this.body = answer.body
    this.error = answer.error
    this.#headers = answer.headers ?? []
  }

  headers(): Headers {
    return this.#headers
  }
}
