import type { Server as HttpServer, IncomingMessage } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Endpoint, Link } from '@spanwire/driver'

/** What somebody wants to do on a channel. Topics: publish, subscribe. Queues: send, consume. Rpc: request, respond. */
export type Verb = 'publish' | 'subscribe' | 'send' | 'consume' | 'request' | 'respond'

/** Who a token belongs to. */
export interface Principal {
  /** Publisher ids are bound to it: the same subject and client instance get the same id at every gateway (R52). */
  readonly subject: string
  /** Unix ms. Past it, and a grace, the connection is closed unless a new token came in band. Absent: never. Read again each tick. */
  readonly expiresAtMs?: number
  /** A hop of our own (bridge, gateway) that carries what others published: its message ids are not checked. */
  readonly relay?: true
}

/** Checks a token, or says who comes without one. Throwing, or rejecting, refuses. */
export type Authenticate = (token: string | undefined, request: IncomingMessage) => Principal | Promise<Principal>

/**
 * May this subject do this? Asked on every open, send and receive, so it must be quick. `path`: the message's path or
 * the pattern of the subscription (`*` for each token when it asks for all); undefined at open, when it means "on any
 * path". Marks and voids of a channel are asked for as the channel itself. Throwing means no.
 */
export type Authorize = (subject: string, verb: Verb, channel: string, path: string | undefined) => boolean

/** For development. Everybody may do everything. */
export const allowAll: Authorize = () => true

/** For development. Whoever comes is `anonymous`. */
export const anonymous: Authenticate = () => ({ subject: 'anonymous' })

export interface Limits {
  /** Bytes of one message, body and headers. Default 1 MiB. A frame may be 64 KiB longer. */
  readonly message: number
  /** Sockets in all. Default 10,000. */
  readonly connections: number
  /** Sockets of one address. Default 1,000. */
  readonly connectionsPerAddress: number
  /**
   * Hellos that are looked at at once (`authenticate` included), and for how long the next one may have to wait for that. Who would
   * wait longer is sent away at once, with the moment at which to come back. Default 200 and 1 s.
   */
  readonly hellos: { readonly atOnce: number; readonly waitMs: number }
  /** Channels that one connection may open. Default 1,000. */
  readonly channels: number
  /** Receptions that one connection may have. Default 1,000. */
  readonly receptions: number
  /** Messages sent by one connection whose outcome is open. Beyond: `unsent`, `overloaded`. Default 20,000. */
  readonly inFlight: number
  /** Other questions of one connection that are not answered yet. Default 10,000. */
  readonly questions: number
  /** Messages and bytes that one reception may let wait at the gateway, whatever its client asks for. Default 10,000 and 16 MiB. */
  readonly waiting: { readonly messages: number; readonly bytes: number }
  /**
   * Paths and bytes that are held of one topic, so that all who want its newest values share one reception upstream. Beyond,
   * each gets one of its own. Default 100,000 and 64 MiB.
   */
  readonly held: { readonly messages: number; readonly bytes: number }
  /** Bytes that may lie in one socket unread; beyond, its client is cut as slow. Default 8 MiB. */
  readonly buffered: number
  /** Bytes of one flush that a client has to acknowledge; two may be outstanding. Default 128 KiB. */
  readonly flush: number
}

export const DEFAULT_LIMITS: Limits = {
  message: 1 << 20,
  connections: 10_000,
  connectionsPerAddress: 1_000,
  hellos: { atOnce: 200, waitMs: 1_000 },
  channels: 1_000,
  receptions: 1_000,
  inFlight: 20_000,
  questions: 10_000,
  waiting: { messages: 10_000, bytes: 16 << 20 },
  held: { messages: 100_000, bytes: 64 << 20 },
  buffered: 8 << 20,
  flush: 128 << 10,
}

/** More clients come than can be let in. */
export interface Busy {
  /** Sent away since the last time. */
  readonly sentAway: number
  /** In the line now. */
  readonly waiting: number
  /** Let in, of late, a second; 0: not known yet. */
  readonly perSecond: number
}

export interface Timing {
  /** From the socket's start to its hello. Default 10 s. */
  readonly helloMs: number
  /** Between two pings; a client that says nothing for 2.5 of them is cut. Default 5 s. */
  readonly pingMs: number
  /** Between two signs of life of an idle reception. Default 1 s. */
  readonly beatMs: number
  /** How long an expired token is still good. Default 10 s. */
  readonly graceMs: number
}

export const DEFAULT_TIMING: Timing = { helloMs: 10_000, pingMs: 5_000, beatMs: 1_000, graceMs: 10_000 }

/** Makes a link. Asked again, with growing pauses, whenever the last one ended. */
export type MakeLink = () => Link | Promise<Link>

export interface OwnPort {
  /** 0: any free one. */
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** With it clients connect by `wss`, TLS 1.2 at least. Absent: plain `ws`, for the same machine or behind a proxy that ends TLS. */
  readonly tls?: ServerTls
}

/** PEM texts. To renew certificates while it runs, hand in an `https` server of your own and use its `setSecureContext`. */
export interface ServerTls {
  readonly cert: string
  readonly key: string
  /**
   * Authorities of client certificates. With it a client without such a certificate is refused in the handshake;
   * `authenticate` finds the certificate at the request's socket.
   */
  readonly clientCa?: string
}

export interface GatewayOptions {
  /**
   * What stands behind: a link that its owner keeps and closes, or a maker; its links belong to the gateway. With two
   * makers, clients that connect with `missing: 'refuse'` are served by a link of that kind; else creating is as the one link does it.
   */
  readonly upstream: Link | MakeLink | { readonly create: MakeLink; readonly refuse: MakeLink }
  /** Where to listen: a port of its own, or a server whose upgrades it takes. */
  readonly listen: OwnPort | { readonly server: HttpServer | HttpsServer }
  readonly authenticate: Authenticate
  readonly authorize: Authorize
  /** Origins of pages that may connect, compared exactly: `https://desk.example.com`. Default: none. */
  readonly origins?: readonly string[]
  /** Whether clients that send no Origin (services; browsers always do) may connect. Default `allow`. */
  readonly originless?: 'allow' | 'refuse'
  /** Whom a connection counts for, when a proxy stands in front. Default: the socket's remote address. */
  readonly addressOf?: (request: IncomingMessage) => string
  /** Path of the WebSocket endpoint. Default `/`. */
  readonly path?: string
  /** Id of the gateways that stand before the same engines, and of this one. Default `gateway` and a random text. */
  readonly cluster?: string
  readonly node?: string
  /** Endpoints named to clients when this gateway drains. */
  readonly elsewhere?: readonly Endpoint[]
  /** Told of errors that are nobody's answer: bugs of the gateway or of a driver behind it. Default: a process warning. */
  readonly onFault?: (error: unknown) => void
  /** Told each second (each `beatMs`) in which clients were sent away because too many said hello at once. */
  readonly onBusy?: (busy: Busy) => void
  readonly limits?: Partial<Limits>
  readonly timing?: Partial<Timing>
}
