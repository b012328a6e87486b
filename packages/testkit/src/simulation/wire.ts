import {
  type Channel,
  type ChannelSpec,
  type ConnectOptions,
  type DrainNotice,
  type Driver,
  type Endpoint,
  type EngineInfo,
  type Link,
  type LinkEnd,
  MessagingError,
} from '@spanwire/driver'
import { aborted, type Connection, NEVER } from './connection.js'
import type { Road } from './road.js'
import { WireChannel } from './wire-channel.js'
import type { Witness } from './witness.js'

const ABORTED: AbortSignal = /* @__PURE__ */ AbortSignal.abort()

/** A driver whose engine is at the other end of a simulated network. */
export function wired(inner: Driver, road: Road, witness: Witness): Driver {
  return {
    spec: 1,
    name: inner.name,
    dials: 'one',
    connect: (endpoints, options, signal) => dial(inner, road, witness, { endpoints, options, signal }),
  }
}

interface Dial {
  readonly endpoints: readonly Endpoint[]
  readonly options: ConnectOptions
  readonly signal: AbortSignal
}

async function dial(inner: Driver, road: Road, witness: Witness, how: Dial): Promise<Link> {
  const connection = road.connect()
  witness.dialed(road)
  try {
    const far = await connection.ask(
      `connect to ${road.site}`,
      how.signal,
      (abort) => inner.connect(how.endpoints, how.options, abort()),
      (late) => void late.close(ABORTED),
    )
    return new WireLink(far, connection, road, witness)
  } catch (error) {
    connection.end(new MessagingError('closed', 'this dial has failed'))
    witness.hungUp(road)
    throw how.signal.aborted ? aborted(how.signal, `connect to ${road.site}`) : error
  }
}

/** A link over a {@link Connection}. The far side's link ends when it hears that ours has, which a cut may delay. */
export class WireLink implements Link {
  readonly engine: EngineInfo
  declare readonly heard?: number
  readonly draining: Promise<DrainNotice>
  readonly ended: Promise<LinkEnd>
  readonly connection: Connection
  readonly road: Road
  readonly witness: Witness
  /** What ends before the link does. */
  readonly parts: Set<{ end(error: MessagingError): void }> = new Set()
  readonly #far: Link
  #end: (end: LinkEnd) => void = () => {}

  constructor(far: Link, connection: Connection, road: Road, witness: Witness) {
    this.engine = far.engine
    this.#far = far
    this.connection = connection
    this.road = road
    this.witness = witness
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.draining = new Promise((resolve) => {
      void far.draining.then((notice) => connection.down.push(() => resolve(notice)))
    })
    if (road.tells) Object.defineProperty(this, 'heard', { get: () => connection.down.landed })
    connection.reset = (error) => {
      road.later(() => void far.close(ABORTED))
      const isOurs = connection.over !== undefined
      connection.end(error)
      if (!isOurs) this.#finish({ by: 'engine', error }, error)
    }
    connection.orphaned = () => void far.close(ABORTED)
    void far.ended.then((end) => {
      if (end.by !== 'engine') return
      connection.down.push(() => {
        connection.end(end.error)
        this.#finish(end, end.error)
      })
    })
  }

  open(spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
    return this.connection.ask(`open of ${spec.name}`, signal, async (abort) => {
      return new WireChannel(this, spec, await this.#far.open(spec, abort()))
    })
  }

  probe(signal: AbortSignal): Promise<void> {
    return this.connection.ask(`probe of ${this.road.site}`, signal, () => this.#far.probe(NEVER))
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.connection.ask('close', signal, (abort) => this.#far.close(abort())).catch(() => {})
    if (this.connection.over === undefined) {
      const error = new MessagingError('closed', 'this link was closed by its owner')
      this.connection.hangUp(error, () => void this.#far.close(ABORTED))
      this.#finish({ by: 'us' }, error)
    }
    await this.ended
  }

  /** Once, when the connection is over: first everything on it, then itself. */
  #finish(end: LinkEnd, error: MessagingError): void {
    for (const part of [...this.parts]) part.end(error)
    this.witness.hungUp(this.road)
    queueMicrotask(() => this.#end(end))
  }
}
