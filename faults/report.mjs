import { percentile } from './times.mjs'

/** @typedef {import('./rounds.mjs').Result} Result */

/** One line while rounds are played. @param {Result} result */
export function lineOf({ clean, round, scenario, sum, times }) {
  const ms = Object.entries(times).map(([name, value]) => `${name} ${value === undefined ? '-' : Math.round(value)}`)
  return `${clean ? 'ok  ' : 'FAIL'} ${nameOf(scenario)} ${round}: ${ms.join(' ')} ms; ${sums(sum)}`
}

/** @param {import('./rounds.mjs').Scenario} scenario */
export function nameOf({ fault, kind, policy }) {
  return kind === 'topic' ? `${kind} ${policy} ${fault}` : `${kind} ${fault}`
}

/** @param {object} sum */
function sums(sum) {
  return Object.entries(sum)
    .map(([name, value]) => [name, Array.isArray(value) ? value.length : value])
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${name} ${value}`)
    .join(' ')
}

/** What went wrong in a round: the first of each kind. @param {object} sum */
export function wrongs(sum) {
  return Object.entries(sum)
    .filter(([, value]) => Array.isArray(value) && value.length > 0)
    .map(([name, value]) => `  ${name} (${value.length}): ${value.slice(0, 5).join(', ')}`)
}

/** The table of `docs/failover.md`. @param {readonly Result[]} results */
export function table(results) {
  const groups = grouped(results)
  const messages = [...groups].filter(([, [first]]) => first?.scenario.kind !== 'rpc')
  const requests = [...groups].filter(([, [first]]) => first?.scenario.kind === 'rpc')
  return [
    ...counts(messages, [
      'sent',
      'acked',
      'failed',
      'unknown',
      'lost',
      'duplicated',
      'unexpected',
      'belied',
      'reordered',
      'late',
      'recovered',
      'destroyed',
      'redelivered',
      'gaps',
    ]),
    ...counts(requests, [
      'sent',
      'replies',
      'notSent',
      'unknown',
      'remote',
      'unsettled',
      'twice',
      'belied',
      'invented',
    ]),
    ...times([...groups]),
  ].join('\n')
}

/** @typedef {[name: string, results: readonly Result[]]} Group */

/** @param {readonly Group[]} groups @param {readonly string[]} fields */
function counts(groups, fields) {
  if (groups.length === 0) return []
  const rows = groups.map(([name, results]) => [name, results.length, ...fields.map((field) => total(results, field))])
  return [...markdown(['scenario', 'rounds', ...fields], rows), '']
}

/** @param {readonly Result[]} results @param {string} field */
function total(results, field) {
  return results.reduce((sum, result) => {
    const value = /** @type {Record<string, unknown>} */ (result.sum)[field]
    return sum + (Array.isArray(value) ? value.length : Number(value ?? 0))
  }, 0)
}

/** @type {readonly [title: string, field: keyof import('./times.mjs').Times][]} */
const COLUMNS = [
  ['noticed', 'detect'],
  ['first lane moved', 'switched'],
  ['acknowledged elsewhere', 'writes'],
  ['every lane', 'lanes'],
  ['record from elsewhere', 'reads'],
  ['longest without acknowledgement', 'writePause'],
  ['longest without record', 'readPause'],
  ['slowest message', 'slowest'],
]

/** @param {readonly Group[]} groups */
function times(groups) {
  const rows = groups.map(([name, results]) => [
    name,
    ...COLUMNS.map(([, field]) => spread(results.flatMap(({ times }) => times[field] ?? []))),
  ])
  return markdown(['p50 / p99 / max, ms', ...COLUMNS.map(([title]) => title)], rows)
}

/** @param {readonly number[]} values */
function spread(values) {
  if (values.length === 0) return '-'
  return [0.5, 0.99, 1].map((share) => Math.round(percentile(values, share) ?? 0)).join(' / ')
}

/** @param {readonly string[]} head @param {readonly (readonly unknown[])[]} rows */
function markdown(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}

/** @param {readonly Result[]} results @returns {Map<string, Result[]>} */
function grouped(results) {
  const groups = new Map()
  for (const result of results) {
    const name = nameOf(result.scenario)
    groups.set(name, [...(groups.get(name) ?? []), result])
  }
  return groups
}
