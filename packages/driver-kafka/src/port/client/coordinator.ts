import { KafkaError } from '../error.js'
import { findCoordinator, type Identity } from '../protocol/group-requests.js'
import { brokerError } from '../protocol/names.js'
import type { Request } from '../protocol/requests.js'
import type { Cluster } from './cluster.js'
import { limitedBy } from './limit.js'
import type { Line } from './line.js'
import { replaced, watchReplaced } from './replaced.js'

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
  /** The broker that was named last. */
  #asked: number | undefined

  constructor(cluster: Cluster, group: string) {
    this.#cluster = cluster
    this.#group = group
  }

  /** Finds it first if need be. Rejects with what the brokers say where they refuse, and when the connection is lost. */
  async ask<T>(request: Request<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
    const moved = new AbortController()
    const { signal: either, lift } = limitedBy([signal, moved.signal])
    const { lookAgainMs } = this.#cluster.options.times
    const stopWatching = watchReplaced({
      afterMs: lookAgainMs,
      everyMs: lookAgainMs,
      isReplaced: () => this.#isReplaced(either),
      onReplaced: () => {
        const error = replaced(this.#asked ?? -1, `another one keeps group ${this.#group}`)
        moved.abort(error)
        this.forget(error)
      },
    })
    try {
      const line = this.#line?.up ? this.#line : await this.#find(either)
      return await line.ask(request, timeoutMs, either)
    } finally {
      stopWatching()
      lift()
    }
  }

  /** `why`: what all that waits there is told. */
  forget(why: KafkaError = unsure(this.#group)): void {
    const line = this.#line
    this.#line = undefined
    line?.cut(why)
    if (line !== undefined) this.#cluster.drop(line)
  }

  async #isReplaced(signal: AbortSignal): Promise<boolean> {
    const { code, broker } = await this.#cluster.ask(findCoordinator(this.#group), signal)
    return code === 0 && this.#asked !== undefined && broker.id !== this.#asked
  }

  async #find(signal: AbortSignal): Promise<Line> {
    this.forget()
    this.#asked = undefined
    const { code, said, broker } = await this.#cluster.ask(findCoordinator(this.#group), signal)
    if (code !== 0) throw brokerError(code, `name the coordinator of group ${this.#group}`, said)
    this.#asked = broker.id
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

function unsure(group: string): KafkaError {
  return new KafkaError('NETWORK', `The coordinator of group ${group} is looked for again.`, { retriable: true })
}
