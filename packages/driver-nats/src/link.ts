import type { NatsConnection } from '@nats-io/transport-node'
import type { Channel, ChannelSpec, DrainNotice, EngineInfo, Link, LinkEnd } from '@spanwire/driver'
import { assertName, Life, maybe } from '@spanwire/driver/kit'
import { aborted, closed, endError } from './errors.js'
import { openChannel, type Site } from './open.js'
import type { Wire } from './wire.js'

/** What nats.js's connections have, though their types do not say so. */
interface Parsing {
  readonly protocol: { readonly parser: { parse(bytes: Uint8Array): void } }
}

/** nats.js does not read on after bytes that it cannot parse, and tells nobody: it would take its pings 9 s to notice. */
function onNonsense(nc: NatsConnection, then: (cause: Error) => void): void {
  const { parser } = (nc as NatsConnection & Parsing).protocol
  const parse = parser.parse.bind(parser)
  parser.parse = (bytes) => {
    try {
      parse(bytes)
    } catch (cause) {
      then(new Error('the server sent what is not its protocol', { cause }))
    }
  }
}

/** One connection to a NATS server. */
export class NatsLink implements Link {
  readonly engine: EngineInfo
  readonly #life: Life = new Life()
  readonly draining: Promise<DrainNotice> = this.#life.draining
  readonly ended: Promise<LinkEnd> = this.#life.ended
  readonly #wire: Wire
  readonly #site: Site
  #closing = false
  #leaving: string | undefined

  constructor(site: Site, expiresAtMs: number | undefined) {
    const { wire } = site
    this.#wire = wire
    this.#site = site
    const { version = '', cluster, server_name: node } = wire.nc.info ?? {}
    this.engine = { name: 'nats', version, ...(cluster && { cluster }), ...(node && { node }) }
    onNonsense(wire.nc, (cause) => {
      this.#over(cause)
      void wire.nc.close()
    })
    void this.#watch()
    void wire.nc.closed().then((cause) => this.#over(cause ?? undefined))
    this.#life.leaveBefore(expiresAtMs, 'NATS')
  }

  get heard(): number {
    return this.#wire.heard
  }

  async open(spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
    assertName(spec)
    if (this.#wire.over) throw this.#wire.over
    if (signal.aborted) throw aborted(signal, `Opening ${spec.name}`)
    return openChannel(this.#site, spec, signal)
  }

  probe(signal: AbortSignal): Promise<void> {
    return this.#wire.roundTrip(signal, 'A probe')
  }

  async close(signal: AbortSignal): Promise<void> {
    if (!this.#closing) {
      this.#closing = true
      const { nc, members } = this.#wire
      // What is not its own goes back in this turn.
      for (const member of [...members]) void member.leave?.(AbortSignal.abort())
      if (!signal.aborted) await this.#wire.roundTrip(signal, 'Closing').catch(() => undefined)
      // What was published in this turn is handed to the socket; the answer is not waited for.
      if (!nc.isClosed()) nc.flush().catch(() => undefined)
      void nc.close()
      this.#over(undefined)
    }
    await this.ended
  }

  async #watch(): Promise<void> {
    for await (const status of this.#wire.nc.status()) {
      if (status.type === 'ldm') {
        this.#leaving = 'the server is shutting down'
        this.#life.drain({ reason: 'The NATS server is in lame duck mode.' })
      } else if (status.type === 'error' && 'operation' in status.error && 'subject' in status.error) {
        if (status.error.operation === 'publish') this.#wire.deny(String(status.error.subject), status.error)
      }
    }
  }

  #over(cause: Error | undefined): void {
    if (this.#wire.over) return
    const { endpoint } = this.#wire
    const error = this.#closing ? closed(endpoint) : endError(endpoint, cause, this.#leaving)
    this.#wire.end(error, maybe(error.message, 'link', error))
    // After all who wait on this link have heard of it: their promises settle in the turns before.
    setImmediate(() => this.#life.end(this.#closing ? { by: 'us' } : { by: 'engine', error }))
  }
}
