import {
  type Channel,
  type ChannelSpec,
  type ConnectOptions,
  type DrainNotice,
  type EngineInfo,
  isChannelName,
  type Link,
  type LinkEnd,
  MessagingError,
} from '@spanwire/driver'
import { GatewayChannel, type Opened } from './channel.js'
import { Conversation } from './conversation.js'
import { cut } from './cut.js'
import type { SocketLike } from './driver.js'
import { canceled, closedWith, linkError } from './errors.js'
import { tokenOf } from './token.js'

/** What the gateway says of itself, once. */
export interface Welcome {
  readonly version: string
  readonly cluster: string
  readonly node: string
  readonly upstreams: readonly string[]
  readonly publisher?: string
  /** How often it says something by itself. */
  readonly pingMs?: number
  /** How long the token is good for. */
  readonly ttlMs?: number
  readonly limits: { readonly frame: number }
}

/** One socket to a gateway. */
export class GatewayLink implements Link {
  readonly engine: EngineInfo
  readonly draining: Promise<DrainNotice>
  readonly ended: Promise<LinkEnd>
  heard = 0
  readonly #socket: SocketLike
  readonly #options: ConnectOptions
  readonly #talk: Conversation
  readonly #channels = new Map<string, Promise<Channel>>()
  readonly #life = new AbortController()
  #drain: (notice: DrainNotice) => void = () => undefined
  #end: (end: LinkEnd) => void = () => undefined
  #closing = false
  #renewal: ReturnType<typeof setTimeout> | undefined

  constructor(socket: SocketLike, url: string, options: ConnectOptions, welcome: Welcome) {
    const { version, cluster, node, upstreams, publisher, pingMs } = welcome
    this.engine = {
      name: 'gateway',
      version,
      cluster,
      node,
      upstreams,
      ...(publisher && { publisher }),
      ...(pingMs && { beatMs: pingMs }),
    }
    this.#socket = socket
    this.#options = options
    this.draining = new Promise((resolve) => {
      this.#drain = resolve
    })
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#talk = new Conversation(socket, welcome.limits.frame, upstreams.join(' '), (notice) => this.#drain(notice))
    socket.addEventListener('message', ({ data }) => {
      this.heard += 1
      if (this.#life.signal.aborted) return
      try {
        this.#talk.hear(data as string | ArrayBuffer)
      } catch (cause) {
        this.#over(linkError('decode', `The gateway ${url} sent what is no frame.`, { cause }))
        cut(socket)
      }
    })
    socket.addEventListener('close', ({ code = 1006, reason }) => this.#over(closedWith(url, code, reason)))
    this.#refreshIn(welcome.ttlMs)
  }

  open(spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
    if (!isChannelName(spec.name))
      return Promise.reject(new MessagingError('invalid', `${spec.name} is no channel name.`))
    if (signal.aborted) return Promise.reject(canceled('A call to the gateway (open)'))
    const key = JSON.stringify(spec)
    const known = this.#channels.get(key)
    if (known && !this.#life.signal.aborted) return known
    const [number, answer] = this.#talk.call<Opened>('open', [spec], signal)
    const opened = answer.then((can) => new GatewayChannel(this.#talk, number, spec, can))
    // Only what is open is shared: a second caller must not fail by the first one's signal.
    opened.then(
      () => this.#channels.set(key, opened),
      () => undefined,
    )
    return opened
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#talk.call('probe', [0], signal)[1]
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#closing = true
    const now = (): void => {
      this.#over()
      cut(this.#socket)
    }
    if (signal.aborted) now()
    else {
      signal.addEventListener('abort', now)
      this.#talk.flush()
      this.#socket.close(1000)
    }
    await this.ended
    signal.removeEventListener('abort', now)
  }

  #over(error?: MessagingError): void {
    if (this.#life.signal.aborted) return
    const cause = this.#closing || !error ? linkError('closed', 'The link was closed.') : error
    this.#life.abort()
    clearTimeout(this.#renewal)
    this.#talk.end(cause)
    // After all who wait on this link have heard of it: their promises settle in the turn before.
    setTimeout(() => this.#end(this.#closing ? { by: 'us' } : { by: 'engine', error: cause }), 0)
  }

  /** At three quarters of its life the token is renewed in band. If that fails, the link tells that it will end. */
  #refreshIn(ttlMs: number | undefined): void {
    if (!ttlMs || this.#life.signal.aborted) return
    this.#renewal = setTimeout(() => void this.#refresh(ttlMs / 4), Math.min(ttlMs * 0.75, 2 ** 31 - 1))
  }

  async #refresh(leftMs: number): Promise<void> {
    try {
      const token = await tokenOf(this.#options, this.#life.signal)
      this.#refreshIn(await this.#talk.call<number | undefined>('token', [token], this.#life.signal)[1])
    } catch {
      this.#drain({ reason: 'The token could not be renewed.', withinMs: leftMs })
    }
  }
}
