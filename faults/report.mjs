import { plants } from './planted.mjs'
import { percentile } from './times.mjs'

/** @typedef {import('./rounds.mjs').Result} Result */

/** What was planted shows in the sum that is there for it. @param {Pick<Result, 'scenario' | 'sum'>} result */
export function isCaught({ scenario: { plant = '' }, sum }) {
  const shows = plants[plant]?.shows
  const found = shows === undefined ? [] : Object.entries(sum).find(([name]) => name === shows)?.[1]
  return Array.isArray(found) && found.length > 0
}

/** One line while rounds are played. @param {Result} result */
export function lineOf(result) {
  const { clean, round, scenario, sum, times } = result
  const ms = Object.entries(times).map(([name, value]) => `${name} ${value === undefined ? '-' : Math.round(value)}`)
  const said = scenario.plant === undefined ? (clean ? 'ok    ' : 'FAIL  ') : isCaught(result) ? 'caught' : 'MISSED'
  return `${said} ${nameOf(scenario)} ${round}: ${ms.join(' ')} ms; ${sums(sum)}`
}

/** @param {import('./rounds.mjs').Scenario} scenario */
export function nameOf({ fault, kind, plant, policy, standby }) {
  return [kind, kind === 'topic' && policy, standby === 'warm' && standby, fault, plant && `planted ${plant}`]
    .filter(Boolean)
    .join(' ')
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

/**
 * A scenario and what its rounds came to, as numbers alone.
 * @typedef {object} Group
 * @property {string} name
 * @property {string} kind
 * @property {readonly { readonly sum: Readonly<Record<string, number>>, readonly times: import('./times.mjs').Times }[]} rounds
 */

/** @param {readonly Result[]} results @returns {(Group & { readonly results: readonly Result[] })[]} */
export function grouped(results) {
  const names = [...new Set(results.map(({ scenario }) => nameOf(scenario)))]
  return names.map((name) => {
    const own = results.filter(({ scenario }) => nameOf(scenario) === name)
    const rounds = own.map(({ sum, times }) => ({ sum: counted(sum), times: rounded(times) }))
    return { name, kind: own[0]?.scenario.kind ?? '', rounds, results: own }
  })
}

/** @param {object} sum @returns {Record<string, number>} */
function counted(sum) {
  return Object.fromEntries(
    Object.entries(sum).map(([name, value]) => [name, Array.isArray(value) ? value.length : Number(value)]),
  )
}

/** @param {import('./times.mjs').Times} times @returns {import('./times.mjs').Times} */
function rounded(times) {
  const known = Object.entries(times).flatMap(([name, ms]) => (ms === undefined ? [] : [[name, Math.round(ms)]]))
  return /** @type {import('./times.mjs').Times} */ (Object.fromEntries(known))
}

const SUMS = ['sent', 'acked', 'failed', 'unknown', 'lost', 'duplicated', 'unexpected', 'belied', 'reordered']
const MORE = ['late', 'recovered', 'destroyed', 'withheld', 'redelivered', 'unflagged', 'unconfirmed', 'gaps']
const REQUESTS = [
  'sent',
  'replies',
  'notSent',
  'unknown',
  'remote',
  'unsettled',
  'twice',
  'belied',
  'invented',
  'again',
]

/** As Markdown. @param {readonly Group[]} groups */
export function tables(groups) {
  const requests = groups.filter(({ kind }) => kind.startsWith('rpc'))
  const messages = groups.filter((group) => !requests.includes(group))
  return [counts(messages, [...SUMS, ...MORE]), counts(requests, REQUESTS), times(groups)].filter(Boolean).join('\n\n')
}

/** @param {readonly Group[]} groups @param {readonly string[]} fields */
function counts(groups, fields) {
  if (groups.length === 0) return ''
  const rows = groups.map(({ name, rounds }) => [
    name,
    rounds.length,
    ...fields.map((field) => rounds.reduce((all, { sum }) => all + (sum[field] ?? 0), 0)),
  ])
  return markdown(['scenario', 'rounds', ...fields], rows)
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
  const rows = groups.map(({ name, rounds }) => [
    name,
    ...COLUMNS.map(([, field]) => spread(rounds.flatMap(({ times }) => times[field] ?? []))),
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
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
