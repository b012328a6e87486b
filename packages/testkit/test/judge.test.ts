import { describe, expect, it } from 'vitest'
import { unknownSkips } from '../src/conformance/judge.js'
import { judge, nameOf, type Property, properties, type Rig, type Skips, Summary } from '../src/index.js'
import { tiny } from './tiny-driver.js'

const WANTED = { C: 4, O: 4, S: 12, R: 16, Q: 9, P: 4, H: 4, E: 5, X: 2 }

describe('the list of properties', () => {
  it('has all sixty, each name once', () => {
    const all = Object.entries(WANTED).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, at) => `${letter}${at + 1}`),
    )
    expect([...new Set(properties.map((one) => one.id))].sort()).toEqual(all.sort())
    expect(all).toHaveLength(60)
    const names = properties.map(nameOf)
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('a verdict', () => {
  it('is passed when the property holds and no skip is declared', async () => {
    expect(await verdictOn('E1/close')).toEqual({ at: 'passed' })
  })

  it('is skipped with the declared reason when the harness lacks what the property needs', async () => {
    expect(await verdictOn('C4', { C4: 'no TLS here' })).toEqual({ at: 'skipped', reason: 'no TLS here' })
  })

  it('is failed when the harness lacks it and nothing is declared', async () => {
    expect(String(await errorOf('C4'))).toContain("skip: { 'C4': '...' }")
  })

  it('is skipped with the reason of the engine when the ability is denied', async () => {
    const verdict = await verdictOn('R15')
    expect(verdict).toEqual({ at: 'skipped', reason: 'can.groups is false' })
  })

  it('is failed when a declared skip is stale: the property passes', async () => {
    expect(String(await errorOf('E1/close', { E1: 'we never looked' }))).toContain('stale')
  })

  it('is failed when a skip hides a claimed ability that does not work', async () => {
    const error = await errorOf('R2/beginning', { 'R2/beginning': 'known to be broken' }, startsWithNothing)
    expect(String(error)).toContain('it fails')
  })

  it('names skips of properties that do not exist', () => {
    const skips: Skips = { C4: 'fine', 'S1/quene': 'a slip' }
    expect(unknownSkips(properties, skips)).toEqual(['S1/quene'])
  })
})

describe('the summary', () => {
  it('shows every skip with its reason and every failure with its sentence', async () => {
    const summary = new Summary('tiny')
    for (const name of ['C4', 'R15', 'E1/close']) summary.add(propertyOf(name), await verdictOn(name))
    expect(summary.toString().split('\n')).toEqual([
      'tiny: 1 passed, 1 skipped, 1 failed',
      expect.stringMatching(/^ {2}C4 +failed +Error: C4 needs `tlsFaults` of the harness/),
      '  R15       skipped  can.groups is false',
      '  passed: E1/close',
    ])
  })
})

function propertyOf(name: string): Property {
  const property = properties.find((one) => nameOf(one) === name)
  if (property === undefined) throw new Error(`there is no property ${name}`)
  return property
}

function verdictOn(name: string, skips?: Skips, change: (rig: Rig) => Rig = (rig) => rig) {
  const { driver, kill, restart } = tiny()
  return judge(
    propertyOf(name),
    change({ driver, endpoints: ['tiny'], patienceMs: 300, kill, restart, dispose: kill }),
    skips,
  )
}

async function errorOf(...args: Parameters<typeof verdictOn>): Promise<unknown> {
  const verdict = await verdictOn(...args)
  return verdict.at === 'failed' ? verdict.error : verdict
}

/** Takes every start for now, whatever it claims. */
function startsWithNothing(rig: Rig): Rig {
  const { driver } = rig
  const connect: typeof driver.connect = async (...args) => {
    const link = await driver.connect(...args)
    const open: typeof link.open = async (...how) => {
      const channel = await link.open(...how)
      return { ...channel, receive: (_, ...rest) => channel.receive({}, ...rest) }
    }
    return { ...link, open }
  }
  return { ...rig, driver: { ...driver, connect } }
}
