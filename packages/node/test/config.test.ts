import { json, topic } from '@spanwire/core'
import { type Driver, MessagingError } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { connect, contractOf, loadDriver, parseConfig, type SiteConfig } from '../src/index.js'

const good = `
here: { environment: on-prem, region: eu-central, zone: fra1 }
sites:
  frankfurt:
    location: { environment: on-prem, region: eu-central, zone: fra1 }
    driver: memory
    endpoints: ['127.0.0.1:4222', '127.0.0.1:4223']
    credentials: { token: { env: MQ_TOKEN } }
    options: {}
    mode: active
  dublin: { location: { environment: cloud, region: eu-west }, driver: memory, endpoints: ['127.0.0.1:9092'] }
routes:
  - { match: 'orders', policy: { primary: [frankfurt, dublin] } }
  - { match: 'quotes.>', policy: { all: { ack: any } } }
  - { match: 'prices', policy: { weighted: { frankfurt: 90, dublin: 10 } } }
  - { match: '>', policy: nearest }
channels:
  quotes: { kind: topic, name: 'quotes.{symbol}', delivery: durable, latest: true }
  orders: { kind: queue, name: orders, maxDeliveries: 5, deadLetter: orders.dead }
  price:  { kind: rpc, name: prices, idempotent: true }
standby: warm
`

const NEXT = 'policy: { primary: [frankfurt, dublin] }'

/** The driver, and the name of each channel that is opened through it. */
function telling(driver: Driver, opened: (channel: string) => void): Driver {
  return {
    ...driver,
    async connect(...args) {
      const link = await driver.connect(...args)
      const open = link.open.bind(link)
      link.open = (spec, signal) => {
        opened(spec.name)
        return open(spec, signal)
      }
      return link
    },
  }
}

/** A configuration with one text replaced. */
function wrong(from: string, to: string): () => unknown {
  expect(good).toContain(from)
  return () => parseConfig(good.replace(from, to), 'spanwire.config.yaml')
}

