import { readFile } from 'node:fs/promises'
import { MessagingError } from '@spanwire/driver'
import { ask, askUntil } from './ask.js'
import { type NatsNode, runTag } from './nats-config.js'
import { greet } from './nats-greet.js'
import type { Company } from './plan.js'

export interface NatsTarget {
  readonly node: NatsNode
  readonly nodes: readonly NatsNode[]
  readonly jetstream: boolean
  readonly run: string
}

/** Resolves when the node is ours, healthy, knows its cluster's leader, and has answered a client. */
export async function natsReady(target: NatsTarget, company: Company, signal: AbortSignal): Promise<void> {
  await askUntil(() => isOurs(target), signal)
  if (company !== 'few') await askUntil(() => isHealthy(target, company), signal)
  if (company !== 'few' && target.nodes.length > 1) await askUntil(() => isMember(target, company), signal)
  await askUntil(() => greet(target.node.client), signal)
}

export interface Reloading {
  readonly target: NatsTarget
  /** Puts the new configuration in place. */
  write(): Promise<void>
  /** Tells the node. */
  poke(): void
  /** The file that the node logs to. */
  readonly log: string
}

/** Resolves when the server has read its configuration anew; rejects with its words when it refuses. */
export async function reloaded({ target, write, poke, log }: Reloading, signal: AbortSignal): Promise<void> {
  const before = (await readFile(log, 'utf8')).length
  await write()
  poke()
  await askUntil(async () => {
    const said = (await readFile(log, 'utf8')).slice(before)
    const refused = /\[ERR\] (Failed to reload.*)/.exec(said)
    if (refused !== null) throw new MessagingError('invalid', `${target.node.name}: ${refused[1]}`)
    return said.includes('Reloaded server configuration')
  }, signal)
}

interface Varz {
  readonly tags?: readonly string[]
}

interface Jsz {
  readonly meta_cluster?: {
    readonly leader?: string
    readonly replicas?: readonly { readonly name: string; readonly current: boolean }[]
  }
}

/** Another process's server may have got the port. */
async function isOurs({ node, run }: NatsTarget): Promise<boolean> {
  const { body } = await ask<Varz>(node.monitor, '/varz')
  return body?.tags?.includes(runTag(run)) === true
}

/** With a node missing, streams that miss it too must not keep this one from being ready. */
async function isHealthy({ node }: NatsTarget, company: Company): Promise<boolean> {
  const { status } = await ask(node.monitor, company === 'all' ? '/healthz' : '/healthz?js-server-only=true')
  return status === 200
}

async function isMember({ jetstream, node, nodes }: NatsTarget, company: Company): Promise<boolean> {
  if (!jetstream) return (await routesOf(node)) >= nodes.length - 1
  const asked = company === 'all' ? nodes : [node]
  const pictures = await Promise.all(asked.map(({ monitor }) => ask<Jsz>(monitor, '/jsz?raft=true')))
  const clusters = pictures.map(({ body }) => body?.meta_cluster)
  const leader = clusters[0]?.leader
  if (!leader || clusters.some((one) => one?.leader !== leader)) return false
  if (company !== 'all') return true
  const current = clusters.flatMap((one) => one?.replicas ?? []).filter((one) => one.current)
  return new Set(current.map(({ name }) => name)).size >= nodes.length - 1
}

async function routesOf({ monitor }: NatsNode): Promise<number> {
  const { body } = await ask<{ readonly routes?: readonly { readonly remote_name?: string }[] }>(monitor, '/routez')
  return new Set((body?.routes ?? []).map((route) => route.remote_name)).size
}
