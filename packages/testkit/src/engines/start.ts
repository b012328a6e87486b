import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { MessagingError } from '@spanwire/driver'
import { planEmbedded } from './embedded.js'
import type { EngineName, EngineSite, Engines } from './engine.js'
import { installEngine, unknownEngine } from './install.js'
import type { Log } from './log.js'
import { planNats } from './nats.js'
import type { NatsServer } from './nats-install.js'
import { NodeEnded, PlannedNode } from './node.js'
import type { Company, NodePlan } from './plan.js'
import { Ports } from './ports.js'
import { makeRun } from './runs.js'

/** How often a site is put on other ports because somebody had got one of them. */
const MAX_TRIES = 5

export interface StartOptions {
  readonly engine: EngineName
  /** How many sites, each for itself. Default 1. */
  readonly sites?: number
  /** How many nodes each site has; more than one are a cluster. Default 1, and `embedded` has no more. */
  readonly nodes?: number
  /** Which server of `nats`: `newest` (default) or `debian`. */
  readonly server?: NatsServer
  /** Whether the nodes of `nats` have JetStream. Default: they do. */
  readonly jetstream?: boolean
  /** More lines for each `nats` node's configuration, after ours. */
  readonly config?: string
  /** Hears of progress, line by line. Default: stderr. */
  readonly log?: Log
}

/**
 * Installs what is missing, starts the sites on free ports of the loopback, and resolves when every node has answered its
 * protocol. If one does not, all are ended and it rejects. Nodes end with this process, however that ends; from a worker
 * thread, with that thread.
 */
export async function startEngines(options: StartOptions): Promise<Engines> {
  check(options)
  const installed = await installEngine(options.engine, options)
  const dir = await makeRun()
  const run = new Run(dir)
  try {
    const names = Array.from({ length: options.sites ?? 1 }, (_, i) => `site${i + 1}`)
    const started = await Promise.allSettled(names.map((name) => run.start(name, options, installed.path)))
    const failed = started.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return run
  } catch (error) {
    await run.stop()
    throw error
  }
}

class Run implements Engines {
  readonly #dir: string
  readonly #id: string = randomUUID()
  readonly #ports: Ports = new Ports()
  readonly #nodes: Set<PlannedNode> = new Set()
  readonly #sites: EngineSite[] = []

  constructor(dir: string) {
    this.#dir = dir
  }

  get sites(): readonly EngineSite[] {
    return this.#sites.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  }

  async start(name: string, options: StartOptions, program: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const nodes = this.#planned(await this.#plan(name, options, program))
      try {
        await Promise.all(nodes.map((node) => node.launch()))
        await Promise.all(nodes.map((node) => node.becomeReady()))
        this.#sites.push({ name, engine: options.engine, nodes, endpoints: nodes.map((node) => node.endpoint) })
        return
      } catch (error) {
        if (attempt === MAX_TRIES || !(error instanceof NodeEnded) || !error.portTaken) throw error
        await this.#forget(nodes)
      }
    }
  }

  async stop(): Promise<void> {
    await this.#forget([...this.#nodes])
    this.#ports.release()
    await rm(this.#dir, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #plan(name: string, options: StartOptions, program: string): Promise<readonly NodePlan[]> {
    const { jetstream = true, config = '', nodes = 1 } = options
    const take = (count: number): Promise<readonly number[]> => this.#ports.take(count)
    const site = { name, nodes, dir: this.#dir, program, take }
    switch (options.engine) {
      case 'nats':
        return planNats({ ...site, jetstream, config, run: this.#id })
      case 'embedded':
        return planEmbedded(site)
      default:
        throw unknownEngine(options.engine satisfies never)
    }
  }

  #planned(plans: readonly NodePlan[]): readonly PlannedNode[] {
    const nodes: PlannedNode[] = []
    for (const plan of plans) nodes.push(new PlannedNode(plan, () => companyOf(nodes)))
    for (const node of nodes) this.#nodes.add(node)
    return nodes
  }

  async #forget(nodes: readonly PlannedNode[]): Promise<void> {
    await Promise.all(nodes.map((node) => node.kill()))
    for (const node of nodes) this.#nodes.delete(node)
  }
}

function companyOf(nodes: readonly PlannedNode[]): Company {
  const up = nodes.filter(({ state }) => state === 'up').length
  if (up === nodes.length) return 'all'
  return up > nodes.length / 2 ? 'quorum' : 'few'
}

function check({ engine, nodes = 1, sites = 1 }: StartOptions): void {
  if (process.platform === 'win32')
    throw new MessagingError('capability', 'engines are started on Linux and macOS only')
  for (const [what, count] of Object.entries({ sites, nodes }))
    if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT)
      throw new MessagingError('invalid', `${what} is ${count}: a whole number from 1 to ${MAX_COUNT}`)
  if (engine === 'embedded' && nodes > 1)
    throw new MessagingError(
      'invalid',
      `nodes is ${nodes}: an embedded site is one process; ask for more sites instead`,
    )
}

/** Three ports a node, of a thousand. */
const MAX_COUNT = 16