describe('the configuration file', () => {
  it('is read as YAML and as JSON, the same', () => {
    const config = parseConfig(good)
    expect(parseConfig(JSON.stringify(config))).toEqual(config)
    expect(config.sites['dublin']?.location.environment).toBe('cloud')
  })

  it.each([
    ['an unknown key', 'mode: active', 'modus: active', /sites\.frankfurt\.modus: unknown key/],
    ['an unknown key at the top', 'channels:', 'chanels:', /chanels: unknown key/],
    [
      'a value that is not allowed',
      'mode: active',
      'mode: awake',
      /sites\.frankfurt\.mode: "awake" is not allowed; allowed: active, standby, drain/,
    ],
    [
      'an environment that is none',
      'environment: cloud',
      'environment: moon',
      /sites\.dublin\.location\.environment: "moon" is not allowed; allowed: on-prem, cloud, edge/,
    ],
    [
      'a policy that is none',
      'policy: nearest',
      'policy: closest',
      /routes\.3\.policy: "closest".*allowed:.*nearest, local/,
    ],
    [
      'an ack that is none',
      'ack: any',
      'ack: some',
      /routes\.1\.policy\.all\.ack: "some" is not allowed; allowed: any, majority, all/,
    ],
    ['a standby that is none', 'standby: warm', 'standby: hot', /standby: "hot" is not allowed; allowed: cold, warm/],
    ['a channel of no kind', 'kind: rpc', 'kind: call', /channels\.price\.kind: "call".*allowed: topic, queue, rpc/],
    [
      'a site without endpoints',
      "endpoints: ['127.0.0.1:9092']",
      'endpoints: []',
      /sites\.dublin\.endpoints: at least one/,
    ],
    [
      'an endpoint that is empty',
      "'127.0.0.1:4223'",
      "''",
      /sites\.frankfurt\.endpoints\.1: an endpoint is missing here/,
    ],
    ['what is no YAML', 'sites:', 'sites: ][', /neither JSON nor YAML/],
  ])('names the path and what is allowed for %s', (_, from, to, text) => {
    expect(wrong(from, to)).toThrowError(text)
    expect(wrong(from, to)).toThrowError(/spanwire\.config\.yaml/)
  })

  it('makes a client whose routes are those of the file', async () => {
    await using client = await connect(parseConfig(good))
    const config = parseConfig(good)
    expect(client.explain('request', contractOf(config, 'price')).policy).toBe('weighted(frankfurt 90, dublin 10)')
    expect(client.explain('send', contractOf(config, 'orders')).policy).toBe('primary(frankfurt, dublin)')
  })

  it('keeps the channels of the next site open when it says that standby is warm', async () => {
    let told = (_channel: string): void => {}
    const opened = new Promise<string>((resolve) => {
      told = resolve
    })
    const config = parseConfig(good.replace(/ {4}credentials: .*\n/, '').replace('policy: nearest', NEXT))
    const dublin = { ...config.sites['dublin'], driver: 'telling' } as SiteConfig
    const drivers = { telling: async () => telling(await loadDriver('memory', {}, 'dublin'), told) }
    await using client = await connect({ ...config, sites: { ...config.sites, dublin } }, { drivers })
    await client.publish(topic('prices', json), { bid: 101 })
    expect(await opened).toBe('prices')
  })

  it('says what to install when a driver is missing, and which names there are for one that cannot be', async () => {
    const missing = good.replace('driver: memory', 'driver: "@example/driver-pigeon"')
    await expect(connect(parseConfig(missing))).rejects.toThrowError(
      /sites\.frankfurt\.driver: the driver "@example\/driver-pigeon" is not installed: run "npm install @example\/driver-pigeon"/,
    )
    const odd = good.replace('driver: memory', 'driver: "no name"')
    await expect(connect(parseConfig(odd))).rejects.toThrowError(
      /one of memory, websocket, nats, kafka, kubemq, or the name of a package/,
    )
  })

  const DRIVERS = [
    ['memory', 'naem: a', 'name', 'maxBytes: -1', 'maxBytes'],
    ['websocket', 'protocol: v1', 'WebSocket', 'WebSocket: ws', 'WebSocket'],
    ['nats', 'relicas: 3', 'replicas', 'tlsFirst: 1', 'tlsFirst'],
    ['kafka', 'clinetId: a', 'partitions', 'times: { answerMs: 3s }', 'times.answerMs'],
    ['kubemq', 'comands: [stop]', 'commands', 'responders: 3', 'responders'],
  ] as const

  it.each(DRIVERS)('%s: names each option that is unknown or wrong', async (driver, unknown, allowed, wrong, path) => {
    const text = good
      .replace('options: {}', `options: { ${unknown}, ${wrong} }`)
      .replace('driver: memory', `driver: ${driver}`)
    const rejection = expect(connect(parseConfig(text))).rejects
    await rejection.toThrowError(
      new RegExp(`^sites\\.frankfurt\\.options\\.${unknown.split(':')[0]}: unknown key; allowed: .*${allowed}`, 'm'),
    )
    await rejection.toThrowError(
      new RegExp(`^sites\\.frankfurt\\.options\\.${path}: this is not allowed; allowed: `, 'm'),
    )
  })

  it.each(['websocket', 'nats', 'kafka', 'kubemq'])('%s: names each endpoint that leads nowhere', async (driver) => {
    for (const endpoint of ['http://', 'http://mq-0', 'mq-0:99999', 'mq-0:0', 'mq 0', ' ', 'mq-0:1,mq-1:1']) {
      const text = good.replace('driver: memory', `driver: ${driver}`).replace('127.0.0.1:4223', endpoint)
      await expect(connect(parseConfig(text))).rejects.toThrowError(
        /^sites\.frankfurt\.endpoints\.1: The endpoint is none of /,
      )
    }
  })

  it('takes the options of a driver that does not check them, and tells with the path what one says of them', async () => {
    const config = parseConfig(
      good.replace('options: {}', 'options: { odd: 1 }').replace('driver: memory', 'driver: own'),
    )
    const given: unknown[] = []
    const own = async (options: unknown) => {
      given.push(options)
      return loadDriver('memory', {}, 'frankfurt')
    }
    await using _ = await connect(config, { drivers: { own } })
    expect(given).toEqual([{ odd: 1 }])
    const strict = () => {
      throw new MessagingError('invalid', 'odd is odd')
    }
    await expect(connect(config, { drivers: { own: strict } })).rejects.toThrowError(
      /^sites\.frankfurt\.options: odd is odd$/,
    )
  })

  it('names the channels that there are when one is asked for that is not', () => {
    expect(() => contractOf(parseConfig(good), 'qoutes')).toThrowError(
      /no channel "qoutes" in the configuration; it has quotes, orders, price/,
    )
  })

  it.each(['memory', 'nats', 'websocket'])(
    '%s: fails closed without its secret, naming where it is from',
    async (driver) => {
      await using client = await connect(parseConfig(good.replace('driver: memory', `driver: ${driver}`)))
      for await (const _ of client.watch()) {
        const frankfurt = client.status().sites.find((site) => site.name === 'frankfurt')
        if (frankfurt?.error === undefined) continue
        expect(frankfurt.error.message).toContain('MQ_TOKEN')
        break
      }
    },
  )
})
