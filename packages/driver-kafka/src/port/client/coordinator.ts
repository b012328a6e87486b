import { findCoordinator, type Identity } from '../protocol/group-requests.js'
import { brokerError } from '../protocol/names.js'
import type { Request } from '../protocol/requests.js'
import type { Cluster } from './cluster.js'
import type { Line } from './line.js'

/** Codes that mean: ask for the coordinator again, it is another one or not ready. */
const ELSEWHERE: ReadonlySet<number> = new Set([14, 15, 16])

export function isElsewhere(code: number): boolean {
  return ELSEWHERE.has(code)
}

/** The broker that keeps a group, by a connection of its own: a join is answered only when all members have come. */
export class CoordinatorLine {
  readonly #cluster: Cluster
  readonly #group: Identity['group']
  #line: Line | undefined

  constructor(cluster: Cluster, group: string) {
    this.#cluster = cluster
    this.#group = group
  }

  /** Finds it first if need be. Rejects with what the brokers say where they refuse, and when the connection is lost. */
  async ask<T>(request: Request<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
    const line = this.#line?.up ? this.#line : await this.#find(signal)
    return await line.ask(request, timeoutMs, signal)
  }

  forget(): void {
    if (this.#line !== undefined) this.#cluster.drop(this.#line)
    this.#line = undefined
  }

  async #find(signal: AbortSignal): Promise<Line> {
    this.forget()
    const { code, said, broker } = await this.#cluster.ask(findCoordinator(this.#group), signal)
    if (code !== 0) throw brokerError(code, `name the coordinator of group ${this.#group}`, said)
    const line = await this.#cluster.line(broker, signal)
    // Two that looked for it at once need one.
    if (this.#line?.up) {
      this.#cluster.drop(line)
      return this.#line
    }
    this.#line = line
    return line
  }
}
