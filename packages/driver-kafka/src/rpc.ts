import type { Channel, MessagingError, Reception, SendOutcome } from '@spanwire/driver'
import { failed, type Report, type Settlement } from '@spanwire/driver/kit'
import { writeAnswer } from './answering.js'
import type { Call } from './call.js'
import type { KafkaDelivery } from './delivery.js'
import { Inbox, replyPlace } from './inbox.js'
import type { Opened, Wanted } from './opened.js'
import { filterOf } from './patterns.js'
import type { KafkaHeader } from './port/producing.js'
import type { KafkaRecord } from './port/reading.js'
import { ERROR, header, headersOf, REPLY, REPLY_TO, textOf } from './record.js'
import { Dispatch } from './sending.js'
import type { Place } from './topics.js'
import { groupOf, share } from './work.js'

const EMPTY = new Uint8Array()
/** Patience with the making of the topic for answers. */
const INBOX_MS = 5_000

/** Requests on a topic, dealt to the group of responders; answers come to a partition of the inbox. For convenience, not for speed. */
export function rpcChannel(place: Place, opened: Opened): Pick<Channel, 'send' | 'receive'> {
  const asking = new Asking(place, opened)
  return {
    send: (batch, report) => asking.send(batch, report),
    receive: (...wanted) => respond(opened, wanted),
  }
}

type Batch = Parameters<Channel['send']>[0]

class Asking {
  readonly #place: Place
  readonly #opened: Opened
  readonly #dispatch: Dispatch
  #inbox: Promise<Inbox> | undefined

  constructor(place: Place, opened: Opened) {
    this.#place = place
    this.#opened = opened
    this.#dispatch = new Dispatch(opened)
  }

  send(batch: Batch, report: Report): ReturnType<Channel['send']> {
    const { wire } = this.#opened
    const numbers = new Map<number, string>()
    let inbox: Inbox | undefined
    const forget = (index: number): void => inbox?.forget(numbers.get(index) ?? '')
    const call = this.#dispatch.call(batch.length, (index, outcome) => {
      forget(index)
      report(index, outcome)
    })
    if (wire.over) call.forgetAll(failed('unsent', wire.over))
    else {
      this.#listen().then(
        (there) => {
          inbox = there
          this.#ask(there, call, batch, numbers)
        },
        (error: MessagingError) => call.forgetAll(failed('unsent', wire.over ?? error)),
      )
    }
    return call.cancel
  }

  #ask(inbox: Inbox, call: Call, batch: Batch, numbers: Map<number, string>): void {
    this.#dispatch.dispatch(call, batch, (index) => {
      const { number, replyTo } = inbox.address()
      numbers.set(index, number)
      inbox.await(number, {
        answer: (record) => call.open.one(index, { outcome: 'done', reply: replyOf(record) }),
        fail: (error) => call.forget(index, failed('unsent', error), failed('unknown', error)),
      })
      return [header(REPLY_TO, replyTo)]
    })
  }

  /** Made by the first who asks, and again after one that went deaf. */
  #listen(): Promise<Inbox> {
    const { wire, settings, missing } = this.#place
    const open = (): Promise<Inbox> =>
      Inbox.open(wire, settings, missing === 'create', AbortSignal.timeout(INBOX_MS)).catch((error: unknown) => {
        this.#inbox = undefined
        throw error
      })
    this.#inbox = this.#inbox?.then((inbox) => (inbox.deaf ? open() : inbox)) ?? open()
    return this.#inbox
  }
}

function replyOf(record: KafkaRecord): NonNullable<Extract<SendOutcome, { outcome: 'done' }>['reply']> {
  return { body: record.value ?? EMPTY, error: textOf(record, ERROR), headers: () => headersOf(record) }
}

/** Requests to answer, shared with all who respond. Who was asked while nobody responded is not answered. */
function respond(opened: Opened, wanted: Wanted): Promise<Reception> {
  const { spec } = opened
  const terms = {
    leaseMs: Number.POSITIVE_INFINITY,
    passes: filterOf(spec, wanted[0]),
    keyed: false,
    answer: async ({ record }: KafkaDelivery, how: Settlement): Promise<void> => {
      const to = replyPlace(textOf(record, REPLY_TO) ?? '')
      if (how === 'ack' || 'retryMs' in how || to === undefined) return
      const { body, error, headers = [] } = how
      const own: KafkaHeader[] = [header(REPLY, to.number)]
      if (error !== undefined) own.push(header(ERROR, error))
      for (let at = 0; at < headers.length; at += 2) own.push(header(headers[at] ?? '', headers[at + 1] ?? ''))
      await writeAnswer(opened, to, body, own)
    },
  }
  return share(opened, { group: groupOf(spec.name, 'responders'), start: { at: 'now' }, terms }, wanted)
}
