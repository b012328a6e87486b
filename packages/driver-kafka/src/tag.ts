import type { ChannelSpec } from '@spanwire/driver'

const KINDS = [
  'durable topic',
  'durable topic with latest',
  'live topic',
  'live topic with latest',
  'queue',
  'rpc',
] as const
type KindName = (typeof KINDS)[number]

/** A new segment each day; what is above it says what the topic is. Kafka has no description of topics that would. */
const DAY_MS = 24 * 3_600_000
const MAX_PARAMS = 100

/** The `segment.ms` of a topic that is made for the channel: a day and as many ms as tell kind and parameters. */
export function tagOf(spec: ChannelSpec): number {
  return DAY_MS + KINDS.indexOf(kindName(spec)) + 1 + Math.min(spec.params, MAX_PARAMS) * (KINDS.length + 1)
}

/** What a topic with that `segment.ms` was made as; `undefined`: not by us, or an operator has set it since. */
export function madeAs(segmentMs: number): string | undefined {
  const tag = segmentMs - DAY_MS
  const params = Math.floor(tag / (KINDS.length + 1))
  const kind = KINDS[(tag % (KINDS.length + 1)) - 1]
  return kind === undefined || tag < 0 || params > MAX_PARAMS ? undefined : sentence(kind, params)
}

/** `durable topic, 1 parameter`. */
export function describe(spec: ChannelSpec): string {
  return sentence(kindName(spec), Math.min(spec.params, MAX_PARAMS))
}

function kindName(spec: ChannelSpec): KindName {
  if (spec.kind !== 'topic') return spec.kind
  return spec.latest ? `${spec.keep} topic with latest` : `${spec.keep} topic`
}

function sentence(kind: KindName, params: number): string {
  return `${kind}, ${params} ${params === 1 ? 'parameter' : 'parameters'}`
}
