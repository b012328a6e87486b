import type { Capabilities, Channel, ChannelSpec, Start } from '@spanwire/driver'
import { liveChannel } from './live.js'
import type { Opened } from './opened.js'
import type { Settings } from './options.js'
import { Publishing } from './publishing.js'
import { type QueueEnds, queueChannel } from './queue.js'
import { QueueSender } from './queue-sender.js'
import { Requests } from './requests.js'
import { rpcChannel } from './rpc.js'
import { Log } from './sent.js'
import { storedChannel } from './stored.js'
import { Taker } from './taker.js'
import { Upstream } from './upstream.js'
import type { Wire } from './wire.js'

/** What a server passes in one message, without what we and it put around it. */
const MAX_BYTES = 100 * 1024 * 1024 - 64 * 1024
/** Twelve hours: the server's limit. */
const MAX_DELAY_MS = 43_200_000

/** What the channels of one link share: its streams. */
export class Site {
  readonly wire: Wire
  readonly settings: Settings
  readonly #live: Publishing
  readonly #stored: Publishing
  readonly #requests: Requests
  readonly #upstream: Upstream
  /** By name; as many as the client opens. */
  readonly #queues = new Map<string, QueueEnds>()
  readonly #logs = new Map<string, Log>()

  constructor(wire: Wire, settings: Settings) {
    this.wire = wire
    this.settings = settings
    this.#live = new Publishing(wire, 'live')
    this.#stored = new Publishing(wire, 'stored')
    this.#requests = new Requests(wire, settings.commands)
    this.#upstream = new Upstream(wire)
  }

  /** Nothing has to be made: a channel is there from its first message on. */
  open(spec: ChannelSpec): Channel {
    const opened = { wire: this.wire, settings: this.settings, can: abilities(spec) }
    switch (spec.kind) {
      case 'rpc':
        return rpcChannel({ ...opened, spec }, this.#requests)
      case 'queue':
        return queueChannel({ ...opened, spec }, this.#queue({ ...opened, spec }))
      case 'topic':
        return spec.keep === 'live'
          ? liveChannel({ ...opened, spec }, this.#live)
          : storedChannel({ ...opened, spec }, this.#stored, this.#log(spec.name))
      default:
        return spec satisfies never
    }
  }

  #log(name: string): Log {
    const log = this.#logs.get(name) ?? new Log()
    this.#logs.set(name, log)
    return log
  }

  #queue(opened: Opened): QueueEnds {
    const { name } = opened.spec
    const known = this.#queues.get(name)
    if (known) return known
    let taker: Taker | undefined
    const ends: QueueEnds = {
      sender: new QueueSender(opened, this.#upstream),
      taker: () => {
        taker ??= new Taker(this.wire, name, () => {
          taker = undefined
        })
        return taker
      },
    }
    this.#queues.set(name, ends)
    return ends
  }
}

/** What the engine's own durables and groups lose is not claimed: a fresh client reads from where it says. */
function abilities(spec: ChannelSpec): Capabilities {
  const isQueue = spec.kind === 'queue'
  const isDurable = spec.kind === 'topic' && spec.keep === 'durable'
  return {
    maxBytes: MAX_BYTES,
    confirms: isQueue ? 'stored' : isDurable || spec.kind === 'rpc' ? 'taken' : 'written',
    starts: startsOf(spec),
    groups: spec.kind === 'topic' && !isDurable,
    waits: isQueue || isDurable,
    keyed: false,
    retries: false,
    extends: isQueue,
    counts: false,
    maxDelayMs: isQueue ? MAX_DELAY_MS : 0,
    ttl: isQueue,
  }
}

function startsOf(spec: ChannelSpec): readonly Start['at'][] {
  if (spec.kind !== 'topic') return []
  if (spec.keep === 'live') return ['now']
  return ['now', 'beginning', 'time', 'position', ...(spec.latest ? (['latest'] as const) : [])]
}
