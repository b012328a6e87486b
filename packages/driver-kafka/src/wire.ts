import type { MessagingError, Scope } from '@spanwire/driver'
import type { Member } from '@spanwire/driver/kit'
import { aborted, translated } from './errors.js'
import type { Outbox } from './outbox.js'
import { KafkaError } from './port/error.js'
import type { KafkaClient } from './port/port.js'

/** One client of the port, whose end settles everything that waits on it. */
export class Wire {
  readonly client: KafkaClient
  /** The endpoints, for sentences. */
  readonly where: string
  /** Why nothing can be said any more. */
  over: MessagingError | undefined
  readonly members: Set<Member> = new Set()
  /** By topic: at most as many as channels were opened. */
  readonly outboxes: Map<string, Outbox> = new Map()
  /** A connection seems to be gone: whoever watches the brokers looks. */
  doubt: () => void = () => undefined

  constructor(client: KafkaClient, where: string) {
    this.client = client
    this.where = where
  }

  /** One call to the cluster. `what`: the call, as errors name it. */
  async ask<T>(
    { what, scope = 'channel' }: { readonly what: string; readonly scope?: Scope },
    signal: AbortSignal,
    call: (client: KafkaClient) => Promise<T>,
  ): Promise<T> {
    if (this.over) throw this.over
    if (signal.aborted) throw aborted(signal, what)
    try {
      return await call(this.client)
    } catch (error) {
      throw this.fault(what, error, { scope, signal })
    }
  }

  /** What a call that failed rejects with. */
  fault(
    what: string,
    error: unknown,
    { scope, signal }: { readonly scope: Scope; readonly signal?: AbortSignal },
  ): unknown {
    if (this.over) return this.over
    if (signal?.aborted) return aborted(signal, what)
    if (!(error instanceof KafkaError)) return error
    if (error.code === 'NETWORK') this.doubt()
    return translated(`${what} at Kafka (${this.where})`, error, scope)
  }

  /** Everything that waits hears of it, in this turn. `lost`: of what was under way. */
  end(error: MessagingError, lost: MessagingError): void {
    if (this.over) return
    this.over = error
    for (const member of [...this.members]) member.end(error, lost)
    this.members.clear()
  }
}
