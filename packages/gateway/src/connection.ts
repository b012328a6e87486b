import type { IncomingMessage } from 'node:http'
import { type Endpoint, MessagingError } from '@spanwire/driver'
import type { WebSocket } from 'ws'
import { invalid, opOf, text, whole } from './check.js'
import { ServedClient } from './client.js'
import { busy, CLOSE, type Close } from './closing.js'
import { readFrame } from './frame.js'
import { Grants } from './grants.js'
import type { Line } from './line.js'
import type { Authenticate, Authorize, Limits, Principal, Timing } from './options.js'
import { Outbox, wireError } from './outbox.js'
import { Turn, type Turns } from './turn.js'
import type { Leaving, Upstream } from './upstream.js'

/** What all connections of a gateway share. */
export interface House {
  readonly cluster: string
  readonly node: string
  readonly version: string
  readonly limits: Limits
  readonly timing: Timing
  readonly elsewhere: readonly Endpoint[]
  readonly authenticate: Authenticate
  readonly authorize: Authorize
  upstream(missing: 'create' | 'refuse'): Upstream
  /** When what goes out goes out. */
  readonly turns: Turns
  /** Who said hello and is not looked at yet. */
  readonly line: Line
  readonly onFault: (error: unknown) => void
}

type State =
  | { readonly at: 'greeting'; readonly deadline: NodeJS.Timeout }
  /** In the line, or the token is being checked; what comes before the welcome breaks the protocol. */
  | { readonly at: 'checking' }
  | { readonly at: 'open'; readonly client: ServedClient; readonly nonce: string; principal: Principal }
  | { readonly at: 'closed' }

/** How long a client may take to close after we did. */
const CLOSE_MS = 1_000

/** One socket, from its first byte to its last. */
export class Connection {
  readonly #socket: WebSocket
  readonly #request: IncomingMessage
  readonly #house: House
  readonly #outbox: Outbox
  readonly #onEnd: () => void
  readonly #ends: (() => void)[] = []
  #state: State
  /** Ticks since it said anything. Counted in ticks, because time in which we stood still ourselves is nobody's silence (R36). */
  #silentTicks = 0
  #pings = 0
  #pingedAt = 0

  constructor(socket: WebSocket, request: IncomingMessage, house: House, onEnd: () => void) {
    this.#socket = socket
    this.#request = request
    this.#house = house
    this.#onEnd = onEnd
    this.#outbox = new Outbox(socket, house.limits, house.turns, () => this.close(CLOSE.slow))
    this.#state = { at: 'greeting', deadline: setTimeout(() => this.close(CLOSE.noHello), house.timing.helloMs) }
    socket.on('message', (data: Buffer, binary: boolean) => this.#hear(data, binary))
    // What broke is told by the close that follows.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#over())
  }

  /** Called every tick of the gateway: beats, pings, and what has run out. */
  tick(nowMs: number): void {
    const state = this.#state
    if (state.at !== 'open') return
    const { pingMs, beatMs, graceMs } = this.#house.timing
    this.#silentTicks += 1
    if (this.#silentTicks * beatMs > pingMs * 2.5) {
      this.close(CLOSE.silent)
      return
    }
    if (Date.now() > expiryOf(state.principal) + graceMs) {
      this.close(CLOSE.tokenExpired)
      return
    }
    state.client.beat()
    if (nowMs - this.#pingedAt < pingMs) return
    this.#pingedAt = nowMs
    this.#pings += 1
    this.#outbox.say(['ping', this.#pings])
  }

  drain(reason: string, withinMs: number, elsewhere: readonly string[]): void {
    if (this.#state.at === 'open') this.#outbox.say(['drain', reason, withinMs, elsewhere])
  }

  close([code, reason]: Close): void {
    if (this.#state.at === 'closed') return
    this.#over()
    this.#outbox.flush(new Turn())
    this.#socket.close(code, reason)
    setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref()
  }

  #hear(data: Buffer, binary: boolean): void {
    this.#silentTicks = 0
    try {
      const frame = readFrame(data, binary)
      for (const given of frame.ops) {
        const op = opOf(given)
        const state = this.#state
        if (state.at === 'closed') return
        if (state.at === 'open') this.#act(state, op, frame)
        else if (state.at === 'greeting' && op[0] === 'hello') this.#greet(op.slice(1))
        else throw invalid('something before it was welcomed')
      }
    } catch (error) {
      this.#breach(error)
    }
  }

  #act(state: State & { at: 'open' }, op: ReturnType<typeof opOf>, frame: ReturnType<typeof readFrame>): void {
    switch (op[0]) {
      case 'ack':
        this.#outbox.acked(whole(op[1], 'a flush'))
        return
      case 'pong':
        return
      case 'token':
        state.client.ask(whole(op[1], 'a number'), () => this.#renew(state, op[2]))
        return
      default:
        state.client.act(op[0], op.slice(1), frame)
    }
  }

  #greet([version, token, client, nonce, missing]: readonly unknown[]): void {
    if (this.#state.at === 'greeting') clearTimeout(this.#state.deadline)
    if (version !== 1) {
      this.close(CLOSE.version)
      return
    }
    text(client, 'a client name', 64)
    if (!/^[A-Za-z0-9_-]{16}$/.test(text(nonce, 'a nonce', 16)))
      throw invalid('a nonce that is not 16 characters of base64url')
    if (missing !== 'create' && missing !== 'refuse') throw invalid('no word on missing channels')
    this.#state = { at: 'checking' }
    const place = this.#house.line.enter(() =>
      this.#admit(token, nonce as string, missing).catch(() => this.close(CLOSE.unauthenticated)),
    )
    if ('leave' in place) this.#ends.push(place.leave)
    else this.close(busy(place.retryAfterMs))
  }

  async #admit(token: unknown, nonce: string, missing: 'create' | 'refuse'): Promise<void> {
    const house = this.#house
    const principal = await this.#authenticate(token)
    const upstream = house.upstream(missing)
    await upstream.ready
    if (this.#state.at !== 'checking') return
    const { engine } = upstream
    if (!engine) {
      this.close(CLOSE.noUpstream)
      return
    }
    const upstreams = engine.upstreams ?? [engine.cluster ?? engine.name]
    const grants = new Grants(principal, nonce, house.authorize)
    const client = new ServedClient(grants, {
      upstream,
      outbox: this.#outbox,
      limits: house.limits,
      epoch: upstreams.join(' '),
      beatMs: house.timing.beatMs,
      onBreach: (error) => this.#breach(error),
      onFault: house.onFault,
    })
    this.#state = { at: 'open', client, nonce, principal }
    const { cluster, node, version, limits, timing } = house
    this.#outbox.say([
      'welcome',
      {
        version,
        cluster,
        node,
        upstreams,
        ...(grants.publisher && { publisher: grants.publisher }),
        ...ttlOf(principal),
        pingMs: timing.pingMs,
        limits: {
          message: limits.message,
          frame: limits.message + FRAME_MORE,
          channels: limits.channels,
          receptions: limits.receptions,
          inFlight: limits.inFlight,
        },
      },
    ])
    this.#ends.push(upstream.onLeaving((leaving) => this.#leave(leaving)))
  }

