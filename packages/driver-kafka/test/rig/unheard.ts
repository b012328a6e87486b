import { KafkaError, type KafkaGroupMember, type KafkaPort, kafkajs, type MembershipListener } from '../../src/index.js'

type Assignment = Parameters<MembershipListener['assigned']>[0]

/** A port to real brokers that can be cut from its coordinator: its commits do not get there, or it hears nothing of its group either. */
export class Unheard {
  readonly #port: KafkaPort = kafkajs()
  #cut: 'nothing' | 'commits' | 'all' = 'nothing'
  #missed: (() => void) | undefined
  #assigned: (parts: Assignment) => void = () => {}

  readonly port: KafkaPort = {
    name: 'unheard',
    connect: async (options, signal) => {
      const client = await this.#port.connect(options, signal)
      return instead(client, 'join', async (how, listener, joining) => {
        const member = await client.join(how, this.#between(listener), joining)
        return instead(member, 'commit', (...commit) => this.#commit(member, commit))
      })
    },
  }

  cut(what: 'commits' | 'all'): void {
    this.#cut = what
  }

  /** What it was given last it hears of now. */
  heal(): void {
    this.#cut = 'nothing'
    this.#missed?.()
    this.#missed = undefined
  }

  /** Resolves when it was given a partition and has not heard of it. */
  owns(): Promise<void> {
    return new Promise((resolve) => {
      this.#assigned = (parts) => parts.length > 0 && resolve()
    })
  }

  #between(listener: MembershipListener): MembershipListener {
    return {
      assigned: (parts) => {
        if (this.#cut !== 'all') return listener.assigned(parts)
        this.#missed = () => listener.assigned(parts)
        this.#assigned(parts)
      },
      revoked: (parts, how) => listener.revoked(parts, this.#cut === 'all' ? 'silent' : how),
    }
  }

  async #commit(member: KafkaGroupMember, commit: Parameters<KafkaGroupMember['commit']>): Promise<void> {
    if (this.#cut !== 'nothing') throw new KafkaError('NETWORK', 'The coordinator gave no answer.', { retriable: true })
    return member.commit(...commit)
  }
}

/** The same, but for one method. */
function instead<T extends object, K extends keyof T>(of: T, name: K, method: T[K]): T {
  return new Proxy(of, {
    get: (_, key) => {
      if (key === name) return method
      const value: unknown = Reflect.get(of, key)
      return typeof value === 'function' ? value.bind(of) : value
    },
  })
}
