import { connectivityState } from '@grpc/grpc-js'
import type { Channel, ChannelSpec, DrainNotice, EngineInfo, Link, LinkEnd } from '@spanwire/driver'
import { assertName, Life, linkError, maybe, obeying } from '@spanwire/driver/kit'
import { aborted, closed } from './errors.js'
import { NAME } from './name.js'
import type { Site } from './open.js'
import type { PingResult } from './proto/kubemq.js'
import type { Wire } from './wire.js'

/** One gRPC channel to a KubeMQ server. */
export class KubemqLink implements Link {
  readonly engine: EngineInfo
  readonly #life: Life = new Life()
  readonly draining: Promise<DrainNotice> = this.#life.draining
  readonly ended: Promise<LinkEnd> = this.#life.ended
  readonly #wire: Wire
  readonly #site: Site
  #closing = false

  constructor(site: Site, server: PingResult, expiresAtMs: number | undefined) {
    this.#site = site
    this.#wire = site.wire
    this.engine = { name: NAME, version: server.version, node: server.host }
    this.#wire.onLost = (cause) => this.#over(cause)
    this.#watch()
    // The token goes with each call, but streams live long.
    this.#life.leaveBefore(expiresAtMs, 'KubeMQ')
  }

  get heard(): number {
    return this.#wire.heard
  }

  async open(spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
    assertName(spec)
    if (this.#wire.over) throw this.#wire.over
    if (signal.aborted) throw aborted(signal, `Opening ${spec.name}`)
    return this.#site.open(spec)
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#wire.ping(signal, 'A probe')
  }

  async close(signal: AbortSignal): Promise<void> {
    if (!this.#closing) {
      this.#closing = true
      const left = Promise.all([...this.#wire.members].map(async (member) => member.leave?.(signal)))
      if (!signal.aborted) await obeying(signal, () => aborted(signal, 'Closing'), left).catch(() => undefined)
      this.#over(undefined)
    }
    await this.ended
  }

  /** gRPC tells of a lost connection by leaving READY; it would dial again at the next call, which never comes. */
  #watch(): void {
    const channel = this.#wire.client.getChannel()
    const ready = connectivityState.READY
    if (channel.getConnectivityState(false) !== ready) this.#over(new Error('the connection was dropped'))
    else
      channel.watchConnectivityState(ready, Number.POSITIVE_INFINITY, () => {
        this.#over(new Error('the connection was dropped'))
      })
  }

  #over(cause: Error | undefined): void {
    if (this.#wire.over) return
    const { endpoint } = this.#wire
    const error = this.#closing
      ? closed(endpoint)
      : linkError('unavailable', `The connection to KubeMQ at ${endpoint} was lost: ${cause?.message}.`, { cause })
    this.#wire.end(error, maybe(error.message, 'link', error))
    // After all who wait on this link have heard of it: their promises settle in the turns before.
    setImmediate(() => this.#life.end(this.#closing ? { by: 'us' } : { by: 'engine', error }))
  }
}
