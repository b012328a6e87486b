import { randomUUID } from 'node:crypto'
import type { ChannelSpec, Delivery, Flow, Link, Outgoing, Reception, SendOutcome } from '@spanwire/driver'
import type { EngineNode } from '@spanwire/testkit/engines'
import { type KubemqDouble, type Quirks, startKubemqDouble } from '@spanwire/testkit/kubemq'
import { onTestFinished, type TestContext, vi } from 'vitest'
import { type LinkOptions, linkBy, patience, send, textOf } from '../../../driver/test/talk.js'
import { kubemq } from '../../src/index.js'
import { NOT_OURS, type Peer, peer, startPeer } from './peer.js'

export const WIDE: Flow = { messages: 1_000, bytes: 64 << 20 }

/** A server that lives as long as the test, or one by address. Names on it have to be {@link fresh}. */
export async function server(): Promise<Peer> {
  const one = await startPeer()
  onTestFinished(() => one.dispose())
  return one
}

/** One that may be stopped; a test that is given a server by address is skipped. */
export async function ownServer(test: TestContext): Promise<EngineNode> {
  const { node, dispose } = await startPeer()
  // The test's own: beside others the one that runs is not known otherwise.
  test.onTestFinished(dispose)
  return node ?? test.skip(NOT_OURS)
}

/** A name that nobody used before, also on a server that other runs have filled. */
export function fresh(what: string): string {
  return `${what}-${randomUUID().slice(0, 8)}`
}

/** A double on which one fault is certain, or away; a real server has its faults as they come. */
export async function faulty(quirks: Partial<Quirks>): Promise<Pick<Peer, 'endpoint'>> {
  return peer === 'double' ? inProcess(quirks) : server()
}

/** A server that no real one here is; a test that is given a real one is skipped. */
export async function double(quirks: Partial<Quirks>, { skip }: TestContext): Promise<KubemqDouble> {
  return peer === 'double' ? inProcess(quirks) : skip('the server is another one than this test needs')
}

/** A server that takes so many bytes at most in a gRPC message, which real ones and doubles are told in the same way. */
export async function limited(bytes: number, test: TestContext): Promise<EngineNode> {
  vi.stubEnv('GRPC_BODY_LIMIT', String(bytes))
  onTestFinished(() => void vi.unstubAllEnvs())
  return ownServer(test)
}

async function inProcess(quirks: Partial<Quirks>): Promise<KubemqDouble> {
  const one = await startKubemqDouble({ quirks })
  onTestFinished(async () => one[Symbol.asyncDispose]())
  return one
}

/** A link that is cut when the test ends. */
export async function linkTo(endpoint: string, options?: LinkOptions): Promise<Link> {
  const link = await linkBy(kubemq(), [endpoint], options)
  onTestFinished(() => link.close(AbortSignal.abort()))
  return link
}

/** Sends, and gives all outcomes in the order of the batch. */
export async function sendAll(link: Link, spec: ChannelSpec, batch: readonly Outgoing[]): Promise<SendOutcome[]> {
  const channel = await link.open(spec, patience())
  return send(channel, ...batch)
}

/** Messages `0`, `1`, ... on one path. */
export function numbered(count: number, from = 0): Outgoing[] {
  return Array.from({ length: count }, (_, at) => ({ path: 'a', body: String(from + at) }))
}

/** Pulls until so many have come, and lets `each` have them. */
export async function pull(
  reception: Reception,
  count: number,
  each: (one: Delivery) => Promise<void> | undefined = () => undefined,
): Promise<string[]> {
  const texts: string[] = []
  while (texts.length < count) {
    const batch = await reception.next()
    if (batch === undefined) throw new Error(`the reception ended after ${texts.length} of ${count}`)
    texts.push(...batch.deliveries.map(textOf))
    await Promise.all(batch.deliveries.map(async (one) => each(one)))
  }
  return texts
}

/** `0` to `count - 1`. */
export function texts(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String(at))
}