  /** The engine goes: the client is asked to leave before, and has to dial again in any case. */
  #leave({ reason, untilMs }: Leaving): void {
    const withinMs = Math.max(0, Math.floor(untilMs - performance.now()))
    this.drain(reason, withinMs, this.#house.elsewhere)
    const timer = setTimeout(() => this.close(CLOSE.shutdown), withinMs)
    this.#ends.push(() => clearTimeout(timer))
  }

  async #authenticate(token: unknown): Promise<Principal> {
    if (token !== null && typeof token !== 'string') throw invalid('a token that is not a text')
    const principal = await this.#house.authenticate(token ?? undefined, this.#request)
    if (expiryOf(principal) <= Date.now()) throw invalid('a token that is over')
    return principal
  }

  /** A new token for the same subject. One that does not hold ends the connection. */
  async #renew(state: State & { at: 'open' }, token: unknown): Promise<number | undefined> {
    try {
      const principal = await this.#authenticate(token)
      if (principal.subject !== state.client.grants.subject) throw invalid('a token of somebody else')
      state.principal = principal
      state.client.regrant(new Grants(principal, state.nonce, this.#house.authorize))
      return ttlOf(principal).ttlMs
    } catch {
      this.close(CLOSE.unauthenticated)
      return undefined
    }
  }

  #breach(error: unknown): void {
    if (this.#state.at === 'closed') return
    if (!MessagingError.is(error)) this.#house.onFault(error)
    this.#outbox.say(['error', 0, wireError(error)])
    this.close(MessagingError.is(error) ? CLOSE.breach : CLOSE.shutdown)
  }

  #over(): void {
    const state = this.#state
    if (state.at === 'closed') return
    this.#state = { at: 'closed' }
    if (state.at === 'greeting') clearTimeout(state.deadline)
    if (state.at === 'open') void state.client.close()
    for (const end of this.#ends) end()
    this.#onEnd()
  }
}

/** A frame may be this much longer than a message. */
export const FRAME_MORE = 65_536

function expiryOf({ expiresAtMs = Infinity }: Principal): number {
  return expiresAtMs
}

function ttlOf({ expiresAtMs }: Principal): { readonly ttlMs?: number } {
  return expiresAtMs === undefined ? {} : { ttlMs: Math.max(1, expiresAtMs - Date.now()) }
}
