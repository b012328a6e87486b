import type { ChannelSpec } from '@spanwire/driver'

export type Kind = 'live' | 'durable' | 'queue' | 'rpc'

export interface SpecOptions {
  /** Absent: one path token. */
  readonly params?: number
  readonly latest?: boolean
  /** Of queues; absent: 30,000. */
  readonly leaseMs?: number
}

export function specOf(kind: Kind, name: string, options: SpecOptions): ChannelSpec {
  const { params = 1, latest = false, leaseMs = 30_000 } = options
  switch (kind) {
    case 'live':
    case 'durable':
      return { name, params, kind: 'topic', keep: kind, latest }
    case 'queue':
      return { name, params, kind, leaseMs }
    case 'rpc':
      return { name, params, kind }
    default:
      return kind satisfies never
  }
}

export function kindOf(spec: ChannelSpec): Kind {
  return spec.kind === 'topic' ? spec.keep : spec.kind
}

/** `durable topic with latest`, for sentences. */
export function describeSpec(spec: ChannelSpec): string {
  return spec.kind === 'topic' ? `${spec.keep} topic${spec.latest ? ' with latest' : ''}` : spec.kind
}
