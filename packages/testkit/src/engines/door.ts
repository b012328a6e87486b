import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { EngineNode, Engines } from './engine.js'

/** In the folder of a run: where its launcher listens, and the word that it listens to. */
export const DOOR_FILE = 'launcher.json'

export interface Door {
  readonly port: number
  readonly secret: string
}

export interface RestartedNode {
  readonly name: string
  readonly pid: number
  readonly endpoint: string
  readonly dir: string
}

/** What became of a restart: the node as it is now, a sentence that says why not, or that no node has had this process. */
export type Answer =
  | { readonly at: 'restarted'; readonly node: RestartedNode }
  | { readonly at: 'failed'; readonly why: string }
  | { readonly at: 'unknown' }

/** How many processes that were started again are remembered, so that asking twice is answered with what became of them. */
const MAX_FORMER = 1_000

/**
 * Lets other processes of this user ask for the restart of a node by its pid. It has to be us who starts it: a node ends with
 * the process that did. Closed by what it gives.
 */
export async function openDoor(engines: Engines): Promise<() => void> {
  const secret = randomBytes(16).toString('hex')
  const restarts = new Restarts(engines.sites.flatMap((site) => site.nodes))
  const server = createServer((request, response) => void answer(request, response, { secret, restarts }))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // A server that listens on a port has this kind of address.
  const door: Door = { port: (server.address() as AddressInfo).port, secret }
  writeFileSync(join(engines.dir, DOOR_FILE), JSON.stringify(door), { mode: 0o600 })
  return () => {
    server.close()
    server.closeAllConnections()
  }
}

async function answer(
  { method, headers, url = '' }: IncomingMessage,
  response: ServerResponse,
  { secret, restarts }: { readonly secret: string; readonly restarts: Restarts },
): Promise<void> {
  if (method !== 'POST' || headers.authorization !== secret) return void response.writeHead(403).end()
  response.end(JSON.stringify(await restarts.restart(Number(url.slice(1)))))
}

class Restarts {
  /** By each process that a node has had, the oldest first. */
  readonly #nodes: Map<number, EngineNode>
  readonly #running: Map<EngineNode, Promise<void>> = new Map()

  constructor(nodes: readonly EngineNode[]) {
    this.#nodes = new Map(nodes.map((node) => [node.pid, node]))
  }

  async restart(pid: number): Promise<Answer> {
    const node = this.#nodes.get(pid)
    if (node === undefined) return { at: 'unknown' }
    if (node.pid !== pid && !this.#running.has(node))
      return { at: 'failed', why: `process ${pid} of ${node.name} was started again before: it is ${node.pid} now` }
    try {
      await this.#once(node)
      return { at: 'restarted', node: { name: node.name, pid: node.pid, endpoint: node.endpoint, dir: node.dir } }
    } catch (error) {
      return { at: 'failed', why: error instanceof Error ? error.message : String(error) }
    }
  }

  /** Who asks while it is being restarted gets the same restart. */
  async #once(node: EngineNode): Promise<void> {
    const running = this.#running.get(node) ?? node.restart()
    this.#running.set(node, running)
    try {
      await running
    } finally {
      this.#running.delete(node)
      this.#remember(node)
    }
  }

  #remember(node: EngineNode): void {
    this.#nodes.set(node.pid, node)
    for (const [pid, one] of this.#nodes) {
      if (this.#nodes.size <= MAX_FORMER) return
      if (one.pid !== pid) this.#nodes.delete(pid)
    }
  }
}
