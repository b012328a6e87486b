import { connectivityState } from '@grpc/grpc-js'
import {
  type Channel,
  type ChannelSpec,
  type DrainNotice,
  type EngineInfo,
  isChannelName,
  type Link,
  type LinkEnd,
  MessagingError,
} from '@spanwire/driver'
import { aborted, closed, linkError, maybe } from './errors.js'
import { NAME } from './name.js'
import { obeying } from './obey.js'
import type { Site } from './open.js'
import type { PingResult } from './proto/kubemq.js'
import type { Wire } from './wire.js'

/** So long before its credentials expire a link asks to be replaced, or for the last quarter of their time. */
const EXPIRY_MARGIN_MS = 30_000

/** One gRPC channel to a KubeMQ server. */
export class KubemqLink implements Link {
  readonly engine: EngineInfo
  readonly draining: Promise<DrainNotice>
  readonly ended: Promise<LinkEnd>
  readonly #wire: Wire
  readonly #site: Site
  #drain: (notice: DrainNotice) => void = () => undefined
  #end: (end: LinkEnd) => void = () => undefined
  #closing = false

  constructor(site: Site, server: PingResult, expiresAtMs: number | undefined) {
    this.#site = site
    this.#wire = site.wire
    this.engine = { name: NAME, version: server.version, node: server.host }
    this.draining = new Promise((resolve) => {
      this.#drain = resolve
    })
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#wire.onLost = (cause) => this.#over(cause)
    this.#watch()
    if (expiresAtMs !== undefined) this.#leaveBefore(expiresAtMs)
  }

  get heard(): number {
    return this.#wire.heard
  }

  async open(spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
    if (!isChannelName(spec.name)) throw new MessagingError('invalid', `${spec.name} is no channel name.`)
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
      if (!signal.aborted) await obeying(signal, 'Closing', left).catch(() => undefined)
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

  /** The token goes with each call, but streams live long: another link has to be made before it is over. */
  #leaveBefore(expiresAtMs: number): void {
    const leftMs = expiresAtMs - Date.now()
    const withinMs = Math.min(leftMs / 4, EXPIRY_MARGIN_MS)
    const notice = { reason: 'The credentials for KubeMQ will expire.', withinMs }
    const timer = setTimeout(() => this.#drain(notice), Math.min(leftMs - withinMs, 2 ** 31 - 1))
    void this.ended.then(() => clearTimeout(timer))
  }

  #over(cause: Error | undefined): void {
    if (this.#wire.over) return
    const { endpoint } = this.#wire
    const error = this.#closing
      ? closed(endpoint)
      : linkError('unavailable', `The connection to KubeMQ at ${endpoint} was lost: ${cause?.message}.`, { cause })
    this.#wire.end(error, maybe(error.message, 'link', error))
    // After all who wait on this link have heard of it: their promises settle in the turns before.
    setImmediate(() => this.#end(this.#closing ? { by: 'us' } : { by: 'engine', error }))
  }
}
