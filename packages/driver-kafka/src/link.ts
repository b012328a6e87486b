import type { Channel, ChannelSpec, DrainNotice, EngineInfo, Link, LinkEnd, MessagingError } from '@spanwire/driver'
import { assertName, Life, linkError, maybe, type Place } from '@spanwire/driver/kit'
import { openChannel } from './channel.js'
import { closed } from './errors.js'
import { KafkaError } from './port/error.js'
import type { Place as Site } from './topics.js'
import { Watch } from './watch.js'

/** Patience with a cluster all of whose known brokers refuse connections. */
const CONFIRM_MS = 1_000

/** One client of a Kafka cluster, which keeps connections to its brokers by itself. */
export class KafkaLink implements Link {
  readonly engine: EngineInfo
  readonly #life: Life = new Life()
  readonly draining: Promise<DrainNotice> = this.#life.draining
  readonly ended: Promise<LinkEnd> = this.#life.ended
  readonly #site: Site
  readonly #watch: Watch
  #isClosing = false

  constructor(site: Site, brokers: readonly Place[], expiresAtMs: number | undefined) {
    const { wire } = site
    this.#site = site
    this.engine = { name: 'kafka', version: '', cluster: wire.client.clusterId }
    this.#watch = new Watch(
      brokers,
      () => this.#isGone(),
      () => void this.#lost(),
    )
    wire.doubt = () => void this.#watch.look()
    this.#life.leaveBefore(expiresAtMs, 'Kafka')
  }

  async open(spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
    assertName(spec)
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
    setImmediate(() => this.#life.end(end))
  }
}
