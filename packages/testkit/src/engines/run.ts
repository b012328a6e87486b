import { randomUUID } from 'node:crypto'
import { planEmbedded } from './embedded.js'
import type { EngineName, EngineSite, Engines } from './engine.js'
import { unknownEngine } from './install.js'
import { planKafka } from './kafka.js'
import type { KafkaSecurity } from './kafka-security.js'
import { planKubemq } from './kubemq.js'
import { planNats } from './nats.js'
import { NodeEnded, PlannedNode } from './node.js'
import type { Company, NodePlan } from './plan.js'
import { Ports } from './ports.js'
import { removeRunFolder } from './run-folder.js'

/** How often a site is put on other ports because somebody had got one of them. */
const MAX_TRIES = 5

/** What is run, all of it decided. */
export interface RunOptions {
  readonly engine: EngineName
  /** The engine's installed program. */
  readonly program: string
  /** Whether the program is a double of the engine. */
  readonly double?: true
  readonly sites?: number
  readonly nodes?: number
  readonly jetstream?: boolean
  readonly config?: string
  readonly security?: KafkaSecurity
}

/** Owns the processes, ports and folders of one call of `startEngines`. */
export class Run implements Engines {
  readonly dir: string
  readonly #id: string = randomUUID()
  readonly #ports: Ports = new Ports()
  readonly #nodes: Set<PlannedNode> = new Set()
  #sites: readonly EngineSite[] = []

  constructor(dir: string) {
    this.dir = dir
  }

  get sites(): readonly EngineSite[] {
    return this.#sites
  }

  /** Once. Rejects when all sites are started or have failed, with the first failure. */
  async start(options: RunOptions): Promise<void> {
    const names = Array.from({ length: options.sites ?? 1 }, (_, i) => `site${i + 1}`)
    const started = await Promise.allSettled(names.map((name) => this.#startSite(name, options)))
    this.#sites = started.map((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value
    })
  }

  async stop(): Promise<void> {
    await this.#retire([...this.#nodes])
    this.#ports.release()
    await removeRunFolder(this.dir)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #startSite(name: string, options: RunOptions): Promise<EngineSite> {
    for (let attempt = 1; ; attempt++) {
      const nodes = this.#planned(await this.#plan(name, options))
      try {
        await Promise.all(nodes.map((node) => node.launch()))
        await Promise.all(nodes.map((node) => node.becomeReady()))
        const { engine, double } = options
        return { name, engine, ...(double && { double }), nodes, endpoints: nodes.map((node) => node.endpoint) }
      } catch (error) {
        if (attempt === MAX_TRIES || !(error instanceof NodeEnded) || !error.portTaken) throw error
        await this.#retire(nodes)
      }
    }
  }

  #plan(
    name: string,
    { engine, program, double, nodes = 1, jetstream = true, config = '', security }: RunOptions,
  ): Promise<readonly NodePlan[]> {
    const take = (count: number): Promise<readonly number[]> => this.#ports.take(count)
    const site = { name, nodes, dir: this.dir, program, take }
    switch (engine) {
      case 'nats':
        return planNats({ ...site, jetstream, config, run: this.#id })
      case 'kafka':
        return planKafka({ ...site, config, security })
      case 'kubemq':
        return planKubemq({ ...site, double: double === true, quirks: config, run: this.#id })
      case 'embedded':
        return planEmbedded(site)
      default:
        throw unknownEngine(engine satisfies never)
    }
  }

  #planned(plans: readonly NodePlan[]): readonly PlannedNode[] {
    const nodes: PlannedNode[] = []
    for (const plan of plans) nodes.push(new PlannedNode(plan, () => companyOf(nodes)))
    for (const node of nodes) this.#nodes.add(node)
    return nodes
  }

  async #retire(nodes: readonly PlannedNode[]): Promise<void> {
    await Promise.all(nodes.map((node) => node.retire()))
    for (const node of nodes) this.#nodes.delete(node)
  }
}

function companyOf(nodes: readonly PlannedNode[]): Company {
  const up = nodes.filter(({ state }) => state === 'up').length
  if (up === nodes.length) return 'all'
  return up > nodes.length / 2 ? 'quorum' : 'few'
}
