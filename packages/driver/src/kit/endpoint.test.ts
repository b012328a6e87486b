import { describe, expect, it } from 'vitest'
import { addressOf, type EndpointForm, placeOf } from './endpoint.js'

const FORM: EndpointForm = { engine: 'NATS', schemes: ['nats', 'tls'], port: 4222 }

describe('placeOf', () => {
  it.each([
    ['mq-0:50000', 'mq-0', 50000, 'mq-0:50000'],
    ['mq-0', 'mq-0', 4222, 'mq-0:4222'],
    ['nats://mq-0', 'mq-0', 4222, 'mq-0:4222'],
    ['tls://10.0.0.1:1', '10.0.0.1', 1, '10.0.0.1:1'],
    ['[::1]:7', '::1', 7, '[::1]:7'],
    ['my_broker-1.example:9/', 'my_broker-1.example', 9, 'my_broker-1.example:9'],
  ])('%s leads somewhere', (endpoint, host, port, address) => {
    const place = placeOf(endpoint, FORM)
    expect(place).toEqual({ host, port })
    expect(addressOf(place)).toBe(address)
  })

  it.each([
    '',
    'http://mq-0',
    'nats://',
    'mq-0:99999',
    'mq-0:0',
    'mq 0:4222',
    'mq-0:4222 ',
    'mq-0:4222,mq-1:4222',
    'mq-0,mq-1',
    'mq-0:4222/orders',
    'mq-0?tls=true',
    'mq-0:port',
    'nats://user:hunter2@mq-0:port',
    'nats://user:hunter2@mq-0',
    ':hunter2@mq-0',
  ])('%s is refused, and not told', (endpoint) => {
    let error: unknown
    try {
      placeOf(endpoint, FORM)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'invalid', scope: 'link' })
    expect(String(error)).not.toContain('hunter2')
  })
})
