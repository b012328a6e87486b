import type { Capabilities, ChannelSpec, Start } from '@spanwire/driver'
import type { Settings } from './options.js'

/** What `memory({ without })` can deny. The four starts are named as in `Start`; `now` cannot be denied. */
export type Ability =
  | 'confirms'
  | 'groups'
  | 'waits'
  | 'keyed'
  | 'retries'
  | 'extends'
  | 'counts'
  | 'maxDelayMs'
  | 'ttl'
  | Exclude<Start['at'], 'now'>

/** Every {@link Ability}, for a suite that denies them in turn. */
export const ABILITIES: readonly Ability[] = [
  'confirms',
  'groups',
  'waits',
  'keyed',
  'retries',
  'extends',
  'counts',
  'maxDelayMs',
  'ttl',
  'beginning',
  'latest',
  'time',
  'position',
]

/** 30 days. */
const MAX_DELAY_MS = 30 * 24 * 3_600_000

/** What a channel can do for a driver that was made without some abilities. `waits` is denied to topics only: a queue that drops jobs is none. */
export function capabilities(spec: ChannelSpec, settings: Settings, without: ReadonlySet<Ability>): Capabilities {
  const has = (ability: Ability): boolean => !without.has(ability)
  const durable = spec.kind === 'topic' && spec.keep === 'durable'
  const settled = durable || spec.kind === 'queue'
  return {
    maxBytes: settings.maxBytes,
    confirms: !has('confirms') ? 'written' : settled ? 'stored' : 'taken',
    starts: spec.kind === 'topic' ? starts(durable, spec.latest).filter((start) => !isDenied(start, without)) : [],
    groups: spec.kind === 'topic' && has('groups'),
    waits: spec.kind === 'topic' ? durable && has('waits') : true,
    keyed: settled && has('keyed'),
    retries: settled && has('retries'),
    extends: settled && has('extends'),
    counts: settled && has('counts'),
    maxDelayMs: spec.kind === 'queue' && has('maxDelayMs') ? MAX_DELAY_MS : 0,
    ttl: has('ttl'),
  }
}

function starts(durable: boolean, latest: boolean): readonly Start['at'][] {
  return [
    'now',
    ...(durable ? (['beginning', 'time', 'position'] as const) : []),
    ...(latest ? (['latest'] as const) : []),
  ]
}

function isDenied(start: Start['at'], without: ReadonlySet<Ability>): boolean {
  return start !== 'now' && without.has(start)
}
