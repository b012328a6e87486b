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
import { openChannel } from './channel.js'
import { closed, linkError, maybe } from './errors.js'
import { KafkaError } from './port/error.js'
import type { Place as Site } from './topics.js'
import { type Place, Watch } from './watch.js'

/** So long before its credentials expire a link asks to be replaced, or for the last quarter of their time. */
const EXPIRY_MARGIN_MS = 30_000
/** Patience with a cluster all of whose known brokers refuse connections. */
const CONFIRM_MS = 1_000

/** One client of a Kafka cluster, which keeps connections to its brokers by itself. */
export class KafkaLink implements Link {
  readonly engine: EngineInfo
  readonly draining: Promise<DrainNotice>
  readonly ended: Promise<LinkEnd>
  readonly #site: Site
  readonly #watch: Watch
  #drain: (notice: DrainNotice) => void = () => undefined
  #end: (end: LinkEnd) => void = () => undefined
  #isClosing = false

  constructor(site: Site, brokers: readonly Place[], expiresAtMs: number | undefined) {
    const { wire } = site
    this.#site = site
    this.engine = { name: 'kafka', version: '', cluster: wire.client.clusterId }
    this.draining = new Promise((resolve) => {
      this.#drain = resolve
    })
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#watch = new Watch(
      brokers,
      () => this.#isGone(),
      () => void this.#lost(),
    )
    wire.doubt = () => void this.#watch.look()
    if (expiresAtMs !== undefined) this.#leaveBefore(expiresAtMs)
  }

  async open(spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
    if (!isChannelName(spec.name)) throw new MessagingError('invalid', `${spec.name} is no channel name.`)
    return openChannel(this.#site, spec, signal)
  }

  probe(signal: AbortSignal): Promise<void> {
    return this.#site.wire.ask({ what: 'A probe', scope: 'link' }, signal, (client) => client.probe(signal))
  }

  async close(signal: AbortSignal): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true
      await this.#over(closed(this.#site.wire.where), { by: 'us' }, signal)
    }
    await this.ended
  }

  async #isGone(): Promise<boolean> {
    const { client } = this.#site.wire
    return client.probe(AbortSignal.timeout(CONFIRM_MS)).then(
      () => false,
      (error: unknown) => error instanceof KafkaError && error.code === 'NETWORK',
    )
  }

  async #lost(): Promise<void> {
    const { where } = this.#site.wire
    const text = `Kafka at ${where} is gone: no broker accepts a connection; check that they run and can be reached.`
    const error = linkError('unavailable', text)
    await this.#over(error, { by: 'engine', error }, AbortSignal.abort())
  }

  async #over(error: MessagingError, end: LinkEnd, signal: AbortSignal): Promise<void> {
    const { wire } = this.#site
    if (wire.over) return
    this.#watch.end()
    wire.end(error, maybe(error.message, 'link', error))
    await wire.client.close(signal)
    // After all who wait on this link have heard of it: their promises settle in the turns before.
    setImmediate(() => this.#end(end))
  }

  /** Another link has to be made before they are over. */
  #leaveBefore(expiresAtMs: number): void {
    const leftMs = expiresAtMs - Date.now()
    const withinMs = Math.min(leftMs / 4, EXPIRY_MARGIN_MS)
    const notice = { reason: 'The credentials for Kafka will expire.', withinMs }
    const timer = setTimeout(() => this.#drain(notice), Math.min(leftMs - withinMs, 2 ** 31 - 1))
    void this.ended.then(() => clearTimeout(timer))
  }
}
