import { randomUUID } from 'node:crypto'
import { credentials, type ServiceError } from '@grpc/grpc-js'
import { afterAll, type TestContext } from 'vitest'
import { elapse } from '../../src/conformance/wait.js'
import { startEngines } from '../../src/engines/index.js'
import { CALM, type Quirks, startKubemqDouble } from '../../src/kubemq/index.js'
import { kubemqClient } from '../../src/kubemq/proto.js'

/**
 * Whom these tests speak to. `KUBEMQ_ADDRESS`: a server that runs, of which only what harms nobody is asked. `KUBEMQ_BIN`: the
 * real server, started and restarted here. Neither: the double.
 */
export type PeerKind = 'address' | 'real' | 'double'

const address = process.env['KUBEMQ_ADDRESS']

const peerKind: PeerKind = address ? 'address' : process.env['KUBEMQ_BIN'] ? 'real' : 'double'

/** A real server takes 2.3 s to start, and this machine may be busy. */
export const START_MS = 60_000

/** After this a subscription is in place, where the machine is not busy. */
const SETTLED_MS = peerKind === 'double' ? 100 : 200

export interface Peer extends AsyncDisposable {
  readonly endpoint: string
  kill(): Promise<void>
  terminate(): Promise<void>
  restart(): Promise<void>
}

/** Skips what would harm a server that others may use. */
export function onlyOwn(test: TestContext): void {
  test.skip(peerKind === 'address', 'it harms or restarts the server: with KUBEMQ_BIN one is started for it')
}

/** A server of one's own, which may be harmed. */
export async function ownPeer(quirks: Partial<Quirks> = {}): Promise<Peer> {
  return peerKind === 'double' ? await ownDouble(quirks) : await ownServer()
}

async function ownDouble(quirks: Partial<Quirks>): Promise<Peer> {
  const double = await startKubemqDouble({ quirks: { ...CALM, ...quirks } })
  return {
    endpoint: double.endpoint,
    kill: () => double.stop('kill'),
    terminate: () => double.stop('clean'),
    restart: () => double.restart(),
    [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
  }
}

async function ownServer(): Promise<Peer> {
  const engines = await startEngines({ engine: 'kubemq' })
  const node = engines.sites[0]?.nodes[0]
  if (node === undefined) throw new Error('no node')
  return {
    endpoint: node.endpoint,
    kill: () => node.kill(),
    terminate: () => node.terminate(),
    restart: () => node.restart(),
    [Symbol.asyncDispose]: () => engines.stop(),
  }
}

let shared: Promise<Peer> | undefined

/** The server that all tests of a file share; nobody may harm it. */
async function sharedEndpoint(): Promise<string> {
  if (address) return address
  shared ??= ownPeer()
  return (await shared).endpoint
}

/** What tests leave to be ended; at the end of the file, for tests run side by side. */
const leftovers: (() => void)[] = []

export function endLater(end: () => void): void {
  leftovers.push(end)
}

afterAll(async () => {
  for (const end of leftovers.splice(0)) end()
  await (await shared)?.[Symbol.asyncDispose]()
})

/** A client with a connection of its own that is up, closed with the file. */
export async function client(endpoint?: string): Promise<kubemqClient> {
  const one = clientOver(endpoint ?? (await sharedEndpoint()))
  // Connected: what a test waits for afterwards is not the connection.
  await ask(one.ping.bind(one), {})
  return one
}

/** One that has not connected yet; with an authority's certificate over TLS. */
export function clientOver(endpoint: string, authority?: string): kubemqClient {
  const secure = authority === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(authority))
  const one = new kubemqClient(endpoint, secure, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  })
  endLater(() => one.close())
  return one
}

/** What `one` asked for is in place: nothing tells, so a moment, and the answer to what it asks afterwards on its connection. */
export async function settled(one: kubemqClient): Promise<void> {
  await elapse(SETTLED_MS)
  await ask(one.ping.bind(one), {})
}

/** Names that nobody used before, also on a server that other runs have filled. */
export function fresh(what: string): string {
  return `${what}-${randomUUID().slice(0, 8)}`
}

/** The answer of a unary call; a failure is given, not thrown. */
export function ask<Q, A>(
  method: (request: Q, reply: (error: ServiceError | null, response: A) => void) => unknown,
  request: Q,
): Promise<A | ServiceError> {
  return new Promise((resolve) => {
    method(request, (error, response) => resolve(error ?? response))
  })
}
