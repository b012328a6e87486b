import { parseArgs } from 'node:util'
import { faults, networkFaults } from './inflict.mjs'
import { plants } from './planted.mjs'

/**
 * @typedef {object} Options
 * @property {readonly string[]} engines One for each site.
 * @property {readonly string[]} kinds
 * @property {readonly string[]} policies
 * @property {readonly string[]} faults
 * @property {readonly string[]} standbys Of topics that have one home: how ready the other site is.
 * @property {number} rounds
 * @property {number} rate
 * @property {number} keys
 * @property {number} publishers
 * @property {number} consumers Processes that share a queue, or a topic as a group.
 * @property {number} hangMs How long a site hangs or is cut off.
 * @property {number} awayMs How long a killed one stays away.
 * @property {number} seed
 * @property {readonly string[]} plants Empty: the programs say what they see.
 * @property {string | undefined} keep
 * @property {boolean} write
 */

const engines = ['embedded', 'nats', 'kafka', 'kubemq']
const kinds = ['topic', 'group', 'queue', 'rpc', 'rpc-idempotent']
const policies = ['primary', 'all']
const standbys = ['cold', 'warm']
/** What `docs/failover.md` shows. */
const shown = {
  kind: kinds.join(),
  policy: policies.join(),
  standby: standbys.join(),
  fault: 'kill,hang,one-way,flap',
}

export const help = `npm run faults -- [option ...]
  --engine NAME[,NAME]   a site of each; one name: two sites of it (${engines.join(', ')}). Default embedded
  --kind KIND[,KIND]     ${kinds.join(', ')}. Default topic
  --policy NAME[,NAME]   of topics: ${policies.join(', ')}. Default both
  --standby NAME[,NAME]  of topics with policy primary: ${standbys.join(', ')}. Default cold
  --fault NAME[,NAME]    ${[...faults.keys()].join(', ')}. Default kill
  --all                  every kind, policy and standby, each with ${shown.fault}: what docs/failover.md shows
  --rounds N             of each scenario. Default 20
  --rate N               messages a second. Default 1000
  --keys N, --publishers N   default 20 and 2
  --consumers N          processes that share a queue or are a group. Default 2; 1 with kubemq, which loses and doubles what two compete for
  --hang MS              how long a site hangs or is cut off. Default 3500
  --away MS              how long a killed site stays away. Default 1000
  --seed N               of the moments at which faults come. Default: another one each time, printed
  --plant TRICK[,TRICK]  ${Object.keys(plants).join(', ')}: falsify what the programs say; then every round must be
                         caught. Of topics and, but for swap, of queues
  --keep DIR             write the lines of every round there; without: only of those that went wrong
  --write                put the tables and the timelines into docs/failover.md, scenario by scenario
Ends with 0 if nothing was lost, doubled, unexpected or out of order (with --plant: if every round was caught).`

/** Throws with one sentence. @param {readonly string[]} args @returns {Options | 'help'} */
export function readOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engine: { type: 'string', default: 'embedded' },
      kind: { type: 'string', default: 'topic' },
      policy: { type: 'string', default: policies.join() },
      fault: { type: 'string', default: 'kill' },
      standby: { type: 'string', default: 'cold' },
      rounds: { type: 'string', default: '20' },
      rate: { type: 'string', default: '1000' },
      keys: { type: 'string', default: '20' },
      publishers: { type: 'string', default: '2' },
      consumers: { type: 'string' },
      hang: { type: 'string', default: '3500' },
      away: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      plant: { type: 'string' },
      keep: { type: 'string' },
      write: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { fault, kind, policy, standby } = values.all ? shown : values
  const named = list('--engine', values.engine, engines)
  const planted = values.plant === undefined ? [] : list('--plant', values.plant, Object.keys(plants))
  if (planted.length > 0 && values.write) throw new Error('--write: nothing that is planted goes to the page')
  const inflicted = list('--fault', fault, [...faults.keys()])
  assertFelt(inflicted, named)
  return {
    engines: named.length === 1 ? [...named, ...named] : named,
    kinds: list('--kind', kind, kinds),
    policies: list('--policy', policy, policies),
    faults: inflicted,
    standbys: list('--standby', standby, standbys),
    rounds: whole('--rounds', values.rounds, 1),
    rate: whole('--rate', values.rate, 1),
    keys: whole('--keys', values.keys, 1),
    publishers: whole('--publishers', values.publishers, 1),
    consumers: whole('--consumers', values.consumers ?? (named.includes('kubemq') ? '1' : '2'), 1),
    hangMs: whole('--hang', values.hang, 1),
    awayMs: whole('--away', values.away, 0),
    seed: whole('--seed', values.seed, 0),
    plants: planted,
    keep: values.keep,
    write: values.write,
  }
}

/** What nobody feels is no round that went well. @param {readonly string[]} inflicted @param {readonly string[]} named */
function assertFelt(inflicted, named) {
  const missed = inflicted.find((name) => networkFaults.has(name))
  if (missed === undefined || !named.includes('kafka')) return
  const others = [...faults.keys()].filter((name) => !networkFaults.has(name))
  const why = 'clients of kafka go past the relay that it cuts, to the addresses that the brokers name'
  throw new Error(`--fault ${missed}: ${why}; take ${others.join(', ')}`)
}

/** @param {string} option @param {string} text @param {readonly string[]} known */
function list(option, text, known) {
  const names = text.split(',')
  const stranger = names.find((name) => !known.includes(name))
  if (stranger !== undefined) throw new Error(`${option} ${stranger}: one of ${known.join(', ')}`)
  return names
}

/** @param {string} option @param {string} text @param {number} least */
function whole(option, text, least) {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least && text.trim() !== '') return value
  throw new Error(`${option} ${text}: a whole number from ${least}`)
}
